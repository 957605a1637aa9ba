// Reading and setting a queue's attributes and tags.

#include <algorithm>

#include "base/encoding.h"
#include "cloud/paging.h"
#include "cloud/saved_policy.h"
#include "cloud/tags.h"
#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMaxTagKey = 128;  // characters
constexpr std::size_t kMaxTagValue = 256;
constexpr int kMaxPage = 1000;

std::string seconds_text(Time time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

/// Every attribute a queue has, given or by default.
Attributes all_attributes(const Queue& queue) {
  Attributes all = setting_texts(queue.attributes, queue.settings, queue.name.fifo());
  all["QueueArn"] = queue.arn;
  all["ApproximateNumberOfMessages"] = std::to_string(queue.index.visible());
  all["ApproximateNumberOfMessagesNotVisible"] = std::to_string(queue.index.in_flight());
  all["ApproximateNumberOfMessagesDelayed"] = std::to_string(queue.index.delayed());
  all["CreatedTimestamp"] = seconds_text(queue.created);
  all["LastModifiedTimestamp"] = seconds_text(queue.modified);
  return all;
}

bool is_attribute_name(const std::string& name) {
  const auto& names = model::kGetQueueAttributes.operation->input->members;
  for (const auto& member : names) {
    if (member.name != "AttributeNames") continue;
    return std::ranges::count(member.shape->element->enum_values, std::string_view(name)) != 0;
  }
  return false;
}

/// A queue stays of its type: of a FIFO queue that can be said again.
Result<void> check_type(const Queue& queue, const Attributes& changes) {
  const auto found = changes.find("FifoQueue");
  if (found == changes.end()) return {};
  if (!queue.name.fifo()) return fail(model::errors::kInvalidAttributeName, "Unknown Attribute FifoQueue.");
  if (found->second == "true" || found->second == "True") return {};
  return fail(model::errors::kInvalidAttributeValue,
              "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.");
}

}  // namespace

Result<Attributes> Sqs::attributes_of(Queue& queue, const std::vector<std::string>& names) const {
  Attributes wanted;
  Attributes all = all_attributes(queue);
  for (const std::string& name : names) {
    if (!is_attribute_name(name)) {
      return fail(model::errors::kInvalidAttributeName, "Unknown Attribute " + name + ".");
    }
    if (name == "All") return all;
    if (const auto found = all.find(name); found != all.end()) wanted.insert(*found);
  }
  return wanted;
}

Answer<void> Sqs::check_dead_letter_queue(QueueName source, std::string policy, std::string target_arn) const {
  if (target_arn.empty()) co_return Result<void>();
  const auto bad = [&policy](std::string_view why) {
    return invalid_parameter("Value " + policy +
                             " for parameter RedrivePolicy is invalid. Reason: " + std::string(why));
  };
  const QueuePointer target = find_arn(target_arn);
  if (!target || target->name.scope != source.scope) co_return bad("Dead letter target does not exist.");
  const bool allowed = co_await cloud::on(target->owner, [&]() -> asio::awaitable<bool> {
    const auto found = target->attributes.find("RedriveAllowPolicy");
    co_return found == target->attributes.end() || allows_redrive(found->second, source.arn());
  });
  if (!allowed) co_return bad("Dead letter target does not allow the source queue.");
  co_return Result<void>();
}

Result<void> Sqs::save_policy(const QueueName& queue, Attributes& attributes) const {
  const auto policy = attributes.find("Policy");
  if (policy == attributes.end()) return {};
  cloud::SavedPolicy saved = cloud::save_policy(house_, queue.scope.account, policy->second);
  if (saved.unknown) return invalid_policy();
  policy->second = std::move(saved.text);
  return {};
}

Answer<model::SetQueueAttributesResponse> Sqs::set_attributes(Queue& queue, Attributes changes) {
  Result<void> policy = save_policy(queue.name, changes);
  if (!policy) co_return std::unexpected(std::move(policy).error());
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  co_return co_await change_attributes(queue, std::move(changes));
}

Answer<model::SetQueueAttributesResponse> Sqs::change_attributes(Queue& queue, Attributes changes) {
  Result<void> same_type = check_type(queue, changes);
  if (!same_type) co_return std::unexpected(std::move(same_type).error());
  Result<Attributes> wanted = merge_attributes(queue.attributes, changes);
  if (!wanted) co_return std::unexpected(std::move(wanted).error());
  Attributes merged = *std::move(wanted);
  Result<Settings> settings = read_settings(merged, queue.name.fifo());
  if (!settings) co_return std::unexpected(std::move(settings).error());
  if (const auto policy = changes.find("Policy"); policy != changes.end()) {
    Result<void> sized = check_policy(policy->second);
    if (!sized) co_return std::unexpected(std::move(sized).error());
  }
  if (const auto policy = changes.find("RedrivePolicy"); policy != changes.end()) {
    Result<void> checked = co_await check_dead_letter_queue(queue.name, policy->second, settings->dead_letter_arn);
    if (!checked) co_return std::unexpected(std::move(checked).error());
  }
  queue.attributes.swap(merged);
  const Time before = std::exchange(queue.modified, house_.clock.now());
  Result<void> saved = co_await save(queue);
  if (!saved) {
    queue.attributes.swap(merged);
    queue.modified = before;
    co_return std::unexpected(std::move(saved).error());
  }
  queue.settings = std::move(*settings);
  if (const QueuePointer pointer = find(queue.name)) arm_retention(pointer);
  co_return model::SetQueueAttributesResponse{};
}

Result<void> Sqs::check_tags(const std::string& queue, const Attributes& tags) {
  if (tags.size() > cloud::kMaxTags) return invalid_parameter("Too many tags added for queue " + queue + ".");
  for (const auto& [key, value] : tags) {
    if (cloud::is_reserved_tag(key)) return invalid_parameter(cloud::kReservedTagText);
    if (key.empty() || count_characters(key) > kMaxTagKey || count_characters(value) > kMaxTagValue) {
      return invalid_parameter("Tag keys must be between 1 and 128 characters in length, tag values at most 256.");
    }
  }
  return {};
}

Answer<model::TagQueueResponse> Sqs::tag(Queue& queue, Attributes tags) {
  if (tags.empty()) co_return fail("MissingParameter", "The request must contain the parameter Tags.");
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  Attributes merged = queue.tags;
  for (auto& [name, value] : tags) merged[name] = value;
  Result<void> checked = check_tags(queue.name.name, merged);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  queue.tags.swap(merged);
  Result<void> saved = co_await save(queue);
  if (saved) co_return model::TagQueueResponse{};
  queue.tags.swap(merged);
  co_return std::unexpected(std::move(saved).error());
}

Answer<model::UntagQueueResponse> Sqs::untag(Queue& queue, std::vector<std::string> keys) {
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  Attributes left = queue.tags;
  for (const std::string& key : keys) left.erase(key);
  queue.tags.swap(left);
  Result<void> saved = co_await save(queue);
  if (saved) co_return model::UntagQueueResponse{};
  queue.tags.swap(left);
  co_return std::unexpected(std::move(saved).error());
}

Answer<model::ListDeadLetterSourceQueuesResult> Sqs::list_sources(const cloud::Call& call,
                                                                  model::ListDeadLetterSourceQueuesRequest request) {
  Result<QueuePointer> target = find_url(call, *request.queue_url);
  if (!target) co_return std::unexpected(std::move(target).error());
  const std::string listing = "sources " + (*target)->arn;
  const int most = request.max_results.value_or(kMaxPage);
  if (most < 1 || most > kMaxPage) co_return invalid_parameter("MaxResults must be an integer between 1 and 1000.");
  std::string after;
  if (request.next_token) {
    const auto read = cloud::read_page_token(listing, *request.next_token);
    if (!read) co_return invalid_parameter("Invalid or expired next token.");
    after = *read;
  }
  model::ListDeadLetterSourceQueuesResult result;
  result.queue_urls.emplace();
  for (const QueuePointer& queue : queues_of(call.scope)) {
    if (!after.empty() && queue->name.name <= after) continue;
    // Copied out: g++ 12 mishandles temporaries of co_await in conditions.
    const bool is_source = co_await cloud::on(queue->owner, [&]() -> asio::awaitable<bool> {
      co_return !queue->deleted && queue->settings.dead_letter_arn == (*target)->arn;
    });
    if (!is_source) continue;
    if (result.queue_urls->size() == static_cast<std::size_t>(most)) {
      const std::string& last = result.queue_urls->back();
      if (request.max_results) result.next_token = cloud::make_page_token(listing, last.substr(last.rfind('/') + 1));
      break;
    }
    result.queue_urls->push_back(url_of(call, queue->name));
  }
  co_return result;
}

}  // namespace signalbox::sqs

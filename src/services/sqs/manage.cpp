// Making, finding and deleting queues.

#include <algorithm>
#include <mutex>

#include "cloud/paging.h"
#include "services/sqs/sqs.h"
#include "store/key.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMaxNameLength = 80;
constexpr int kMaxQueues = 1000;
constexpr std::chrono::seconds kPurgeInterval{60};

std::unexpected<Error> bad_name() {
  return invalid_parameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
}

Result<void> check_name(const std::string& name) {
  const std::string_view stem = name.ends_with(".fifo") ? std::string_view(name).substr(0, name.size() - 5) : name;
  const bool good = !stem.empty() && name.size() <= kMaxNameLength && std::ranges::all_of(stem, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (good) return {};
  return bad_name();
}

}  // namespace

Answer<model::CreateQueueResult> Sqs::create_queue(const cloud::Call& call, model::CreateQueueRequest request) {
  const QueueName name{call.scope, *request.queue_name};
  Result<void> named = check_name(name.name);
  if (!named) co_return std::unexpected(std::move(named).error());
  Attributes given = request.attributes.value_or(Attributes());
  Result<void> saved = save_policy(name, given);
  if (!saved) co_return std::unexpected(std::move(saved).error());
  const Result<Attributes> merged = merge_attributes({}, given);
  if (!merged) co_return std::unexpected(merged.error());
  const Attributes& attributes = *merged;
  // The name of a standard queue has no dot.
  if (name.fifo() && !attributes.contains("FifoQueue")) co_return bad_name();
  Result<Settings> settings = read_settings(attributes, name.fifo());
  if (!settings) co_return std::unexpected(std::move(settings).error());
  Result<void> checked = check_tags(name.name, request.tags.value_or(Attributes()));
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (const auto policy = attributes.find("Policy"); policy != attributes.end()) {
    checked = check_policy(policy->second);
    if (!checked) co_return std::unexpected(std::move(checked).error());
  }
  if (const auto policy = attributes.find("RedrivePolicy"); policy != attributes.end()) {
    checked = co_await check_dead_letter_queue(name, policy->second, settings->dead_letter_arn);
    if (!checked) co_return std::unexpected(std::move(checked).error());
  }
  co_return co_await cloud::on(house_.shards.owner(name.arn()), [&]() -> Answer<model::CreateQueueResult> {
    QueuePointer queue = find(name);
    if (queue && !queue->deleted) {
      // Whoever makes it has its turn until it is there, or is not.
      const auto turn = co_await queue->changes.take();
      queue = find(name);
    }
    if (queue && queue->deleted) {  // its deletion is on its way to the disk
      co_return fail(
          model::errors::kQueueDeletedRecently,
          "You must wait 60 seconds after deleting a queue before you can create another with the same name.");
    }
    if (queue) {
      Attributes wanted = setting_texts(attributes, *settings, name.fifo());
      Attributes now = setting_texts(queue->attributes, queue->settings, name.fifo());
      for (const auto& [key, value] : attributes) {
        if (wanted[key] == now[key]) continue;
        co_return fail(model::errors::kQueueNameExists,
                       "A queue already exists with the same name and a different value for attribute " + key);
      }
    } else {
      store::Batch batch;
      queue = std::make_shared<Queue>(name, house_.random.next(), house_.shards.owner(name.arn()), house_.measures);
      queue->attributes = attributes;
      queue->settings = *settings;
      queue->tags = request.tags.value_or(Attributes());
      queue->created = queue->modified = house_.clock.now();
      batch.put(queue_key(name), store::encode(record_of(*queue)));
      const auto turn = co_await queue->changes.take();
      {
        const std::unique_lock lock(directory_mutex_);
        directory_[name] = queue;
      }
      Result<void> committed = co_await house_.store.commit(std::move(batch));
      if (!committed) {
        queue->deleted = queue->gone = true;
        const std::unique_lock lock(directory_mutex_);
        directory_.erase(name);
        co_return std::unexpected(std::move(committed).error());
      }
    }
    model::CreateQueueResult result;
    result.queue_url = url_of(call, name);
    co_return result;
  });
}

Answer<model::DeleteQueueResponse> Sqs::delete_queue(Queue& queue) {
  const auto turn = co_await queue.changes.take();
  if (queue.deleted) co_return no_such_queue();
  store::Batch batch;
  batch.erase(queue_key(queue.name));
  for (const std::string_view space : {kMessageSpace, kLeaseSpace, kDeduplicationSpace}) {
    const store::Key all = store::Key(space).number(queue.id);
    batch.erase_range(all, all.end());
  }
  queue.deleted = true;
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  if (!committed) {
    queue.deleted = false;
    queue.arm(house_.clock);
    co_return std::unexpected(std::move(committed).error());
  }
  queue.gone = true;
  queue.index.clear();
  if (queue.due_alarm) queue.owner.alarms().cancel(*queue.due_alarm);
  if (queue.retention_alarm) queue.owner.alarms().cancel(*queue.retention_alarm);
  queue.due_alarm.reset();
  queue.retention_alarm.reset();
  queue.wake(queue.waiting.size());
  const std::unique_lock lock(directory_mutex_);
  directory_.erase(queue.name);
  co_return model::DeleteQueueResponse{};
}

Answer<model::ListQueuesResult> Sqs::list_queues(const cloud::Call& call, model::ListQueuesRequest request) {
  const std::string listing = "queues " + call.scope.account + " " + call.scope.region;
  const int most = request.max_results.value_or(kMaxQueues);
  if (most < 1 || most > kMaxQueues) {
    co_return invalid_parameter("Value " + std::to_string(most) +
                                " for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 "
                                "and 1000.");
  }
  std::optional<std::string> after;
  if (request.next_token) {
    after = cloud::read_page_token(listing, *request.next_token);
    if (!after) co_return invalid_parameter("Invalid or expired next token.");
  }
  model::ListQueuesResult result;
  std::vector<std::string> urls;
  for (const QueuePointer& queue : queues_of(call.scope)) {
    if (!queue->name.name.starts_with(request.queue_name_prefix.value_or(""))) continue;
    if (after && queue->name.name <= *after) continue;
    if (urls.size() == static_cast<std::size_t>(most)) {
      // Only a caller that asked for pages gets a token, as on AWS.
      if (request.max_results) {
        result.next_token = cloud::make_page_token(listing, urls.back().substr(urls.back().rfind('/') + 1));
      }
      break;
    }
    urls.push_back(url_of(call, queue->name));
  }
  if (!urls.empty()) result.queue_urls = std::move(urls);
  co_return result;
}

Answer<model::GetQueueUrlResult> Sqs::get_queue_url(const cloud::Call& call, model::GetQueueUrlRequest request) {
  const std::string owner = request.queue_owner_aws_account_id.value_or(call.scope.account);
  const QueueName name{{owner, call.scope.region}, *request.queue_name};
  const bool hidden = owner != call.scope.account && !house_.authority.enforcing();
  if (hidden || !find(name)) co_return no_such_queue();
  model::GetQueueUrlResult result;
  result.queue_url = url_of(call, name);
  co_return result;
}

Answer<model::PurgeQueueResponse> Sqs::purge_queue(Queue& queue) {
  const Time now = house_.clock.now();
  if (queue.purged && now - *queue.purged < kPurgeInterval) {
    co_return fail(model::errors::kPurgeQueueInProgress,
                   "Only one PurgeQueue operation on " + queue.name.name + " is allowed every 60 seconds.");
  }
  // What is sent while this commits stays, on the disk and in memory.
  const std::uint64_t last = queue.index.last_sequence();
  store::Batch batch;
  for (const std::string_view space : {kMessageSpace, kLeaseSpace}) {
    const store::Key all = store::Key(space).number(queue.id);
    batch.erase_range(all, store::Key(space).number(queue.id).number(last + 1));
  }
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  queue.purged = now;
  queue.index.clear_through(last);
  co_return model::PurgeQueueResponse{};
}

Answer<void> Sqs::save(Queue& queue) {
  store::Batch batch;
  batch.put(queue_key(queue.name), store::encode(record_of(queue)));
  co_return co_await house_.store.commit(std::move(batch));
}

}  // namespace signalbox::sqs

#include "services/sqs/sqs.h"

#include <mutex>

#include "base/encoding.h"
#include "cloud/saved_policy.h"
#include "services/sqs/access.h"
#include "services/sqs/event_target.h"
#include "services/sqs/pipe_source.h"

namespace signalbox::sqs {

std::unexpected<Error> no_such_queue() {
  return fail(model::errors::kQueueDoesNotExist, "The specified queue does not exist.");
}

std::unexpected<Error> invalid_parameter(std::string message) {
  return fail("InvalidParameterValue", std::move(message));
}

std::unexpected<Error> invalid_id(const std::string& value, std::string_view parameter) {
  return invalid_parameter("Value " + value + " for parameter " + std::string(parameter) +
                           " is invalid. Reason: " + std::string(parameter) +
                           " can only include alphanumeric and punctuation characters. 1 to 128 in length.");
}

Sqs::Sqs(cloud::House& house)
    : house_(house), receipt_key_(house.sealer.derive("sqs receipt handles").substr(0, kReceiptKey)) {
  house_.door.add_service(model::kService);
  describe_access(house_, *this);
  register_operations();
  register_message_operations();
  house_.event_targets.add("sqs", std::make_unique<QueueTarget>(*this));
  house_.pipe_ends.queues = std::make_unique<PipeSource>(*this);
}

Sqs::~Sqs() = default;

QueuePointer Sqs::find(const QueueName& name) const {
  const std::shared_lock lock(directory_mutex_);
  const auto found = directory_.find(name);
  return found == directory_.end() ? nullptr : found->second;
}

QueuePointer Sqs::find_arn(const std::string& arn) const {
  auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "sqs") return nullptr;
  return find({parsed->scope(), std::move(parsed->resource)});
}

Result<QueuePointer> Sqs::find_url(const cloud::Call& call, const std::string& url) const {
  const auto name = queue_of_url(call.scope, url);
  QueuePointer queue = name ? find(*name) : nullptr;
  // Queues of other accounts are not to be seen, but by those whom their policies let: they were asked.
  const bool hidden = name && name->scope.account != call.scope.account && !house_.authority.enforcing();
  if (!queue || hidden) return no_such_queue();
  return queue;
}

std::vector<QueuePointer> Sqs::queues_of(const cloud::Scope& scope) const {
  std::vector<QueuePointer> queues;
  const std::shared_lock lock(directory_mutex_);
  for (auto at = directory_.lower_bound({scope, ""}); at != directory_.end() && at->first.scope == scope; ++at) {
    queues.push_back(at->second);
  }
  return queues;
}

std::string Sqs::url_of(const cloud::Call& call, const QueueName& name) {
  return call.endpoint + "/" + name.scope.account + "/" + name.name;
}

template <class T>
Answer<T> Sqs::at_queue(const cloud::Call& call, std::string url, std::function<Answer<T>(Queue&)> work) {
  Result<QueuePointer> queue = find_url(call, url);
  if (!queue) co_return std::unexpected(std::move(queue).error());
  Queue& found = **queue;
  co_return co_await cloud::on(found.owner, [&found, &work]() -> Answer<T> {
    if (found.deleted) co_return no_such_queue();
    co_return co_await work(found);
  });
}

void Sqs::register_operations() {
  using cloud::Call;
  cloud::Door& door = house_.door;
  door.handle(model::kCreateQueue,
              [this](const Call& c, model::CreateQueueRequest r) { return create_queue(c, std::move(r)); });
  door.handle(model::kListQueues,
              [this](const Call& c, model::ListQueuesRequest r) { return list_queues(c, std::move(r)); });
  door.handle(model::kGetQueueUrl,
              [this](const Call& c, model::GetQueueUrlRequest r) { return get_queue_url(c, std::move(r)); });
  door.handle(model::kListDeadLetterSourceQueues, [this](const Call& c, model::ListDeadLetterSourceQueuesRequest r) {
    return list_sources(c, std::move(r));
  });
  door.handle(model::kStartMessageMoveTask,
              [this](const Call& c, model::StartMessageMoveTaskRequest r) { return start_move(c, std::move(r)); });
  door.handle(model::kCancelMessageMoveTask,
              [this](const Call& c, model::CancelMessageMoveTaskRequest r) { return cancel_move(c, std::move(r)); });
  door.handle(model::kListMessageMoveTasks,
              [this](const Call& c, model::ListMessageMoveTasksRequest r) { return list_moves(c, std::move(r)); });
  door.handle(model::kDeleteQueue, [this](const Call& c, model::DeleteQueueRequest r) {
    return at_queue<model::DeleteQueueResponse>(c, *r.queue_url, [this](Queue& q) { return delete_queue(q); });
  });
  door.handle(model::kPurgeQueue, [this](const Call& c, model::PurgeQueueRequest r) {
    return at_queue<model::PurgeQueueResponse>(c, *r.queue_url, [this](Queue& q) { return purge_queue(q); });
  });
  door.handle(model::kGetQueueAttributes, [this](const Call& c, model::GetQueueAttributesRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::GetQueueAttributesResult>(
        c, url,
        [this, names = r.attribute_names.value_or(std::vector<std::string>())](
            Queue& q) -> Answer<model::GetQueueAttributesResult> {
          Result<Attributes> attributes = attributes_of(q, names);
          if (!attributes) co_return std::unexpected(std::move(attributes).error());
          if (const auto policy = attributes->find("Policy"); policy != attributes->end()) {
            policy->second = cloud::shown_policy(house_, policy->second);
          }
          model::GetQueueAttributesResult result;
          if (!attributes->empty()) result.attributes = std::move(*attributes);
          co_return result;
        });
  });
  door.handle(model::kSetQueueAttributes, [this](const Call& c, model::SetQueueAttributesRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::SetQueueAttributesResponse>(
        c, url, [this, changes = std::move(*r.attributes)](Queue& q) { return set_attributes(q, changes); });
  });
  door.handle(model::kListQueueTags, [this](const Call& c, model::ListQueueTagsRequest r) {
    return at_queue<model::ListQueueTagsResult>(c, *r.queue_url, [](Queue& q) -> Answer<model::ListQueueTagsResult> {
      model::ListQueueTagsResult result;
      if (!q.tags.empty()) result.tags = q.tags;
      co_return result;
    });
  });
  door.handle(model::kTagQueue, [this](const Call& c, model::TagQueueRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::TagQueueResponse>(c, url,
                                             [this, tags = std::move(*r.tags)](Queue& q) { return tag(q, tags); });
  });
  door.handle(model::kUntagQueue, [this](const Call& c, model::UntagQueueRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::UntagQueueResponse>(
        c, url, [this, keys = std::move(*r.tag_keys)](Queue& q) { return untag(q, keys); });
  });
  door.handle(model::kAddPermission, [this](const Call& c, model::AddPermissionRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::AddPermissionResponse>(c, url,
                                                  [this, r = std::move(r)](Queue& q) { return add_permission(q, r); });
  });
  door.handle(model::kRemovePermission, [this](const Call& c, model::RemovePermissionRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::RemovePermissionResponse>(
        c, url, [this, label = std::move(*r.label)](Queue& q) { return remove_permission(q, label); });
  });
}

void Sqs::register_message_operations() {
  using cloud::Call;
  cloud::Door& door = house_.door;
  door.handle(model::kSendMessage, [this](const Call& c, model::SendMessageRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::SendMessageResult>(
        c, std::move(url), [this, &c, r = std::move(r)](Queue& q) mutable { return send(c, q, std::move(r)); });
  });
  door.handle(model::kSendMessageBatch, [this](const Call& c, model::SendMessageBatchRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::SendMessageBatchResult>(
        c, std::move(url), [this, &c, r = std::move(r)](Queue& q) mutable { return send_batch(c, q, std::move(r)); });
  });
  door.handle(model::kReceiveMessage,
              [this](const Call& c, model::ReceiveMessageRequest r) { return receive(c, std::move(r)); });
  door.handle(model::kDeleteMessage, [this](const Call& c, model::DeleteMessageRequest r) {
    return at_queue<model::DeleteMessageResponse>(
        c, *r.queue_url, [this, handle = *r.receipt_handle](Queue& q) { return remove(q, handle); });
  });
  door.handle(model::kDeleteMessageBatch, [this](const Call& c, model::DeleteMessageBatchRequest r) {
    std::string url = *r.queue_url;
    return at_queue<model::DeleteMessageBatchResult>(
        c, url, [this, r = std::move(r)](Queue& q) mutable { return remove_batch(q, std::move(r)); });
  });
  door.handle(model::kChangeMessageVisibility, [this](const Call& c, model::ChangeMessageVisibilityRequest r) {
    return at_queue<model::ChangeMessageVisibilityResponse>(
        c, *r.queue_url,
        [this, handle = *r.receipt_handle,
         seconds = *r.visibility_timeout](Queue& q) -> Answer<model::ChangeMessageVisibilityResponse> {
          store::Batch leases;
          Result<void> changed = change_visibility(q, handle, seconds, leases);
          if (!leases.empty()) house_.store.commit_later(std::move(leases));
          if (!changed) co_return std::unexpected(std::move(changed).error());
          co_return model::ChangeMessageVisibilityResponse{};
        });
  });
  door.handle(
      model::kChangeMessageVisibilityBatch, [this](const Call& c, model::ChangeMessageVisibilityBatchRequest r) {
        std::string url = *r.queue_url;
        return at_queue<model::ChangeMessageVisibilityBatchResult>(
            c, url, [this, r = std::move(r)](Queue& q) mutable { return change_visibility_batch(q, std::move(r)); });
      });
}

}  // namespace signalbox::sqs

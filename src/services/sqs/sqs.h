// Amazon SQS: the service, its queues and their messages.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "models/sqs.h"
#include "services/sqs/queue.h"

namespace signalbox::sqs {

namespace asio = boost::asio;
namespace model = models::sqs;

using QueuePointer = std::shared_ptr<Queue>;
template <class T>
using Answer = asio::awaitable<Result<T>>;

class Sqs final : public cloud::Service {
 public:
  explicit Sqs(cloud::House& house);
  ~Sqs() override;

  Result<void> load() override;
  void drain() override;

  /// The queue of that ARN; null when there is none.
  QueuePointer find_arn(const std::string& arn) const;
  /// The queues whose dead letters that one takes. Goes to each one's shard.
  asio::awaitable<std::vector<std::string>> sources_of(const Queue& dead_letters) const;

  /// One message to be sent, from whichever side.
  struct Outgoing {
    std::string body;
    MessageAttributes attributes;
    std::string sender;
    std::string trace_header;
    std::string group;
    std::string deduplication;
    std::optional<std::int32_t> delay;
  };
  /// A message whose record is in a batch but not committed yet.
  struct Prepared {
    std::uint64_t sequence = 0;
    std::string message_id;
    std::string md5_of_body;
    std::size_t bytes = 0;   // of body and attributes
    bool duplicate = false;  // sent within the last five minutes: nothing was added
    MessageState state;
    std::string group;
    std::string deduplication_key;
  };
  /// What a FIFO queue knows a message by for five minutes.
  static std::string deduplication_name(const Queue& queue, const Outgoing& message);
  /// Returns when no message known by one of `names` is still being committed, so that what is answered for a repeat
  /// is as durable as what is answered for a new one. Before `prepare`, on the queue's shard. Those it waits for have
  /// prepared messages here and wait for the store, or to append to a target of a higher ARN.
  asio::awaitable<void> wait_for_originals(Queue& queue, std::vector<std::string> names);
  /// Checks a message and adds its record to `batch`. On the queue's shard. Follow with `publish`.
  Result<Prepared> prepare(Queue& queue, Outgoing message, store::Batch& batch);
  /// After the commit: makes the messages receivable, or forgets them. On the queue's shard.
  void publish(Queue& queue, const std::vector<Prepared>& prepared, bool committed);

  /// Up to request.max_number_of_messages, leased; those received too often go to the dead-letter queue. On the queue's
  /// shard.
  Answer<std::vector<model::Message>> take(Queue& queue, const model::ReceiveMessageRequest& request, bool long_poll);
  /// As take, of the next few; `buried` when some of them went to the dead-letter queue.
  Answer<std::vector<model::Message>> take_once(Queue& queue, const model::ReceiveMessageRequest& request,
                                                bool long_poll, bool& buried);
  /// Takes messages out of everybody's reach and adds their removal to `batch`; those that their handles do not let go
  /// any more stay. On the queue's shard.
  cloud::AfterCommit prepare_removal(const QueuePointer& queue, const std::vector<std::string>& handles,
                                     store::Batch& batch);

 private:
  void register_operations();
  void register_message_operations();

  // Finding (sqs.cpp). Any thread.
  QueuePointer find(const QueueName& name) const;
  Result<QueuePointer> find_url(const cloud::Call& call, const std::string& url) const;
  std::vector<QueuePointer> queues_of(const cloud::Scope& scope) const;
  static std::string url_of(const cloud::Call& call, const QueueName& name);

  /// Finds the queue of a URL and runs `work(queue)` on its shard; refuses when it is gone by then.
  template <class T>
  Answer<T> at_queue(const cloud::Call& call, std::string url, std::function<Answer<T>(Queue&)> work);

  // Queues (manage.cpp).
  Answer<model::CreateQueueResult> create_queue(const cloud::Call& call, model::CreateQueueRequest request);
  Answer<model::DeleteQueueResponse> delete_queue(Queue& queue);
  Answer<model::ListQueuesResult> list_queues(const cloud::Call& call, model::ListQueuesRequest request);
  Answer<model::GetQueueUrlResult> get_queue_url(const cloud::Call& call, model::GetQueueUrlRequest request);
  Answer<model::PurgeQueueResponse> purge_queue(Queue& queue);
  Result<std::string> create_on_owner(const cloud::Call& call, const QueueName& name, const Attributes& attributes);
  /// Checks that the dead-letter queue which `settings` names is there and lets the queue use it.
  Answer<void> check_dead_letter_queue(QueueName source, std::string policy, std::string target_arn) const;
  /// Commits the queue's record as it is now.
  Answer<void> save(Queue& queue);

  // Attributes, tags, permissions (attributes.cpp, permissions.cpp).
  Result<Attributes> attributes_of(Queue& queue, const std::vector<std::string>& names) const;
  /// Puts the policy among the attributes of that queue, if it is there, as it is saved in the place of what was given.
  /// Errors: InvalidAttributeValue.
  Result<void> save_policy(const QueueName& queue, Attributes& attributes) const;
  Answer<model::SetQueueAttributesResponse> set_attributes(Queue& queue, Attributes changes);
  /// As set_attributes, for who holds the queue's turn of changes.
  Answer<model::SetQueueAttributesResponse> change_attributes(Queue& queue, Attributes changes);
  static Result<void> check_tags(const std::string& queue, const Attributes& tags);
  Answer<model::TagQueueResponse> tag(Queue& queue, Attributes tags);
  Answer<model::UntagQueueResponse> untag(Queue& queue, std::vector<std::string> keys);
  Answer<model::ListDeadLetterSourceQueuesResult> list_sources(const cloud::Call& call,
                                                               model::ListDeadLetterSourceQueuesRequest request);
  Answer<model::AddPermissionResponse> add_permission(Queue& queue, model::AddPermissionRequest request);
  Answer<model::RemovePermissionResponse> remove_permission(Queue& queue, std::string label);

  // Messages (send.cpp, receive.cpp, delete.cpp).
  Answer<model::SendMessageResult> send(const cloud::Call& call, Queue& queue, model::SendMessageRequest request);
  Answer<model::SendMessageBatchResult> send_batch(const cloud::Call& call, Queue& queue,
                                                   model::SendMessageBatchRequest request);
  Answer<model::ReceiveMessageResult> receive(const cloud::Call& call, model::ReceiveMessageRequest request);
  Answer<model::ReceiveMessageResult> receive_on_owner(Queue& queue, const model::ReceiveMessageRequest& request,
                                                       std::chrono::seconds wait, LongPoll& poll);
  std::string encode_for(const Queue& queue, StoredMessage message) const;
  /// A message's record; empty when there is none.
  Result<std::optional<StoredMessage>> read_message(const Queue& queue, std::uint64_t sequence) const;
  Result<std::vector<model::Message>> repeat_attempt(Queue& queue, const model::ReceiveMessageRequest& request);
  asio::awaitable<bool> bury(Queue& queue, std::vector<std::pair<std::uint64_t, StoredMessage>> dead);
  Answer<model::DeleteMessageResponse> remove(Queue& queue, std::string handle);
  Answer<model::DeleteMessageBatchResult> remove_batch(Queue& queue, model::DeleteMessageBatchRequest request);
  Result<std::uint64_t> check_delete(Queue& queue, const std::string& handle) const;
  /// Adds what changes to `leases`, which is committed without waiting: a lease may be lost in a crash.
  Result<void> change_visibility(Queue& queue, const std::string& handle, std::int32_t seconds, store::Batch& leases);
  Answer<model::ChangeMessageVisibilityBatchResult> change_visibility_batch(
      Queue& queue, model::ChangeMessageVisibilityBatchRequest request);
  void expire_old(Queue& queue);
  void arm_retention(const QueuePointer& queue);
  /// Something happened to the queue: tells how many messages there are, now and every minute while there are some.
  void tell_depth(Queue& queue);
  void watch_depth(Queue& queue);

  // Moving messages back from dead-letter queues (move_tasks.cpp).
  struct MoveTask;
  Answer<model::StartMessageMoveTaskResult> start_move(const cloud::Call& call,
                                                       model::StartMessageMoveTaskRequest request);
  Answer<model::CancelMessageMoveTaskResult> cancel_move(const cloud::Call& call,
                                                         model::CancelMessageMoveTaskRequest request);
  Answer<model::ListMessageMoveTasksResult> list_moves(const cloud::Call& call,
                                                       model::ListMessageMoveTasksRequest request);
  void forget_old_moves(const std::string& source, store::Batch& batch);
  asio::awaitable<void> run_move(std::shared_ptr<MoveTask> task, QueuePointer source);
  asio::awaitable<bool> move_some(MoveTask& task, Queue& source, std::size_t most);
  enum class Move { kToDeadLetters, kBack };
  asio::awaitable<Result<void>> move_one_batch(Queue& source, const std::string& destination,
                                               std::vector<std::pair<std::uint64_t, StoredMessage>> messages,
                                               Move move);
  Result<void> load_moves();

  // Loading (load.cpp).
  Result<void> load_queue(const QueuePointer& queue, const store::Snapshot& snapshot);
  /// Removes the records of queues that are gone: a send in flight may write one behind its queue's deletion.
  Result<void> erase_orphans(const store::Snapshot& snapshot);

  cloud::House& house_;
  const std::string receipt_key_;
  mutable std::shared_mutex directory_mutex_;
  std::map<QueueName, QueuePointer> directory_;
  std::map<std::string, std::shared_ptr<MoveTask>> moves_;  // by task id; on shard 0
  std::atomic<bool> draining_{false};
};

/// "The specified queue does not exist."
std::unexpected<Error> no_such_queue();
std::unexpected<Error> invalid_parameter(std::string message);
/// For what is_fifo_id refuses.
std::unexpected<Error> invalid_id(const std::string& value, std::string_view parameter);

}  // namespace signalbox::sqs

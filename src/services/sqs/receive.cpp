// ReceiveMessage: short and long polls, leases, and the way to the dead-letter queue.

#include <algorithm>
#include <mutex>

#include "base/encoding.h"
#include "services/sqs/sqs.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMaxAttempts = 10'000;
constexpr std::size_t kExpiryChunk = 1000;

bool wants(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](const std::string& n) { return n == "All" || n == name; });
}

/// MessageAttributeNames: a name, "All", "*", ".*", or a prefix as "name.*".
bool wants_attribute(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&name](const std::string& n) {
    if (n == "All" || n == "*" || n == ".*" || n == name) return true;
    return n.ends_with(".*") && name.starts_with(n.substr(0, n.size() - 2));
  });
}

std::string millis_text(Time time) {
  return std::to_string(time.time_since_epoch().count());
}

Attributes system_attributes(const StoredMessage& message, const MessageState& state, const Queue& queue,
                             std::uint64_t sequence, const std::vector<std::string>& names) {
  Attributes all = {{"SenderId", message.sender},
                    {"SentTimestamp", millis_text(message.sent)},
                    {"ApproximateReceiveCount", std::to_string(state.receives)},
                    {"ApproximateFirstReceiveTimestamp", millis_text(state.first_received)}};
  if (!message.trace_header.empty()) all["AWSTraceHeader"] = message.trace_header;
  if (!message.group.empty()) all["MessageGroupId"] = message.group;
  if (!message.dead_letter_source.empty()) all["DeadLetterQueueSourceArn"] = message.dead_letter_source;
  if (queue.name.fifo()) {
    all["MessageDeduplicationId"] = message.deduplication;
    all["SequenceNumber"] = sequence_text(sequence);
  }
  std::erase_if(all, [&names](const auto& attribute) { return !wants(names, attribute.first); });
  return all;
}

Result<void> check(const model::ReceiveMessageRequest& r, bool fifo) {
  const int most = r.max_number_of_messages.value_or(1);
  if (most < 1 || most > 10) {
    return invalid_parameter("Value " + std::to_string(most) +
                             " for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if "
                             "provided.");
  }
  const int wait = r.wait_time_seconds.value_or(0);
  if (wait < 0 || wait > 20) {
    return invalid_parameter("Value " + std::to_string(wait) +
                             " for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.");
  }
  const int visibility = r.visibility_timeout.value_or(0);
  if (visibility < 0 || visibility > 43'200) {
    return invalid_parameter("Value " + std::to_string(visibility) +
                             " for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if "
                             "provided.");
  }
  if (r.receive_request_attempt_id && !fifo) {
    return invalid_parameter("Value " + *r.receive_request_attempt_id +
                             " for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter "
                             "that is not valid for this queue type.");
  }
  if (r.receive_request_attempt_id && !is_fifo_id(*r.receive_request_attempt_id)) {
    return invalid_id(*r.receive_request_attempt_id, "ReceiveRequestAttemptId");
  }
  return {};
}

std::chrono::seconds visibility_of(const model::ReceiveMessageRequest& request, const Queue& queue) {
  return request.visibility_timeout ? std::chrono::seconds(*request.visibility_timeout)
                                    : queue.settings.visibility_timeout;
}

/// A poll's place among those that wait, until it is woken or let go.
class Waiting {
 public:
  Waiting(Queue& queue, LongPoll& poll) : queue_(queue), poll_(poll) {
    poll.place = queue.waiting.insert(queue.waiting.end(), &poll);
  }
  ~Waiting() {
    if (poll_.place) queue_.waiting.erase(*poll_.place);
    poll_.place.reset();
  }
  Waiting(const Waiting&) = delete;

 private:
  Queue& queue_;
  LongPoll& poll_;
};

/// A message as its receiver asked to see it.
model::Message describe(StoredMessage message, const MessageState& state, const Queue& queue, std::uint64_t sequence,
                        const model::ReceiveMessageRequest& request, std::string_view receipt_key) {
  model::Message out;
  out.message_id = message.id;
  out.receipt_handle = encode_receipt({queue.id, sequence, state.lease}, receipt_key);
  out.md5_of_body = to_hex(md5(message.body));
  auto names = request.message_system_attribute_names.value_or(std::vector<std::string>());
  if (request.attribute_names)
    names.insert(names.end(), request.attribute_names->begin(), request.attribute_names->end());
  Attributes system = names.empty() ? Attributes() : system_attributes(message, state, queue, sequence, names);
  if (!system.empty()) out.attributes = std::move(system);
  const auto& wanted = request.message_attribute_names.value_or(std::vector<std::string>());
  std::erase_if(message.attributes, [&wanted](const auto& a) { return !wants_attribute(wanted, a.first); });
  if (!message.attributes.empty()) {
    out.md5_of_message_attributes = attributes_md5(message.attributes);
    out.message_attributes = std::move(message.attributes);
  }
  out.body = std::move(message.body);
  return out;
}

}  // namespace

Answer<model::ReceiveMessageResult> Sqs::receive(const cloud::Call& call, model::ReceiveMessageRequest request) {
  Result<QueuePointer> queue = find_url(call, *request.queue_url);
  if (!queue) co_return std::unexpected(std::move(queue).error());
  const QueuePointer found = *queue;  // keeps a queue alive that is deleted while a poll waits
  Result<void> checked = check(request, found->name.fifo());
  if (!checked) co_return std::unexpected(std::move(checked).error());

  const auto poll = std::make_shared<LongPoll>(found->owner);
  const bool may_wait = request.wait_time_seconds.value_or(1) > 0;
  if (may_wait && call.connection != nullptr) {
    call.connection->watch([poll, found] {
      found->owner.post([poll, found] {
        poll->gone = true;
        poll->wait.wake();
      });
    });
  }
  co_return co_await cloud::on(found->owner, [&]() -> Answer<model::ReceiveMessageResult> {
    const std::chrono::seconds wait =
        request.wait_time_seconds ? std::chrono::seconds(*request.wait_time_seconds) : found->settings.receive_wait;
    co_return co_await receive_on_owner(*found, request, wait, *poll);
  });
}

Answer<model::ReceiveMessageResult> Sqs::receive_on_owner(Queue& queue, const model::ReceiveMessageRequest& request,
                                                          std::chrono::seconds wait, LongPoll& poll) {
  const Time deadline = house_.clock.now() + wait;
  bool in_time = true;
  model::ReceiveMessageResult result;
  for (;;) {
    if (queue.deleted) co_return no_such_queue();
    if (poll.gone) {
      queue.wake(1);  // the message that this poll may have been woken for is somebody else's
      co_return result;
    }
    Result<std::vector<model::Message>> messages = co_await take(queue, request, wait.count() > 0);
    if (!messages) co_return std::unexpected(std::move(messages).error());
    if (!messages->empty()) {
      queue.measures.received->add(static_cast<double>(messages->size()));
      tell_depth(queue);
      result.messages = std::move(*messages);
      co_return result;
    }
    if (draining_ || !in_time || house_.clock.now() >= deadline) {
      queue.measures.empty_receives->add(1);
      co_return result;
    }
    const Waiting waiting(queue, poll);
    in_time = co_await poll.wait.until(deadline);
  }
}

void Sqs::drain() {
  draining_ = true;
  const std::shared_lock lock(directory_mutex_);
  for (const auto& [name, queue] : directory_) {
    queue->owner.post([woken = queue] { woken->wake(woken->waiting.size()); });
  }
}

Answer<std::vector<model::Message>> Sqs::take(Queue& queue, const model::ReceiveMessageRequest& request,
                                              bool long_poll) {
  for (;;) {
    bool buried = false;
    auto messages = co_await take_once(queue, request, long_poll, buried);
    // What was buried may have hidden messages that can be received.
    if (!buried || !messages || !messages->empty() || queue.deleted) co_return messages;
  }
}

Answer<std::vector<model::Message>> Sqs::take_once(Queue& queue, const model::ReceiveMessageRequest& request,
                                                   bool long_poll, bool& buried) {
  expire_old(queue);
  const Time now = house_.clock.now();
  queue.index.run_due(now);
  Result<std::vector<model::Message>> repeated = repeat_attempt(queue, request);
  if (!repeated || !repeated->empty()) co_return repeated;
  std::vector<model::Message> messages;
  const std::size_t room = kMaxInFlight - std::min(kMaxInFlight, queue.index.in_flight());
  if (room == 0) {
    // Only short polls of standard queues are told ("Amazon SQS standard queue quotas", "FIFO queue quotas").
    if (long_poll || queue.name.fifo()) co_return messages;
    co_return fail(model::errors::kOverLimit, "Too many messages are in flight: the limit is 120000.", 403);
  }
  const auto most = std::min(room, static_cast<std::size_t>(request.max_number_of_messages.value_or(1)));
  store::Batch leases;
  std::vector<std::pair<std::uint64_t, StoredMessage>> dead;
  const std::vector<std::uint64_t> taken = queue.index.take(now, most);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const std::uint64_t sequence = taken[i];
    Result<std::optional<StoredMessage>> read = read_message(queue, sequence);
    if (!read) {
      queue.index.put_back(std::span(taken).subspan(i));
      if (i == 0) co_return std::unexpected(std::move(read).error());
      break;
    }
    std::optional<StoredMessage>& message = *read;
    if (!message) {  // purged while it was being sent
      queue.index.remove(sequence);
      continue;
    }
    const MessageState& state = *queue.index.find(sequence);
    if (queue.settings.max_receives > 0 && state.receives >= queue.settings.max_receives &&
        find_arn(queue.settings.dead_letter_arn)) {
      dead.emplace_back(sequence, std::move(*message));
      continue;
    }
    const MessageState& leased =
        queue.index.lease(sequence, now, now + visibility_of(request, queue), make_lease(now, house_.random.next()));
    leases.put(lease_key(queue, sequence), encode_lease(leased));
    messages.push_back(describe(*std::move(message), leased, queue, sequence, request, receipt_key_));
  }
  if (request.receive_request_attempt_id && !messages.empty()) {
    if (queue.attempts.size() >= kMaxAttempts) queue.attempts.clear();
    Queue::Attempt attempt{now + kDeduplicationInterval, now + visibility_of(request, queue), {}};
    for (const model::Message& message : messages)
      attempt.receipts.push_back(*decode_receipt(*message.receipt_handle, receipt_key_));
    queue.attempts[*request.receive_request_attempt_id] = std::move(attempt);
  }
  if (!leases.empty()) house_.store.commit_later(std::move(leases));
  queue.arm(house_.clock);
  if (!dead.empty()) {
    buried = co_await bury(queue, std::move(dead));
  }
  co_return messages;
}

Result<std::optional<StoredMessage>> Sqs::read_message(const Queue& queue, std::uint64_t sequence) const {
  auto bytes = house_.store.get(message_key(queue, sequence));
  if (!bytes) return std::unexpected(std::move(bytes).error());
  if (!*bytes) return std::nullopt;
  auto message = open_message(**bytes, house_.sealer, queue.arn);
  if (message) return message;
  house_.log.error("a message cannot be read", {{"queue", queue.arn}, {"sequence", std::to_string(sequence)}});
  return fail("InternalFailure", "The stored message cannot be read.", 500);
}

// A retry of a receive whose answer was lost gets the same messages and handles, and their visibility timeout starts
// anew, as long as all of them are in flight and nobody touched one ("ReceiveMessage" in the SQS API Reference).
Result<std::vector<model::Message>> Sqs::repeat_attempt(Queue& queue, const model::ReceiveMessageRequest& request) {
  const Time now = house_.clock.now();
  const auto found = queue.attempts.find(request.receive_request_attempt_id.value_or(""));
  if (found == queue.attempts.end()) return std::vector<model::Message>();
  Queue::Attempt& attempt = found->second;
  const bool valid = attempt.expires > now && std::ranges::all_of(attempt.receipts, [&](const Receipt& receipt) {
                       const MessageState* state = queue.index.find(receipt.sequence);
                       return state != nullptr && state->in_flight && state->lease == receipt.lease &&
                              state->visible_at == attempt.visible_at;
                     });
  if (!valid) {
    queue.attempts.erase(found);
    return std::vector<model::Message>();
  }
  std::vector<model::Message> messages;
  store::Batch leases;
  attempt.visible_at = now + visibility_of(request, queue);
  for (const Receipt& receipt : attempt.receipts) {
    Result<std::optional<StoredMessage>> message = read_message(queue, receipt.sequence);
    if (!message) return std::unexpected(std::move(message).error());
    if (!*message) continue;
    queue.index.change_visibility(receipt.sequence, now, attempt.visible_at);
    const MessageState& state = *queue.index.find(receipt.sequence);
    leases.put(lease_key(queue, receipt.sequence), encode_lease(state));
    messages.push_back(describe(std::move(**message), state, queue, receipt.sequence, request, receipt_key_));
  }
  house_.store.commit_later(std::move(leases));
  queue.arm(house_.clock);
  return messages;
}

// Moves messages that were received too often to the dead-letter queue, in one commit with their removal here.
asio::awaitable<bool> Sqs::bury(Queue& queue, std::vector<std::pair<std::uint64_t, StoredMessage>> dead) {
  const Time now = house_.clock.now();
  // Out of everybody's reach while they move.
  for (const auto& [sequence, message] : dead) queue.index.set_aside(sequence, now, now + kMoveTime);
  Result<void> moved =
      co_await move_one_batch(queue, queue.settings.dead_letter_arn, std::move(dead), Move::kToDeadLetters);
  if (!moved) {
    house_.log.warning("messages could not be moved to the dead-letter queue",
                       {{"queue", queue.arn}, {"why", moved.error().message}});
  }
  co_return moved.has_value();
}

void Sqs::expire_old(Queue& queue) {
  const auto old = queue.index.sent_before(house_.clock.now() - queue.settings.retention, kExpiryChunk);
  if (old.empty()) return;
  store::Batch batch;
  for (const std::uint64_t sequence : old) {
    queue.index.remove(sequence);
    batch.erase(message_key(queue, sequence));
    batch.erase(lease_key(queue, sequence));
  }
  house_.store.commit_later(std::move(batch));
}

void Sqs::arm_retention(const QueuePointer& queue) {
  if (queue->retention_alarm) queue->owner.alarms().cancel(*queue->retention_alarm);
  queue->retention_alarm.reset();
  const auto oldest = queue->index.oldest_sent();
  if (!oldest) return;
  queue->retention_alarm =
      queue->owner.alarms().set(*oldest + queue->settings.retention, [this, weak = std::weak_ptr<Queue>(queue)] {
        const QueuePointer held = weak.lock();
        if (!held || held->gone) return;
        held->retention_alarm.reset();
        expire_old(*held);
        arm_retention(held);
      });
}

}  // namespace signalbox::sqs

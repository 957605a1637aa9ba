// DeleteMessage and ChangeMessageVisibility, one by one and in batches.

#include "services/sqs/batch.h"
#include "services/sqs/sqs.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::sqs {
namespace {

constexpr std::int32_t kMaxVisibilitySeconds = 43'200;

std::unexpected<Error> bad_receipt(const std::string& handle) {
  return fail(model::errors::kReceiptHandleIsInvalid,
              "The input receipt handle \"" + handle + "\" is not a valid receipt handle.", 404);
}

std::unexpected<Error> expired_receipt(const std::string& handle) {
  return invalid_parameter("Value " + handle +
                           " for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.");
}

void erase_message(const Queue& queue, std::uint64_t sequence, store::Batch& batch) {
  batch.erase(message_key(queue, sequence));
  batch.erase(lease_key(queue, sequence));
}

/// A message taken out of the index while its deletion is made durable.
struct Removed {
  std::uint64_t sequence;
  MessageState state;
  std::string group;
};

std::optional<Removed> take_out(Queue& queue, std::uint64_t sequence) {
  const MessageState* state = queue.index.find(sequence);
  if (state == nullptr) return std::nullopt;
  Removed removed{sequence, *state, queue.index.group_of(sequence)};
  queue.index.remove(sequence);
  return removed;
}

}  // namespace

/// The sequence of the message that a handle lets its holder delete; 0 when the message is gone already.
Result<std::uint64_t> Sqs::check_delete(Queue& queue, const std::string& handle) const {
  const auto receipt = decode_receipt(handle, receipt_key_);
  if (!receipt || receipt->queue != queue.id) return bad_receipt(handle);
  const MessageState* state = queue.index.find(receipt->sequence);
  if (state == nullptr) return 0;
  // On a FIFO queue only the newest receive of a message that is still in flight may delete it.
  const bool stale = state->lease != receipt->lease || !state->in_flight || state->visible_at <= house_.clock.now();
  if (queue.name.fifo() && stale) return expired_receipt(handle);
  return receipt->sequence;
}

cloud::AfterCommit Sqs::prepare_removal(const QueuePointer& queue, const std::vector<std::string>& handles,
                                        store::Batch& batch) {
  std::vector<std::uint64_t> sequences;
  for (const std::string& handle : handles) {
    const Result<std::uint64_t> sequence = check_delete(*queue, handle);
    if (sequence && *sequence != 0) sequences.push_back(*sequence);
  }
  auto removed = std::make_shared<std::vector<Removed>>();
  for (const std::uint64_t sequence : sequences) {
    std::optional<Removed> one = take_out(*queue, sequence);
    if (!one) continue;
    erase_message(*queue, sequence, batch);
    removed->push_back(std::move(*one));
  }
  const auto settle = [this, queue, removed](bool committed) {
    if (!committed) {
      for (const Removed& one : *removed) queue->index.add(one.sequence, one.state, one.group);
      queue->arm(house_.clock);
      return;
    }
    queue->measures.deleted->add(static_cast<double>(removed->size()));
    tell_depth(*queue);
    if (queue->name.fifo()) queue->wake(queue->waiting.size());
  };
  return [queue, settle](bool committed) {
    if (queue->owner.is_current()) return settle(committed);
    queue->owner.post([settle, committed] { settle(committed); });
  };
}

Answer<model::DeleteMessageResponse> Sqs::remove(Queue& queue, std::string handle) {
  Result<std::uint64_t> sequence = check_delete(queue, handle);
  if (!sequence) co_return std::unexpected(std::move(sequence).error());
  const std::optional<Removed> removed = take_out(queue, *sequence);
  store::Batch batch;
  if (removed) erase_message(queue, removed->sequence, batch);
  // An empty batch, too: the deletion that came before this one must be durable before this one is answered.
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  if (!committed) {
    if (removed) queue.index.add(removed->sequence, removed->state, removed->group);
    queue.arm(house_.clock);
    co_return std::unexpected(std::move(committed).error());
  }
  queue.measures.deleted->add(1);
  tell_depth(queue);
  if (queue.name.fifo()) queue.wake(queue.waiting.size());
  co_return model::DeleteMessageResponse{};
}

Answer<model::DeleteMessageBatchResult> Sqs::remove_batch(Queue& queue, model::DeleteMessageBatchRequest request) {
  Result<void> checked = check_batch(*request.entries, "DeleteMessageBatchRequestEntry");
  if (!checked) co_return std::unexpected(std::move(checked).error());
  model::DeleteMessageBatchResult result;
  store::Batch batch;
  std::vector<Removed> removed;
  // Every entry is judged before any is taken out: on a FIFO queue, deleting one must not make another's handle stale.
  for (const auto& entry : *request.entries) {
    Result<std::uint64_t> sequence = check_delete(queue, *entry.receipt_handle);
    if (!sequence) {
      add_to(result.failed) = batch_error(*entry.id, sequence.error());
      continue;
    }
    if (std::optional<Removed> one = take_out(queue, *sequence)) {
      erase_message(queue, one->sequence, batch);
      removed.push_back(std::move(*one));
    }
    add_to(result.successful).id = *entry.id;
  }
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  if (!committed) {
    for (const Removed& one : removed) queue.index.add(one.sequence, one.state, one.group);
    queue.arm(house_.clock);
    co_return std::unexpected(std::move(committed).error());
  }
  if (result.successful) queue.measures.deleted->add(static_cast<double>(result.successful->size()));
  tell_depth(queue);
  if (queue.name.fifo()) queue.wake(queue.waiting.size());
  co_return result;
}

Result<void> Sqs::change_visibility(Queue& queue, const std::string& handle, std::int32_t seconds,
                                    store::Batch& leases) {
  if (seconds < 0 || seconds > kMaxVisibilitySeconds) {
    return invalid_parameter("Value " + std::to_string(seconds) +
                             " for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if "
                             "provided.");
  }
  const auto receipt = decode_receipt(handle, receipt_key_);
  if (!receipt || receipt->queue != queue.id) return bad_receipt(handle);
  const Time now = house_.clock.now();
  queue.index.run_due(now);
  const MessageState* state = queue.index.find(receipt->sequence);
  if (state == nullptr || state->lease == kNoReceipt) {
    return invalid_parameter("Value " + handle +
                             " for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
                             "available for visibility timeout change.");
  }
  if (queue.name.fifo() && (!state->in_flight || state->lease != receipt->lease)) return expired_receipt(handle);
  if (!state->in_flight) {
    // "ChangeMessageVisibility" in the SQS API Reference: the specified message isn't in flight. An older receive's
    // handle is as good as the last one's.
    return fail(model::errors::kMessageNotInflight, "The message referred to isn't in flight.");
  }
  if (now + std::chrono::seconds(seconds) > received_at(state->lease) + std::chrono::seconds(kMaxVisibilitySeconds)) {
    return invalid_parameter("Value " + std::to_string(seconds) +
                             " for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
                             "message is beyond the limit [43200 seconds]");
  }
  queue.index.change_visibility(receipt->sequence, now, now + std::chrono::seconds(seconds));
  leases.put(lease_key(queue, receipt->sequence), encode_lease(*state));
  if (seconds == 0) queue.wake(1);
  queue.arm(house_.clock);
  return {};
}

Answer<model::ChangeMessageVisibilityBatchResult> Sqs::change_visibility_batch(
    Queue& queue, model::ChangeMessageVisibilityBatchRequest request) {
  Result<void> checked = check_batch(*request.entries, "ChangeMessageVisibilityBatchRequestEntry");
  if (!checked) co_return std::unexpected(std::move(checked).error());
  model::ChangeMessageVisibilityBatchResult result;
  store::Batch leases;
  for (const auto& entry : *request.entries) {
    const auto seconds = entry.visibility_timeout
                             ? *entry.visibility_timeout
                             : static_cast<std::int32_t>(queue.settings.visibility_timeout.count());
    Result<void> changed = change_visibility(queue, *entry.receipt_handle, seconds, leases);
    if (changed) {
      add_to(result.successful).id = *entry.id;
    } else {
      add_to(result.failed) = batch_error(*entry.id, changed.error());
    }
  }
  if (!leases.empty()) house_.store.commit_later(std::move(leases));
  co_return result;
}

}  // namespace signalbox::sqs

// SendMessage and SendMessageBatch.

#include <algorithm>

#include "base/encoding.h"
#include "services/sqs/batch.h"
#include "services/sqs/sqs.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMaxBatchBytes = 1'048'576;
constexpr std::int32_t kMaxDelaySeconds = 900;
constexpr std::chrono::minutes kSettlingCheck{1};  // they are woken; this only bounds a wait
constexpr std::size_t kSweepPerSend = 2;           // expired deduplication ids that each send clears away

std::unexpected<Error> not_for_this_type(const std::string& value, std::string_view parameter) {
  return invalid_parameter("Value " + value + " for parameter " + std::string(parameter) +
                           " is invalid. Reason: The request include parameter that is not valid for this queue type.");
}

std::unexpected<Error> needs_group() {
  return fail("MissingParameter", "The request must contain the parameter MessageGroupId.");
}

std::unexpected<Error> needs_deduplication_id() {
  return invalid_parameter(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly");
}

/// As on AWS, a batch of which an entry lacks what a FIFO queue needs fails as a whole: its sender may not look at what
/// single entries came to.
Result<void> check_fifo_batch(const Queue& queue, const std::vector<model::SendMessageBatchRequestEntry>& entries) {
  for (const auto& entry : entries) {
    if (!queue.settings.content_based_deduplication && entry.message_deduplication_id.value_or("").empty()) {
      return needs_deduplication_id();
    }
    if (entry.message_group_id.value_or("").empty()) return needs_group();
  }
  return {};
}

Result<void> check_fifo(const Queue& queue, const Sqs::Outgoing& m) {
  if (m.group.empty()) return needs_group();
  if (!is_fifo_id(m.group)) return invalid_id(m.group, "MessageGroupId");
  if (m.delay.value_or(0) != 0) return not_for_this_type(std::to_string(*m.delay), "DelaySeconds");
  if (m.deduplication.empty() && !queue.settings.content_based_deduplication) return needs_deduplication_id();
  if (!m.deduplication.empty() && !is_fifo_id(m.deduplication))
    return invalid_id(m.deduplication, "MessageDeduplicationId");
  return {};
}

Result<void> check(const Queue& queue, const Sqs::Outgoing& m) {
  if (m.body.empty()) return fail("MissingParameter", "The request must contain the parameter MessageBody.");
  Result<void> attributes = check_attributes(m.attributes);
  if (!attributes) return attributes;
  if (m.body.size() + attributes_size(m.attributes) > queue.settings.max_message_bytes) {
    return invalid_parameter("One or more parameters are invalid. Reason: Message must be shorter than " +
                             std::to_string(queue.settings.max_message_bytes) + " bytes.");
  }
  if (!is_message_text(m.body)) {
    return fail(models::sqs::errors::kInvalidMessageContents, std::string(kInvalidCharacters));
  }
  if (m.delay && (*m.delay < 0 || *m.delay > kMaxDelaySeconds)) {
    return invalid_parameter("Value " + std::to_string(*m.delay) +
                             " for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.");
  }
  if (queue.name.fifo()) return check_fifo(queue, m);
  if (!m.deduplication.empty()) return not_for_this_type(m.deduplication, "MessageDeduplicationId");
  if (!m.group.empty() && !is_fifo_id(m.group)) return invalid_id(m.group, "MessageGroupId");
  return {};
}

store::Key deduplication_key(const Queue& queue, const std::string& id) {
  return store::Key(kDeduplicationSpace).number(queue.id).text(id);
}

/// Forgets ids whose five minutes are over, a few at a time.
void sweep_deduplication(Queue& queue, Time now, store::Batch& batch) {
  for (std::size_t i = 0; i < kSweepPerSend && !queue.deduplication_expiry.empty(); ++i) {
    const auto& [expires, id] = queue.deduplication_expiry.front();
    if (expires > now) return;
    const auto found = queue.deduplication.find(id);
    if (found != queue.deduplication.end() && found->second.expires <= now) {
      batch.erase(deduplication_key(queue, id));
      queue.deduplication.erase(found);
    }
    queue.deduplication_expiry.pop_front();
  }
}

void remember(Queue& queue, const std::string& key, const Sqs::Prepared& prepared, Time now, store::Batch& batch) {
  const Queue::Sent sent{prepared.message_id, prepared.sequence, now + kDeduplicationInterval, false};
  store::RecordWriter record(kDeduplicationVersion);
  record.text(sent.message_id).number(sent.sequence).integer(sent.expires.time_since_epoch().count());
  batch.put(deduplication_key(queue, key), record.bytes());
  queue.deduplication[key] = sent;
  queue.deduplication_expiry.emplace_back(sent.expires, key);
}

/// After the commit of a message that was remembered.
void settle(Queue& queue, const Sqs::Prepared& message, bool committed) {
  const auto found = queue.deduplication.find(message.deduplication_key);
  if (found == queue.deduplication.end() || found->second.sequence != message.sequence) return;
  if (committed) {
    found->second.durable = true;
  } else {
    queue.deduplication.erase(found);
  }
}

MessageAttributes attributes_of(std::optional<MessageAttributes>& given) {
  return given ? std::move(*given) : MessageAttributes();
}

/// The only system attribute a sender may give is the X-Ray trace header. What came as the request's own counts where
/// none is given; it is in no digest.
template <class Map>
Result<std::string> trace_header_of(const std::optional<Map>& given) {
  if (!given) return std::string();
  for (const auto& [name, value] : *given) {
    if (name == "AWSTraceHeader" && value.data_type == "String" && value.string_value) continue;
    return invalid_parameter("Message system attribute name '" + name +
                             "' is invalid, or its type is: only AWSTraceHeader of type String is allowed.");
  }
  const auto found = given->find("AWSTraceHeader");
  return found == given->end() ? std::string() : *found->second.string_value;
}

template <class Request>
Result<Sqs::Outgoing> outgoing(const cloud::Call& call, Request& request) {
  Result<std::string> trace = trace_header_of(request.message_system_attributes);
  if (!trace) return std::unexpected(std::move(trace).error());
  Sqs::Outgoing m;
  m.body = std::move(*request.message_body);
  m.attributes = attributes_of(request.message_attributes);
  m.sender = call.scope.account;
  m.trace_header = trace->empty() ? call.trace_header : std::move(*trace);
  m.group = request.message_group_id.value_or("");
  m.deduplication = request.message_deduplication_id.value_or("");
  m.delay = request.delay_seconds;
  return m;
}

/// Of the trace header among the system attributes that were given; "" for none. After they were checked.
template <class Map>
std::string trace_md5(const std::optional<Map>& given) {
  const std::string trace = trace_header_of(given).value_or("");
  if (trace.empty()) return "";
  MessageAttributes attributes;
  attributes["AWSTraceHeader"].data_type = "String";
  attributes["AWSTraceHeader"].string_value = trace;
  return attributes_md5(attributes);
}

/// Fills what SendMessage and the entries of SendMessageBatch answer alike.
template <class Out>
void fill(Out& out, const Queue& queue, const Sqs::Prepared& prepared, const std::string& attributes_digest,
          const std::string& trace_digest) {
  out.message_id = prepared.message_id;
  out.md5_of_message_body = prepared.md5_of_body;
  if (!attributes_digest.empty()) out.md5_of_message_attributes = attributes_digest;
  if (!trace_digest.empty()) out.md5_of_message_system_attributes = trace_digest;
  if (queue.name.fifo()) out.sequence_number = sequence_text(prepared.sequence);
}

}  // namespace

std::string Sqs::deduplication_name(const Queue& queue, const Outgoing& m) {
  const std::string id = m.deduplication.empty() ? to_hex(sha256(m.body)) : m.deduplication;
  return queue.settings.deduplicate_by_group ? m.group + '\0' + id : id;
}

asio::awaitable<void> Sqs::wait_for_originals(Queue& queue, std::vector<std::string> names) {
  const auto is_settled = [&queue](const std::string& name) {
    const auto original = queue.deduplication.find(name);
    return original == queue.deduplication.end() || original->second.durable;
  };
  while (!std::ranges::all_of(names, is_settled)) {
    cloud::Wait wait(queue.owner);
    const cloud::Listed listed(queue.settling, &wait);
    co_await wait.until(house_.clock.now() + kSettlingCheck);
  }
}

std::string Sqs::encode_for(const Queue& queue, StoredMessage message) const {
  return queue.settings.sealed ? seal_message(std::move(message), house_.sealer, queue.arn) : encode_message(message);
}

Result<Sqs::Prepared> Sqs::prepare(Queue& queue, Outgoing m, store::Batch& batch) {
  Result<void> checked = check(queue, m);
  if (!checked) return std::unexpected(std::move(checked).error());
  const Time now = house_.clock.now();
  Prepared prepared;
  prepared.md5_of_body = to_hex(md5(m.body));
  prepared.bytes = m.body.size() + attributes_size(m.attributes);
  if (queue.name.fifo()) {
    if (m.deduplication.empty()) m.deduplication = to_hex(sha256(m.body));
    prepared.deduplication_key = deduplication_name(queue, m);
    sweep_deduplication(queue, now, batch);
    const auto before = queue.deduplication.find(prepared.deduplication_key);
    if (before != queue.deduplication.end() && before->second.expires > now) {
      prepared.duplicate = true;
      prepared.message_id = before->second.message_id;
      prepared.sequence = before->second.sequence;
      return prepared;
    }
  }
  prepared.sequence = queue.next_sequence(now);
  prepared.message_id = house_.random.uuid();
  prepared.state.sent = now;
  // Messages of FIFO queues have no delay of their own: 0 is taken, and is none.
  const bool own_delay = m.delay && !queue.name.fifo();
  prepared.state.visible_at = now + (own_delay ? std::chrono::seconds(*m.delay) : queue.settings.delay);
  prepared.group = m.group;
  if (queue.name.fifo()) remember(queue, prepared.deduplication_key, prepared, now, batch);
  batch.put(message_key(queue, prepared.sequence),
            encode_for(queue, {prepared.message_id, std::move(m.body), now, prepared.state.visible_at,
                               std::move(m.sender), std::move(m.trace_header), std::move(m.group),
                               std::move(m.deduplication), "", std::move(m.attributes)}));
  return prepared;
}

void Sqs::publish(Queue& queue, const std::vector<Prepared>& prepared, bool committed) {
  std::size_t added = 0;
  for (const Prepared& message : prepared) {
    if (message.duplicate) continue;
    if (queue.name.fifo()) settle(queue, message, committed);
    const Arrival arrival{message.state, message.group, message.bytes};
    const Queue::Added now = queue.settle(message.sequence, committed ? &arrival : nullptr);
    for (const std::size_t bytes : now.bytes) queue.measures.sent_size->add(static_cast<double>(bytes));
    added += now.messages;
  }
  for (cloud::Wait* wait : queue.settling) wait->wake();
  if (added == 0) return;
  queue.measures.sent->add(static_cast<double>(added));
  tell_depth(queue);
  queue.wake(added);
  queue.arm(house_.clock);
  // Those that were moved here may be older than all that were here before.
  const auto oldest = queue.index.oldest_sent();
  if (oldest && (!queue.retention_alarm || *oldest + queue.settings.retention < queue.retention_alarm->first)) {
    if (const QueuePointer pointer = find(queue.name)) arm_retention(pointer);
  }
}

Answer<model::SendMessageResult> Sqs::send(const cloud::Call& call, Queue& queue, model::SendMessageRequest request) {
  Result<Outgoing> message = outgoing(call, request);
  if (!message) co_return std::unexpected(std::move(message).error());
  const std::string trace_digest = trace_md5(request.message_system_attributes);
  if (queue.name.fifo()) {
    std::vector<std::string> names(1, deduplication_name(queue, *message));
    co_await wait_for_originals(queue, std::move(names));
    if (queue.deleted) co_return no_such_queue();
  }
  store::Batch batch;
  const MessageAttributes attributes = message->attributes;
  std::vector<Prepared> prepared(1);
  Result<Prepared> one = prepare(queue, std::move(*message), batch);
  if (!one) co_return std::unexpected(std::move(one).error());
  const std::string attributes_digest = attributes.empty() ? "" : attributes_md5(attributes);
  prepared[0] = std::move(*one);
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  publish(queue, prepared, committed.has_value());
  if (!committed) co_return std::unexpected(std::move(committed).error());
  model::SendMessageResult result;
  fill(result, queue, prepared[0], attributes_digest, trace_digest);
  co_return result;
}

Answer<model::SendMessageBatchResult> Sqs::send_batch(const cloud::Call& call, Queue& queue,
                                                      model::SendMessageBatchRequest request) {
  Result<void> checked = check_batch(*request.entries, "SendMessageBatchRequestEntry");
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (queue.name.fifo()) {
    checked = check_fifo_batch(queue, *request.entries);
    if (!checked) co_return std::unexpected(std::move(checked).error());
  }
  std::size_t bytes = 0;
  for (const auto& entry : *request.entries) {
    bytes += entry.message_body->size() + attributes_size(entry.message_attributes.value_or(MessageAttributes()));
  }
  if (bytes > kMaxBatchBytes) {
    co_return fail(model::errors::kBatchRequestTooLong, "Batch requests cannot be longer than " +
                                                            std::to_string(kMaxBatchBytes) + " bytes. You have sent " +
                                                            std::to_string(bytes) + " bytes.");
  }
  std::vector<Result<Outgoing>> messages;
  for (auto& entry : *request.entries) messages.push_back(outgoing(call, entry));
  if (queue.name.fifo()) {
    std::vector<std::string> names;
    for (const auto& message : messages) {
      if (message) names.push_back(deduplication_name(queue, *message));
    }
    co_await wait_for_originals(queue, std::move(names));
    if (queue.deleted) co_return no_such_queue();
  }
  model::SendMessageBatchResult result;
  store::Batch batch;
  std::vector<Prepared> prepared;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto& entry = (*request.entries)[i];
    Result<Outgoing>& message = messages[i];
    const std::string trace_digest = trace_md5(entry.message_system_attributes);
    const MessageAttributes attributes = message ? message->attributes : MessageAttributes();
    Result<Prepared> one = message ? prepare(queue, std::move(*message), batch)
                                   : Result<Prepared>(std::unexpected(std::move(message).error()));
    if (!one) {
      add_to(result.failed) = batch_error(*entry.id, one.error());
      continue;
    }
    auto& sent = add_to(result.successful);
    sent.id = *entry.id;
    fill(sent, queue, *one, attributes.empty() ? "" : attributes_md5(attributes), trace_digest);
    prepared.push_back(std::move(*one));
  }
  Result<void> committed = co_await house_.store.commit(std::move(batch));
  publish(queue, prepared, committed.has_value());
  if (!committed) co_return std::unexpected(std::move(committed).error());
  co_return result;
}

}  // namespace signalbox::sqs

// Message move tasks: bringing the messages of a dead-letter queue back. A task is a record in the store and a
// coroutine on the source queue's shard; after a restart the coroutine starts anew from the record.

#include <algorithm>

#include "base/encoding.h"
#include "json/json.h"
#include "services/sqs/sqs.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::sqs {
namespace {

constexpr std::size_t kMovedAtOnce = 100;
constexpr std::int32_t kMaxRate = 500;
constexpr std::int32_t kMaxListed = 10;
constexpr std::chrono::seconds kStep{1};

}  // namespace

struct Sqs::MoveTask {
  static constexpr std::uint8_t kVersion = 1;
  std::string id;
  std::string source;
  std::string destination;  // "" for each message's own source
  std::int32_t rate = 0;    // messages a second; 0 for as fast as it goes
  std::string status;
  std::string failure;
  Time started;
  std::int64_t moved = 0;
  std::int64_t to_move = 0;

  std::string handle() const {
    std::string text;
    json::Writer writer(text);
    writer.begin_object();
    writer.member("taskId", id);
    writer.member("sourceArn", source);
    writer.end_object();
    return to_base64(text);
  }
  store::Key key() const { return store::Key(kMoveTaskSpace).text(id); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("source", self.source)("destination", self.destination)("rate", self.rate)("status", self.status);
    field("failure", self.failure)("started", self.started)("moved", self.moved)("to_move", self.to_move);
  }
};

/// One hop for each shard.
asio::awaitable<std::vector<std::string>> Sqs::sources_of(const Queue& dead_letters) const {
  std::map<cloud::Shard*, std::vector<QueuePointer>> by_shard;
  for (QueuePointer& queue : queues_of(dead_letters.name.scope)) by_shard[&queue->owner].push_back(std::move(queue));
  std::vector<std::string> sources;
  for (const auto& [shard, queues] : by_shard) {
    co_await cloud::on(*shard, [&]() -> asio::awaitable<bool> {
      for (const QueuePointer& queue : queues) {
        if (queue->settings.dead_letter_arn == dead_letters.arn) sources.push_back(queue->arn);
      }
      co_return true;
    });
  }
  co_return sources;
}

Answer<model::StartMessageMoveTaskResult> Sqs::start_move(const cloud::Call& call,
                                                          model::StartMessageMoveTaskRequest request) {
  const QueuePointer source = find_arn(*request.source_arn);
  if (!source || source->name.scope != call.scope) {
    co_return fail(model::errors::kResourceNotFoundException,
                   "The resource that you specified for the SourceArn parameter doesn't exist.", 404);
  }
  const QueuePointer destination = find_arn(request.destination_arn.value_or(*request.source_arn));
  // In enforce mode its policy may let others send there; that was asked.
  const bool hidden =
      destination && destination->name.scope.account != call.scope.account && !house_.authority.enforcing();
  if (!destination || hidden) {
    co_return fail(model::errors::kResourceNotFoundException,
                   "The resource that you specified for the DestinationArn parameter doesn't exist.", 404);
  }
  if (destination->name.fifo() != source->name.fifo()) {
    co_return invalid_parameter("Source and destination must be queues of the same type.");
  }
  const std::int32_t rate = request.max_number_of_messages_per_second.value_or(0);
  if (request.max_number_of_messages_per_second && (rate < 1 || rate > kMaxRate)) {
    co_return invalid_parameter(
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must specify a "
        "value between 1 and 500.");
  }
  const std::vector<std::string> sources = co_await sources_of(*source);
  if (sources.empty()) {
    co_return invalid_parameter("Source queue must be configured as a Dead Letter Queue.");
  }
  const std::size_t to_move =
      co_await cloud::on(source->owner, [&]() -> asio::awaitable<std::size_t> { co_return source->index.size(); });
  co_return co_await cloud::on(house_.shards.at(0), [&]() -> Answer<model::StartMessageMoveTaskResult> {
    for (const auto& [id, other] : moves_) {
      if (other->source != source->arn || other->status != "RUNNING") continue;
      co_return fail(
          model::errors::kUnsupportedOperation,
          "There is already a task running. Only one active task is allowed for a source queue arn at a given "
          "time.");
    }
    const auto task = std::make_shared<MoveTask>();
    task->id = house_.random.uuid();
    task->source = source->arn;
    task->destination = request.destination_arn.value_or("");
    task->rate = rate;
    task->status = "RUNNING";
    task->started = house_.clock.now();
    task->to_move = static_cast<std::int64_t>(to_move);
    moves_[task->id] = task;
    store::Batch batch;
    batch.put(task->key(), store::encode(*task));
    forget_old_moves(source->arn, batch);
    Result<void> committed = co_await house_.store.commit(std::move(batch));
    if (!committed) {
      moves_.erase(task->id);
      co_return std::unexpected(std::move(committed).error());
    }
    house_.shards.at(0).spawn_waiting("sqs.move-task", run_move(task, source));
    model::StartMessageMoveTaskResult result;
    result.task_handle = task->handle();
    co_return result;
  });
}

/// ListMessageMoveTasks shows the ten newest of a source: those before them are forgotten.
void Sqs::forget_old_moves(const std::string& source, store::Batch& batch) {
  std::multimap<Time, std::string, std::greater<>> newest_first;
  for (const auto& [id, task] : moves_) {
    if (task->source == source) newest_first.emplace(task->started, id);
  }
  std::int32_t place = 0;
  for (const auto& [started, id] : newest_first) {
    const auto found = moves_.find(id);
    if (++place <= kMaxListed || found->second->status == "RUNNING") continue;
    batch.erase(found->second->key());
    moves_.erase(found);
  }
}

// On shard 0, where the tasks live; each batch is moved on the source's shard.
asio::awaitable<void> Sqs::run_move(std::shared_ptr<MoveTask> task, QueuePointer source) {
  cloud::Wait pause(house_.shards.at(0));
  const std::size_t at_once = task->rate == 0 ? kMovedAtOnce : static_cast<std::size_t>(task->rate);
  while (task->status == "RUNNING") {
    const bool more = co_await move_some(*task, *source, at_once);
    if (!more && task->status == "RUNNING") task->status = "COMPLETED";
    store::Batch batch;
    batch.put(task->key(), store::encode(*task));
    Result<void> saved = co_await house_.store.commit(std::move(batch));
    if (!saved) house_.log.warning("a message move task could not be saved", {{"why", saved.error().message}});
    if (more && task->rate != 0) co_await pause.until(house_.clock.now() + kStep);
  }
}

/// Moves up to `most` messages; false when there was none to move.
asio::awaitable<bool> Sqs::move_some(MoveTask& task, Queue& source, std::size_t most) {
  Result<std::size_t> moved = co_await cloud::on(source.owner, [&]() -> asio::awaitable<Result<std::size_t>> {
    const Time now = house_.clock.now();
    std::map<std::string, std::vector<std::pair<std::uint64_t, StoredMessage>>> by_destination;
    std::size_t count = 0;
    if (source.deleted) co_return count;
    const std::vector<std::uint64_t> taken = source.index.take(now, most);
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const std::uint64_t sequence = taken[i];
      Result<std::optional<StoredMessage>> read = read_message(source, sequence);
      if (!read) {
        source.index.put_back(std::span(taken).subspan(i));
        if (i == 0) co_return std::unexpected(std::move(read).error());
        break;
      }
      std::optional<StoredMessage>& message = *read;
      if (!message) {
        source.index.remove(sequence);
        continue;
      }
      source.index.set_aside(sequence, now, now + kMoveTime);
      std::string destination = task.destination.empty() ? message->dead_letter_source : task.destination;
      by_destination[std::move(destination)].emplace_back(sequence, std::move(*message));
      ++count;
    }
    for (auto& [destination, messages] : by_destination) {
      Result<void> done = co_await move_one_batch(source, destination, std::move(messages), Move::kBack);
      if (!done) co_return std::unexpected(std::move(done).error());
    }
    co_return count;
  });
  if (!moved) {
    task.status = "FAILED";
    const auto* shape = model::kService.find_error(moved.error().code);
    task.failure = shape != nullptr ? std::string(shape->query_code) : moved.error().code;
    co_return false;
  }
  task.moved += static_cast<std::int64_t>(*moved);
  co_return *moved > 0;
}

/// Puts messages into another queue and takes them out of this one, in one commit. Dead letters keep what they are,
/// only that FIFO queues count their age anew and know them by their ids; what a task brings back is sent anew
/// ("Configure a dead-letter queue redrive", "Dead-letter queue retention" in the SQS Developer Guide).
asio::awaitable<Result<void>> Sqs::move_one_batch(Queue& source, const std::string& destination,
                                                  std::vector<std::pair<std::uint64_t, StoredMessage>> messages,
                                                  Move move) {
  const QueuePointer target = find_arn(destination);
  Result<void> done = target ? Result<void>() : Result<void>(no_such_queue());
  if (destination.empty()) done = fail("CouldNotDetermineMessageSource", "The message came from no other queue.");
  std::map<std::uint64_t, MessageState> states;
  for (const auto& [sequence, message] : messages) {
    if (const MessageState* state = source.index.find(sequence)) states[sequence] = *state;
  }
  std::vector<Prepared> prepared;
  store::Batch batch;
  if (done) {
    done = co_await cloud::on(target->owner, [&]() -> asio::awaitable<Result<void>> {
      if (target->deleted) co_return no_such_queue();
      const Time now = house_.clock.now();
      for (auto& [sequence, message] : messages) {
        Prepared one;
        one.sequence = target->next_sequence(now);
        one.group = message.group;
        message.dead_letter_source = move == Move::kBack ? "" : source.arn;
        if (move == Move::kBack) message.id = house_.random.uuid();
        if (target->name.fifo()) message.deduplication = message.id;
        if (move == Move::kBack || target->name.fifo()) message.sent = now;
        message.visible_at = message.sent;
        if (move == Move::kToDeadLetters) {  // receives are counted over all queues
          one.state.receives = states[sequence].receives;
          one.state.first_received = states[sequence].first_received;
        }
        one.state.sent = one.state.visible_at = message.sent;
        if (one.state.receives > 0) batch.put(lease_key(*target, one.sequence), encode_lease(one.state));
        batch.put(message_key(*target, one.sequence), encode_for(*target, message));
        prepared.push_back(std::move(one));
      }
      co_return Result<void>();
    });
  }
  if (done) {
    for (const auto& [sequence, message] : messages) {
      batch.erase(message_key(source, sequence));
      batch.erase(lease_key(source, sequence));
    }
    done = co_await house_.store.commit(std::move(batch));
  }
  const Time now = house_.clock.now();
  for (const auto& [sequence, message] : messages) {
    if (done) {
      source.index.remove(sequence);
    } else if (source.index.find(sequence) != nullptr) {
      source.index.change_visibility(sequence, now, now);
    }
  }
  if (!prepared.empty()) {
    target->owner.post([this, target, prepared, durable = done.has_value()] { publish(*target, prepared, durable); });
  }
  co_return done;
}

Answer<model::CancelMessageMoveTaskResult> Sqs::cancel_move(const cloud::Call& call,
                                                            model::CancelMessageMoveTaskRequest request) {
  const auto text = from_base64(*request.task_handle);
  json::Document document;
  const auto handle = document.parse(text ? std::string_view(*text) : "");
  const auto id = handle ? handle->find("taskId") : std::nullopt;
  if (!id || !id->is_string()) {
    co_return invalid_parameter("Value for parameter TaskHandle is invalid.");
  }
  const auto named_source = handle->find("sourceArn");  // what the caller was authorised for
  const std::string named = named_source && named_source->is_string() ? named_source->as_string() : "";
  const std::string task_id = id->as_string();
  co_return co_await cloud::on(house_.shards.at(0), [&]() -> Answer<model::CancelMessageMoveTaskResult> {
    const auto found = moves_.find(task_id);
    const auto source = found == moves_.end() ? std::nullopt : cloud::Arn::parse(found->second->source);
    if (!source || source->text() != named || source->scope() != call.scope || found->second->status != "RUNNING") {
      co_return fail(model::errors::kResourceNotFoundException, "Task does not exist.", 404);
    }
    found->second->status = "CANCELLED";
    store::Batch batch;
    batch.put(found->second->key(), store::encode(*found->second));
    const std::int64_t moved = found->second->moved;
    Result<void> committed = co_await house_.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    model::CancelMessageMoveTaskResult result;
    result.approximate_number_of_messages_moved = moved;
    co_return result;
  });
}

Answer<model::ListMessageMoveTasksResult> Sqs::list_moves(const cloud::Call& call,
                                                          model::ListMessageMoveTasksRequest request) {
  const QueuePointer source = find_arn(*request.source_arn);
  if (!source || source->name.scope != call.scope) {
    co_return fail(model::errors::kResourceNotFoundException,
                   "The resource that you specified for the SourceArn parameter doesn't exist.", 404);
  }
  const std::int32_t most = request.max_results.value_or(1);
  if (most < 1 || most > kMaxListed) {
    co_return invalid_parameter(
        "Value for parameter MaxResults is invalid. Reason: You must specify a value between 1 "
        "and 10.");
  }
  co_return co_await cloud::on(house_.shards.at(0), [&]() -> Answer<model::ListMessageMoveTasksResult> {
    std::multimap<Time, const MoveTask*, std::greater<>> newest_first;
    for (const auto& [id, task] : moves_) {
      if (task->source == source->arn) newest_first.emplace(task->started, task.get());
    }
    model::ListMessageMoveTasksResult result;
    result.results.emplace();
    for (const auto& [started, task] : newest_first) {
      if (result.results->size() == static_cast<std::size_t>(most)) break;
      auto& entry = result.results->emplace_back();
      entry.status = task->status;
      entry.source_arn = task->source;
      if (task->status == "RUNNING") entry.task_handle = task->handle();
      if (!task->destination.empty()) entry.destination_arn = task->destination;
      if (task->rate != 0) entry.max_number_of_messages_per_second = task->rate;
      if (!task->failure.empty()) entry.failure_reason = task->failure;
      entry.approximate_number_of_messages_moved = task->moved;
      entry.approximate_number_of_messages_to_move = task->to_move;
      entry.started_timestamp = started.time_since_epoch().count();
    }
    co_return result;
  });
}

Result<void> Sqs::load_moves() {
  Result<void> loaded;
  store::Batch forgotten;
  const auto snapshot = house_.store.read();
  const store::Key all(kMoveTaskSpace);
  const Result<void> scanned = snapshot->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader parts(key);
    parts.text();
    const auto task = std::make_shared<MoveTask>();
    task->id = parts.text().value_or("");
    if (task->id.empty() || !parts.done() || !store::decode_into(*task, value)) {
      loaded = fail("StoreError", "The record of the message move task " + task->id + " in the store cannot be read.");
      return false;
    }
    const QueuePointer source = find_arn(task->source);
    if (!source) {  // nobody can ask for it any more, and it has nothing to move
      forgotten.erase(task->key());
      return true;
    }
    moves_[task->id] = task;
    if (task->status == "RUNNING") {
      house_.shards.at(0).spawn_waiting("sqs.move-task", run_move(task, source));
    }
    return true;
  });
  if (!forgotten.empty()) house_.store.commit_later(std::move(forgotten));
  return loaded ? scanned : loaded;
}

}  // namespace signalbox::sqs

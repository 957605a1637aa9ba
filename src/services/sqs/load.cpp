// What the store holds, read into memory at start.

#include <set>

#include "services/sqs/sqs.h"
#include "store/key.h"
#include "store/record.h"
#include "store/spaces.h"

namespace signalbox::sqs {
namespace {

std::unexpected<Error> broken(std::string_view kind, const Queue& queue, const std::string& name) {
  return fail("StoreError", "The " + std::string(kind) + " record " + name + " of the queue " + queue.arn +
                                " in the store cannot be read.");
}

Result<std::map<std::uint64_t, MessageState>> read_leases(const Queue& queue, const store::Snapshot& snapshot) {
  std::map<std::uint64_t, MessageState> leases;
  Result<void> loaded;
  const store::Key all = store::Key(kLeaseSpace).number(queue.id);
  const Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader parts(key);
    parts.text();
    parts.number();
    const auto sequence = parts.number();
    MessageState lease;
    if (!sequence || !parts.done() || !decode_lease(value, lease)) {
      loaded = broken("lease", queue, sequence ? std::to_string(*sequence) : "");
      return false;
    }
    leases[*sequence] = lease;
    return true;
  });
  if (!loaded) return std::unexpected(std::move(loaded).error());
  if (!scanned) return std::unexpected(scanned.error());
  return leases;
}

Result<void> read_deduplication(Queue& queue, const store::Snapshot& snapshot) {
  Result<void> loaded;
  const store::Key all = store::Key(kDeduplicationSpace).number(queue.id);
  std::multimap<Time, std::string> expiry;
  const Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader parts(key);
    parts.text();
    parts.number();
    const auto id = parts.text();
    store::RecordReader record(value, kDeduplicationVersion);
    Queue::Sent sent;
    sent.message_id = record.text();
    sent.sequence = record.number();
    sent.durable = true;
    sent.expires = Time(Duration(record.integer()));
    if (!id || !parts.done() || !record.complete()) {
      loaded = broken("deduplication", queue, id.value_or(""));
      return false;
    }
    expiry.emplace(sent.expires, *id);
    queue.last_sequence = std::max(queue.last_sequence, sent.sequence);
    queue.deduplication[*id] = std::move(sent);
    return true;
  });
  for (auto& [expires, id] : expiry) queue.deduplication_expiry.emplace_back(expires, id);
  return loaded ? scanned : loaded;
}

}  // namespace

Result<void> Sqs::load() {
  const auto snapshot = house_.store.read();
  Result<void> loaded;
  const store::Key all(kQueueSpace);
  const Result<void> scanned = snapshot->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader parts(key);
    parts.text();
    const auto account = parts.text();
    const auto region = parts.text();
    const auto name = parts.text();
    if (!account || !region || !name || !parts.done()) {
      loaded = fail("StoreError", "The key of a queue record in the store cannot be read.");
      return false;
    }
    const QueueName queue_name{{*account, *region}, *name};
    auto record = store::decode<QueueRecord>(value);
    if (!record) {
      loaded = fail("StoreError", "The record of the queue " + queue_name.arn() + " in the store cannot be read.");
      return false;
    }
    const auto queue =
        std::make_shared<Queue>(queue_name, record->id, house_.shards.owner(queue_name.arn()), house_.measures);
    Result<Settings> settings = read_settings(record->attributes, queue_name.fifo());
    if (!settings) {
      loaded = fail("StoreError",
                    "The queue " + queue->arn + " has settings that cannot be read: " + settings.error().message);
      return false;
    }
    queue->attributes = std::move(record->attributes);
    queue->settings = std::move(*settings);
    queue->tags = std::move(record->tags);
    queue->created = record->created;
    queue->modified = record->modified;
    directory_[queue_name] = queue;
    loaded = load_queue(queue, *snapshot);
    return loaded.has_value();
  });
  if (!loaded) return loaded;
  if (!scanned) return scanned;
  Result<void> swept = erase_orphans(*snapshot);
  if (!swept) return swept;
  return load_moves();
}

Result<void> Sqs::erase_orphans(const store::Snapshot& snapshot) {
  std::set<std::uint64_t> known;
  for (const auto& [name, queue] : directory_) known.insert(queue->id);
  store::Batch batch;
  for (const std::string_view space : {kMessageSpace, kLeaseSpace, kDeduplicationSpace}) {
    Result<void> found = store::erase_orphans(snapshot, space, known, batch);
    if (!found) return found;
  }
  if (!batch.empty()) house_.store.commit_later(std::move(batch));
  return {};
}

Result<void> Sqs::load_queue(const QueuePointer& queue, const store::Snapshot& snapshot) {
  const Time now = house_.clock.now();
  const auto leases = read_leases(*queue, snapshot);
  if (!leases) return std::unexpected(leases.error());
  Result<void> loaded = read_deduplication(*queue, snapshot);
  if (!loaded) return loaded;
  const store::Key all = store::Key(kMessageSpace).number(queue->id);
  const Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader parts(key);
    parts.text();
    parts.number();
    const auto sequence = parts.number();
    const auto head = decode_message_head(value);
    if (!sequence || !parts.done() || !head) {
      loaded = broken("message", *queue, sequence ? std::to_string(*sequence) : "");
      return false;
    }
    MessageState state;
    state.sent = head->sent;
    state.visible_at = head->visible_at;
    if (const auto lease = leases->find(*sequence); lease != leases->end()) {
      state = lease->second;
      state.sent = head->sent;
      state.in_flight = state.visible_at > now;
    }
    queue->index.add(*sequence, state, head->group);
    queue->last_sequence = std::max(queue->last_sequence, *sequence);
    return true;
  });
  if (!loaded) return loaded;
  if (!scanned) return scanned;
  queue->index.run_due(now);
  queue->arm(house_.clock);
  arm_retention(queue);
  queue->touched = now;
  watch_depth(*queue);
  return {};
}

}  // namespace signalbox::sqs

#include "services/logs/group.h"

#include <algorithm>

#include "services/logs/chunk.h"

namespace signalbox::logs {

std::unexpected<Error> unreadable(std::string_view what) {
  return fail("InternalFailure", "The stored " + std::string(what) + " cannot be read.", 500);
}

void StreamTable::add(StreamPtr stream) {
  const std::unique_lock lock(mutex_);
  const std::uint32_t id = stream->record.id;
  if (by_id_.size() <= id) by_id_.resize(id + 1);
  by_id_[id] = stream;
  by_name_[stream->name] = std::move(stream);
}

void StreamTable::remove(const Stream& stream) {
  const std::unique_lock lock(mutex_);
  const std::uint32_t id = stream.record.id;
  const auto found = by_name_.find(stream.name);
  if (found != by_name_.end()) by_name_.erase(found);
  by_id_[id] = nullptr;
}

StreamPtr StreamTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<StreamPtr> StreamTable::find_all(const std::vector<std::uint32_t>& ids) const {
  std::vector<StreamPtr> found;
  found.reserve(ids.size());
  const std::shared_lock lock(mutex_);
  for (const std::uint32_t id : ids) found.push_back(id < by_id_.size() ? by_id_[id] : nullptr);
  return found;
}

Group::Group(GroupRecord record, cloud::Shard& owner, store::Store& store)
    : id(record.id),
      name(record.name),
      shard(owner),
      store_(store),
      record_(std::make_shared<const GroupRecord>(std::move(record))) {}

std::shared_ptr<const GroupRecord> Group::record() const {
  const std::lock_guard lock(record_mutex_);
  return record_;
}

void Group::set_record(GroupRecord record) {
  auto made = std::make_shared<const GroupRecord>(std::move(record));
  const std::lock_guard lock(record_mutex_);
  record_ = std::move(made);
}

Result<void> Group::open() {
  if (opened_) return {};
  const auto snapshot = store_.read();
  Result<void> done = open_streams(*snapshot);
  if (done) done = open_filters(*snapshot);
  if (done) done = open_chunks(*snapshot);
  if (done) done = open_tail(*snapshot);
  opened_ = done.has_value();
  return done;
}

Result<void> Group::open_streams(const store::Snapshot& snapshot) {
  bool broken = false;
  const store::Key all = streams_key(id);
  Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    const auto stream_name = name_in_key(key);
    const auto record = store::decode<StreamRecord>(value);
    broken = !stream_name || !record;
    if (broken) return false;
    streams_->add(std::make_shared<Stream>(Stream{*stream_name, *record}));
    next_stream = std::max(next_stream, record->id + 1);
    return true;
  });
  if (!scanned) return scanned;
  if (broken) return unreadable("log stream");
  const auto next = snapshot.get(next_stream_key(id));
  if (!next) return std::unexpected(next.error());
  if (*next)
    next_stream = std::max(
        next_stream,
        static_cast<std::uint32_t>(store::decode<store::NumberRecord>(**next).value_or(store::NumberRecord{}).value));
  return {};
}

Result<void> Group::open_filters(const store::Snapshot& snapshot) {
  bool broken = false;
  const store::Key to = subscriptions_key(id);
  Result<void> scanned = snapshot.scan(to, to.end(), [&](std::string_view, std::string_view value) {
    auto record = store::decode<SubscriptionRecord>(value);
    auto pattern = record ? filter::Pattern::compile(record->pattern, filter::Characters::kAny) : fail("", "");
    broken = !pattern;
    if (broken) return false;
    std::string filter = record->name;
    subscriptions[std::move(filter)] = {*std::move(record), *std::move(pattern)};
    return true;
  });
  if (!scanned) return scanned;
  const store::Key measured = metric_filters_key(id);
  scanned = snapshot.scan(measured, measured.end(), [&](std::string_view, std::string_view value) {
    auto record = store::decode<MetricFilterRecord>(value);
    auto pattern = record ? filter::Pattern::compile(record->pattern, filter::Characters::kAny) : fail("", "");
    broken = broken || !pattern;
    if (broken) return false;
    std::string filter = record->name;
    metric_filters[std::move(filter)] = {*std::move(record), *std::move(pattern)};
    return true;
  });
  if (!scanned) return scanned;
  return broken ? unreadable("filter of a log group") : Result<void>();
}

Result<void> Group::open_chunks(const store::Snapshot& snapshot) {
  bool broken = false;
  ChunkList found;
  const store::Key all = chunk_index_key(id);
  Result<void> scanned = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    const auto number = number_in_key(key);
    auto info = number ? store::decode<ChunkInfo>(value) : std::nullopt;
    broken = !info;
    if (broken) return false;
    info->id = *number;
    next_chunk = *number + 1;
    found.push_back(std::make_shared<const ChunkInfo>(*std::move(info)));
    return true;
  });
  if (!scanned) return scanned;
  if (broken) return unreadable("index of log events");
  first_uncertain_chunk = next_chunk;
  set_chunks(std::move(found));
  return {};
}

Result<void> Group::open_tail(const store::Snapshot& snapshot) {
  const auto stored = snapshot.get(head_key(id));
  if (!stored) return std::unexpected(stored.error());
  if (*stored) head = store::decode<store::NumberRecord>(**stored).value_or(store::NumberRecord{}).value;
  next_number_ = head;
  bool broken = false;
  Result<void> scanned =
      snapshot.scan(frame_key(id, head), tail_key(id).end(), [&](std::string_view key, std::string_view value) {
        const auto number = number_in_key(key);
        FrameReader frame(value, number.value_or(0));
        StreamRecord seen;
        std::uint64_t bytes = 0;
        while (const auto event = frame.next()) {
          seen.count(event->at.time, event->at.time, event->ingested);
          bytes += event->message.size() + kEventOverhead;
        }
        broken = !number || !frame.ok();
        if (broken) return false;
        next_number_ = *number + frame.count();
        count_frame(bytes, seen.last);
        if (const StreamPtr stream = streams_->find(frame.stream())) {
          stream->record.count(seen.first, seen.last, seen.ingested);
        }
        return true;
      });
  if (!scanned) return scanned;
  return broken ? unreadable("log events") : Result<void>();
}

View Group::view(Time now) const {
  return {streams_, id, head, chunks_, first_uncertain_chunk, record()->expired_before(now), store_.read()};
}

std::uint64_t Group::begin_frame(std::uint64_t count) {
  const std::uint64_t first = next_number_;
  next_number_ += count;
  pending_.insert(first);
  last_begun_ = first;
  return first;
}

void Group::settle_frame(std::uint64_t first_number) {
  pending_.erase(first_number);
}

void Group::count_frame(std::uint64_t bytes, Millis max_time) {
  tail_bytes += bytes;
  ++tail_frames;
  tail_max_time = std::max(tail_max_time, max_time);
}

void Group::set_chunks(ChunkList chunks) {
  sealed_bytes_ = 0;
  for (const auto& chunk : chunks) sealed_bytes_ += chunk->bytes;
  chunks_ = std::make_shared<const ChunkList>(std::move(chunks));
}

}  // namespace signalbox::logs

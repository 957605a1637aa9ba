#include "services/kinesis/kinesis.h"

#include <set>

#include "services/kinesis/absent.h"
#include "services/kinesis/access.h"
#include "services/kinesis/core.h"
#include "services/kinesis/event_target.h"
#include "services/kinesis/pipe_source.h"
#include "store/spaces.h"

namespace signalbox::kinesis {
namespace {

std::unexpected<Error> broken(std::string_view what) {
  return fail("StoreError", "The record of " + std::string(what) + " in the store cannot be read.");
}

Result<StreamPtr> read_stream(const cloud::House& house, std::string_view key, std::string_view value) {
  store::KeyReader parts(key);
  parts.text();
  StreamName name;
  for (std::string* part : {&name.scope.account, &name.scope.region, &name.name}) {
    auto text = parts.text();
    if (!text) return broken("a stream");
    *part = *std::move(text);
  }
  auto record = store::decode<StreamRecord>(value);
  if (!record) return broken(described(name));
  cloud::Shard& owner = house.shards.owner(name.arn());
  return std::make_shared<Stream>(std::move(name), *std::move(record), owner, house);
}

/// Reads the shards, and finds the last sequence that was given out: by a clock that stands still, or was set back,
/// records may have higher ones than the time says.
Result<void> load_shards(const Core& core, const store::Snapshot& snapshot, Stream& stream) {
  const store::Key all = store::Key(kShardSpace).number(stream.id);
  Result<void> done = store::each_record(snapshot, all, [&](std::string_view, std::string_view value) -> Result<void> {
    auto shard = store::decode<Shard>(value);
    if (!shard) return broken("a shard of " + described(stream.name));
    stream.last_sequence = std::max({stream.last_sequence, shard->starting, shard->ending.value_or(0)});
    stream.layout.restore(*shard);
    return {};
  });
  if (!done) return done;
  if (stream.layout.open_count() == 0) return broken("the shards of " + described(stream.name));
  const std::uint64_t from = std::max(stream.last_sequence, first_sequence_at(core.house.clock.now()));
  for (const auto& [index, shard] : stream.layout.shards()) {
    if (!shard.open()) continue;
    done = snapshot.scan(record_key(stream.id, index, from), record_key(stream.id, index, ~std::uint64_t{0}),
                         [&](std::string_view key, std::string_view) {
                           store::KeyReader parts(key);
                           parts.text();
                           parts.number();
                           parts.number();
                           stream.last_sequence = std::max(stream.last_sequence, parts.number().value_or(0));
                           return true;
                         });
    if (!done) return done;
  }
  return done;
}

Result<void> load_consumers(const store::Snapshot& snapshot, Stream& stream) {
  const store::Key all = store::Key(kConsumerSpace).number(stream.id);
  return store::each_record(snapshot, all, [&](std::string_view, std::string_view value) -> Result<void> {
    auto consumer = store::decode<Consumer>(value);
    if (!consumer) return broken("a consumer of " + described(stream.name));
    const std::string name = consumer->name;
    stream.consumers[name] = *std::move(consumer);
    return {};
  });
}

/// Removes what is left of streams that are gone: a put in flight may write records behind its stream's deletion.
Result<void> erase_orphans(const Core& core, const store::Snapshot& snapshot) {
  std::set<std::uint64_t> known;
  for (const auto& [name, stream] : core.all()) known.insert(stream->id);
  store::Batch batch;
  for (const std::string_view space : {kShardSpace, kRecordSpace, kConsumerSpace}) {
    Result<void> found = store::erase_orphans(snapshot, space, known, batch);
    if (!found) return found;
  }
  if (!batch.empty()) core.house.store.commit_later(std::move(batch));
  return {};
}

}  // namespace

Kinesis::Kinesis(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(model::kService);
  describe_access(*core_);
  answer_absent(house);
  register_stream_operations(*core_);
  register_setting_operations(*core_);
  register_shard_operations(*core_);
  register_put_operations(*core_);
  register_read_operations(*core_);
  register_tag_operations(*core_);
  register_consumer_operations(*core_);
  house.event_targets.add("kinesis", std::make_unique<StreamTarget>(*core_));
  house.pipe_ends.streams = std::make_unique<PipeSource>(*core_);
}

Kinesis::~Kinesis() = default;

Result<void> Kinesis::load() {
  const auto snapshot = core_->house.store.read();
  Result<void> done =
      store::each_record(*snapshot, store::Key(kStreamSpace), [&](auto key, auto value) -> Result<void> {
        auto stream = read_stream(core_->house, key, value);
        if (!stream) return std::unexpected(std::move(stream).error());
        core_->put(*stream);
        Result<void> consumers = load_consumers(*snapshot, **stream);
        return consumers ? load_shards(*core_, *snapshot, **stream) : consumers;
      });
  if (!done) return done;
  for (const auto& [name, stream] : core_->all()) trim(*core_, stream);
  return erase_orphans(*core_, *snapshot);
}

}  // namespace signalbox::kinesis

#include "store/timers.h"

#include <utility>

#include "store/key.h"
#include "store/record.h"

namespace signalbox::store {
namespace {

constexpr std::string_view kSpace = "timer";
constexpr std::uint8_t kVersion = 1;

Key key_of(std::string_view kind, std::string_view id) {
  return Key(kSpace).text(kind).text(id);
}

}  // namespace

void Timers::handle(std::string kind, Handler handler) {
  handlers_[std::move(kind)] = std::move(handler);
}

Result<void> Timers::load() {
  Result<void> loaded;
  const auto snapshot = store_.read();
  const Key all(kSpace);
  const Result<void> scanned = snapshot->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    KeyReader parts(key);
    parts.text();
    auto kind = parts.text();
    auto id = parts.text();
    RecordReader record(value, kVersion);
    const Time due{Duration(record.integer())};
    std::string payload = record.text();
    if (!kind || !id || !parts.done() || !record.complete()) {
      loaded = fail("StoreError", "A timer record in the store cannot be read.");
    } else if (!handlers_.contains(*kind)) {
      loaded = fail("StoreError", "The store has a timer of the unknown kind " + *kind + ".");
    } else {
      armed(std::move(*kind), std::move(*id), due, std::move(payload));
    }
    return loaded.has_value();
  });
  return loaded ? scanned : loaded;
}

void Timers::set(Batch& batch, std::string_view kind, std::string_view id, Time due, std::string_view payload) {
  RecordWriter record(kVersion);
  record.integer(due.time_since_epoch().count()).text(payload);
  batch.put(key_of(kind, id), record.bytes());
}

void Timers::armed(std::string kind, std::string id, Time due, std::string payload) {
  const auto name = std::make_pair(kind, id);
  if (const auto before = armed_.find(name); before != armed_.end()) alarms_.cancel(before->second.handle);
  const auto handle = alarms_.set(due, [this, name, due, payload = std::move(payload)]() mutable {
    armed_.erase(name);
    handlers_.find(name.first)->second(name.second, std::move(payload), due);
  });
  armed_.insert_or_assign(name, Armed{due, handle});
}

void Timers::clear(Batch& batch, std::string_view kind, std::string_view id) {
  batch.erase(key_of(kind, id));
  const auto found = armed_.find({std::string(kind), std::string(id)});
  if (found == armed_.end()) return;
  alarms_.cancel(found->second.handle);
  armed_.erase(found);
}

}  // namespace signalbox::store

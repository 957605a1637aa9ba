#include "base/alarms.h"

namespace signalbox {

Alarms::Handle Alarms::set(Time due, std::function<void()> fire) {
  const Handle handle{due, ++sequence_};
  const auto place = pending_.emplace(handle, std::move(fire)).first;
  if (place == pending_.begin() && next_changed_) next_changed_();
  return handle;
}

bool Alarms::cancel(const Handle& handle) {
  return pending_.erase(handle) != 0;
}

std::optional<Time> Alarms::next() const {
  if (pending_.empty()) return std::nullopt;
  return pending_.begin()->first.first;
}

void Alarms::run_due(Time now) {
  while (!pending_.empty() && pending_.begin()->first.first <= now) {
    auto node = pending_.extract(pending_.begin());
    node.mapped()();
  }
}

}  // namespace signalbox

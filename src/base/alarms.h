// Wake-ups ordered by time, for one thread: a plain structure that whoever owns the thread drives with a clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace signalbox {

/// Not thread-safe: set, cancel and run_due belong to the owning thread. Alarms due at the same time fire in the
/// order they were set.
class Alarms {
 public:
  using Handle = std::pair<Time, std::uint64_t>;

  /// Calls `fire` once, when run_due reaches `due`.
  Handle set(Time due, std::function<void()> fire);

  /// True when the alarm had not fired yet and now will not.
  bool cancel(const Handle& handle);

  /// When the next alarm is due; empty when none is set.
  std::optional<Time> next() const;

  /// Fires, in order of time, every alarm due at or before `now`, including those that firing sets.
  void run_due(Time now);

  /// Called whenever the earliest due time changes, so that the owner can arm its real timer anew.
  void on_next_changed(std::function<void()> observer) { next_changed_ = std::move(observer); }

 private:
  std::map<Handle, std::function<void()>> pending_;
  std::uint64_t sequence_ = 0;
  std::function<void()> next_changed_;
};

}  // namespace signalbox

// Time as a value and a dependency: nothing in Signalbox asks the system clock itself.
#pragma once

#include <atomic>
#include <chrono>

namespace signalbox {

using Duration = std::chrono::milliseconds;
/// A moment in UTC, to the millisecond (the resolution of every timestamp the AWS APIs carry).
using Time = std::chrono::sys_time<Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
};

/// A clock that moves only when told. Thread-safe.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Time start) : now_(start) {}
  Time now() const override { return now_.load(); }
  void set(Time time) { now_.store(time); }
  void advance(Duration by) { now_.store(now_.load() + by); }

 private:
  std::atomic<Time> now_;
};

}  // namespace signalbox

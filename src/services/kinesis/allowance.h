// What a shard may take or give in a second: a bucket of tokens that fills by itself.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace signalbox::kinesis {

/// A moment by the server's clock and by the machine's. A clock that stands still for a test holds nobody up: whoever
/// reads or writes is outside, where time goes on; and a clock that jumps brings what it jumped over.
struct Moment {
  Time clock{};
  std::chrono::steady_clock::time_point steady{};
};

class Allowance {
 public:
  /// Full: one second's worth.
  explicit Allowance(double per_second) : per_second_(per_second), left_(per_second) {}

  /// Whether `amount`, or a whole second's worth where that is less, is there.
  bool has(double amount, const Moment& now) {
    fill(now);
    return left_ >= std::min(amount, per_second_);
  }
  /// Takes it, on credit where it is more than there is.
  void take(double amount) { left_ -= amount; }

 private:
  void fill(const Moment& now) {
    const auto by_clock = std::chrono::duration<double>(now.clock - last_.clock);
    const auto by_machine = std::chrono::duration<double>(now.steady - last_.steady);
    const double seconds = std::max({by_clock.count(), by_machine.count(), 0.0});
    left_ = std::min(per_second_, left_ + seconds * per_second_);
    last_ = now;
  }

  double per_second_;
  double left_;
  Moment last_{};
};

}  // namespace signalbox::kinesis

// How much a client of HTTP/2 may ask that is no request: pings, settings, resets and the like are cheap to send and
// cost work each. A bucket that fills with time, and with what the client fetches.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace signalbox::http {

class Calm {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  explicit Calm(Moment now) : since_(now) {}

  /// False when the client asks too much.
  bool spend(std::int64_t tokens, Moment now) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_).count();
    if (passed > 0) {
      since_ = now;
      left_ = std::min(kMost, left_ + passed * kPerSecond / 1000);
    }
    left_ -= tokens;
    return left_ >= 0;
  }
  void earn(std::int64_t tokens) { left_ = std::min(kMost, left_ + tokens); }

 private:
  static constexpr std::int64_t kMost = 2000;
  static constexpr std::int64_t kPerSecond = 200;
  Moment since_;
  std::int64_t left_ = kMost;
};

}  // namespace signalbox::http

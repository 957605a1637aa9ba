// The virtual clock from outside: where it stands, and moving it so that everything due happens on the way, in order.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "cloud/shards.h"
#include "cloud/turns.h"
#include "http/message.h"
#include "store/store.h"

namespace signalbox::server {

namespace asio = boost::asio;

/// "90", "90s", "15m", "1d12h": whole numbers of days, hours, minutes and seconds. Empty optional on anything else.
std::optional<Duration> parse_duration(std::string_view text);

/// Answers /_signalbox/clock. With the system's clock it can only be read.
class ClockControl {
 public:
  /// `moved` is null for the system's clock, else it is `clock`. All are borrowed.
  ClockControl(const Clock& clock, VirtualClock* moved, cloud::Shards& shards, store::Store& store, Metrics& metrics);

  /// A virtual clock goes on from where it stood when the store was last used. Before the shards start.
  Result<void> load();

  /// GET: {"mode":"virtual","now":"..."}. POST {"advance":"1d"} or {"set":"2026-11-24T09:00:00Z"}: the same, once all
  /// that was due until then is done. Errors: 400 with what is wrong, 409 for the system's clock.
  asio::awaitable<http::Response> answer(const http::Request& request);

 private:
  Result<Time> target_of(std::string_view body) const;
  asio::awaitable<Result<void>> move_to(Time target);
  /// On shard 0, in turn.
  asio::awaitable<Result<void>> step_to(Time target);
  asio::awaitable<std::optional<Time>> next_due();
  asio::awaitable<void> fire_due();
  /// Returns when nothing goes on any more that the clock set off, and the clock's time is stored.
  asio::awaitable<Result<void>> settle();
  asio::awaitable<void> visit_shards();
  bool working();

  const Clock& clock_;
  VirtualClock* moved_;
  cloud::Shards& shards_;
  store::Store& store_;
  Counter& commits_;
  cloud::Turns turns_;
};

}  // namespace signalbox::server

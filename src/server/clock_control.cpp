#include "server/clock_control.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>

#include "base/time_text.h"
#include "json/json.h"
#include "server/json_answer.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::server {
namespace {

constexpr std::uint8_t kVersion = 1;
/// Far enough for anybody, and near enough that sums of times stay in range.
constexpr Time kLast = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
/// Work that goes from shard to shard shows again at the store within so many visits to all.
constexpr int kVisits = 4;
/// Calls from outside keep a busy server from coming to rest; this many looks are enough then.
constexpr int kMaxLooks = 1000;

store::Key clock_key() {
  return store::Key("server.clock");
}

std::optional<Duration> unit_of(char letter) {
  switch (letter) {
    case 'd':
      return std::chrono::days(1);
    case 'h':
      return std::chrono::hours(1);
    case 'm':
      return std::chrono::minutes(1);
    case 's':
      return std::chrono::seconds(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Duration sum{0};
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = text.empty() ? unit_of('s') : unit_of(text.front());
    if (!unit) return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
    sum += *unit * count;
  }
  return sum;
}

ClockControl::ClockControl(const Clock& clock, VirtualClock* moved, cloud::Shards& shards, store::Store& store,
                           Metrics& metrics)
    : clock_(clock),
      moved_(moved),
      shards_(shards),
      store_(store),
      commits_(metrics.counter("signalbox_store_commits_total", "Batches committed.")) {}

Result<void> ClockControl::load() {
  if (moved_ == nullptr) return {};
  const auto stored = store_.get(clock_key());
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return {};
  store::RecordReader in(**stored, kVersion);
  const Time time{Duration(in.integer())};
  if (!in.complete()) return fail("StoreError", "The record of the virtual clock cannot be read.");
  moved_->set(time);
  return {};
}

asio::awaitable<http::Response> ClockControl::answer(const http::Request& request) {
  if (request.method == "POST") {
    if (moved_ == nullptr) {
      co_return error_response(409, "The clock is the system's. Start the server with --clock virtual to move it.");
    }
    const auto target = target_of(request.body);
    if (!target) co_return error_response(400, target.error().message);
    Result<void> moved = co_await move_to(*target);
    if (!moved)
      co_return error_response(moved.error().code == "ValidationException" ? 400 : 500, moved.error().message);
  } else if (request.method != "GET") {
    co_return error_response(405, "GET or POST.");
  }
  co_return json_response(200, std::string(R"({"mode":")") + (moved_ == nullptr ? "system" : "virtual") +
                                   R"(","now":")" + to_iso8601_millis(clock_.now()) + "\"}\n");
}

Result<Time> ClockControl::target_of(std::string_view body) const {
  json::Document document;
  const auto root = document.parse(body);
  const auto wrong = [] {
    return fail("ValidationException", R"(Send {"advance":"1d12h"} or {"set":"2026-11-24T09:00:00Z"}.)");
  };
  if (!root || !root->is_object()) return wrong();
  const auto advance = root->find("advance");
  const auto set = root->find("set");
  if (advance.has_value() == set.has_value()) return wrong();
  std::optional<Time> target;
  if (set) {
    if (set->is_string()) target = from_iso8601(set->as_string());
  } else {
    const auto by = parse_duration(advance->is_string() ? advance->as_string() : std::string(advance->raw()));
    if (by) target = clock_.now() + *by;
  }
  if (!target) return wrong();
  if (*target > kLast) return fail("ValidationException", "The clock ends with the year 9999.");
  return *target;
}

asio::awaitable<Result<void>> ClockControl::move_to(Time target) {
  auto in_turn = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await turns_.take();
    co_return co_await step_to(target);
  };
  co_return co_await cloud::on(shards_.at(0), std::ref(in_turn));
}

asio::awaitable<Result<void>> ClockControl::step_to(Time target) {
  if (target < clock_.now()) {
    co_return fail("ValidationException",
                   "It is " + to_iso8601_millis(clock_.now()) + " already: time does not go back.");
  }
  // What was set off before is to see the time as it was.
  Result<void> settled = co_await settle();
  while (settled) {
    const auto due = co_await next_due();
    if (!due || *due > target) break;
    moved_->set(std::max(clock_.now(), *due));
    co_await fire_due();
    settled = co_await settle();
  }
  if (!settled) co_return settled;
  moved_->set(target);
  settled = co_await settle();
  co_return settled;
}

asio::awaitable<std::optional<Time>> ClockControl::next_due() {
  std::optional<Time> first;
  for (std::size_t i = 0; i < shards_.count(); ++i) {
    cloud::Shard& shard = shards_.at(i);
    const auto next =
        co_await cloud::on(shard, [&]() -> asio::awaitable<std::optional<Time>> { co_return shard.alarms().next(); });
    if (next && (!first || *next < *first)) first = next;
  }
  co_return first;
}

asio::awaitable<void> ClockControl::fire_due() {
  for (std::size_t i = 0; i < shards_.count(); ++i) {
    cloud::Shard& shard = shards_.at(i);
    co_await cloud::on(shard, [&]() -> asio::awaitable<void> {
      shard.run_due();
      co_return;
    });
  }
}

asio::awaitable<void> ClockControl::visit_shards() {
  for (int visit = 0; visit < kVisits; ++visit) {
    for (std::size_t i = 0; i < shards_.count(); ++i) co_await asio::post(shards_.at(i).loop(), asio::use_awaitable);
  }
}

bool ClockControl::working() {
  for (std::size_t i = 0; i < shards_.count(); ++i) {
    if (shards_.at(i).working()) return true;
  }
  return false;
}

asio::awaitable<Result<void>> ClockControl::settle() {
  for (int look = 0; look < kMaxLooks;) {
    co_await visit_shards();
    const auto before = commits_.value();
    // Commits take effect in order: behind this one, all that were under way are done.
    store::Batch batch;
    batch.put(clock_key(),
              std::move(store::RecordWriter(kVersion).integer(clock_.now().time_since_epoch().count())).take());
    Result<void> stored = co_await store_.commit(std::move(batch));
    if (!stored) co_return stored;
    co_await visit_shards();
    if (working()) continue;
    if (commits_.value() == before + 1) break;
    ++look;
  }
  co_return Result<void>();
}

}  // namespace signalbox::server

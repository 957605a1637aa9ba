#include "cloud/tap.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <unordered_set>

#include "base/time_text.h"
#include "json/json.h"
#include "pattern/pattern.h"
#include "pattern/unbounded.h"

namespace signalbox::cloud {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr auto kAbandonedAfter = std::chrono::minutes(1);

std::string_view text_of(DeliveryNote::Outcome outcome) {
  switch (outcome) {
    case DeliveryNote::Outcome::kDelivered:
      return "delivered";
    case DeliveryNote::Outcome::kRetrying:
      return "retrying";
    case DeliveryNote::Outcome::kDeadLettered:
      return "dead-lettered";
    case DeliveryNote::Outcome::kDropped:
      return "dropped";
  }
  return "";
}

std::string event_line(Time now, std::string_view bus, std::string_view text, std::span<const std::string_view> rules) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.member("kind", "event");
  writer.member("time", to_iso8601_millis(now));
  writer.member("bus", bus);
  writer.key("rules");
  writer.begin_array();
  for (const std::string_view rule : rules) writer.string(rule);
  writer.end_array();
  writer.key("event");
  writer.raw(text);
  writer.end_object();
  return line;
}

std::string note_line(Time now, const DeliveryNote& note) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.member("kind", "delivery");
  writer.member("time", to_iso8601_millis(now));
  writer.member("event", note.event_id);
  writer.member("rule", note.rule);
  writer.member("target", note.target);
  writer.member("outcome", text_of(note.outcome));
  writer.key("attempts");
  writer.number(note.attempts);
  if (!note.code.empty()) writer.member("code", note.code);
  if (!note.message.empty()) writer.member("message", note.message);
  if (note.next_attempt) writer.member("nextAttempt", to_iso8601_millis(*note.next_attempt));
  writer.end_object();
  return line;
}

}  // namespace

/// One watcher: what it wants to see, what it has not read yet, and who waits for it.
class Tap::Watch {
 public:
  Watch(std::string name, WatchFilter filter, std::optional<pattern::Pattern> pattern)
      : name_(std::move(name)), filter_(std::move(filter)), pattern_(std::move(pattern)) {}

  const std::string& name() const { return name_; }
  const Scope& scope() const { return filter_.scope; }

  void event(const Scope& scope, std::string_view bus, std::string_view text, const std::string& line) {
    if (scope != filter_.scope || (!filter_.bus.empty() && bus != filter_.bus)) return;
    const std::lock_guard lock(mutex_);
    if (pattern_) {
      const auto root = document_.parse(text);
      if (!root || !pattern_->matches(*root)) return;
    }
    remember(std::string(event_id_of(text)));
    add(line);
  }

  void note(const DeliveryNote& note, const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (ids_.contains(std::string(note.event_id))) add(line);
  }

  bool is_abandoned(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    return !wake_ && now - last_read_ > kAbandonedAfter;
  }

  /// Empty when nothing came yet: then `wake` will be called, once, from any thread.
  std::string take(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    last_read_ = std::chrono::steady_clock::now();
    std::string out;
    if (lost_ > 0) out += R"({"kind":"lost","lines":)" + std::to_string(std::exchange(lost_, 0)) + "}\n";
    for (const std::string& line : lines_) out.append(line).append("\n");
    lines_.clear();
    bytes_ = 0;
    wake_ = out.empty() ? std::move(wake) : nullptr;
    return out;
  }

 private:
  void remember(std::string id) {
    if (!ids_.insert(id).second) return;
    order_.push_back(std::move(id));
    if (order_.size() <= kRemembered) return;
    ids_.erase(order_.front());
    order_.pop_front();
  }

  void add(const std::string& line) {
    lines_.push_back(line);
    bytes_ += line.size();
    while (bytes_ > kMaxBytes && lines_.size() > 1) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
      ++lost_;
    }
    if (wake_) std::exchange(wake_, nullptr)();
  }

  const std::string name_;
  const WatchFilter filter_;
  const std::optional<pattern::Pattern> pattern_;
  std::mutex mutex_;
  json::Document document_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;
  std::unordered_set<std::string> ids_;
  std::deque<std::string> order_;
  std::function<void()> wake_;
  SteadyTime last_read_ = std::chrono::steady_clock::now();
};

Tap::Tap(Shards& shards, const Clock& clock, Random& random) : shards_(shards), clock_(clock), random_(random) {}
Tap::~Tap() = default;

std::vector<std::shared_ptr<Tap::Watch>> Tap::watches() {
  const std::lock_guard lock(mutex_);
  forget_abandoned();
  return watches_;
}

void Tap::forget_abandoned() {
  std::erase_if(watches_, [now = std::chrono::steady_clock::now()](const auto& one) { return one->is_abandoned(now); });
  watched_.store(!watches_.empty(), std::memory_order_relaxed);
}

void Tap::event(const Scope& scope, std::string_view bus, std::string_view text,
                std::span<const std::string_view> rules) {
  const std::string line = event_line(clock_.now(), bus, text, rules);
  for (const auto& watch : watches()) watch->event(scope, bus, text, line);
}

void Tap::note(const DeliveryNote& note) {
  const std::string line = note_line(clock_.now(), note);
  for (const auto& watch : watches()) watch->note(note, line);
}

Result<std::string> Tap::watch(WatchFilter filter) {
  std::optional<pattern::Pattern> pattern;
  if (!filter.pattern.empty()) {
    auto compiled = pattern::compile_unbounded(filter.pattern);
    if (!compiled) return std::unexpected(std::move(compiled).error());
    pattern = *std::move(compiled);
  }
  std::string name = random_.uuid();
  const std::lock_guard lock(mutex_);
  forget_abandoned();
  if (watches_.size() >= kMaxWatches) return fail("LimitExceededException", "There are too many watches.", 429);
  watches_.push_back(std::make_shared<Watch>(name, std::move(filter), std::move(pattern)));
  watched_.store(true, std::memory_order_relaxed);
  return name;
}

asio::awaitable<Result<std::string>> Tap::read(Scope scope, std::string name, std::chrono::milliseconds wait) {
  std::shared_ptr<Watch> watch;
  for (const auto& one : watches()) {
    if (one->name() == name && one->scope() == scope) watch = one;
  }
  if (!watch) co_return fail("ResourceNotFoundException", "There is no such watch, or it was not read for long.", 404);
  // Here, and not on a shard's alarms: whoever watches is outside, where time goes on.
  auto reading = [&]() -> asio::awaitable<std::string> {
    const auto timer = std::make_shared<asio::steady_timer>(shards_.at(0).loop(), wait);
    auto wake = [timer, &loop = shards_.at(0)] { loop.post([timer] { timer->cancel(); }); };
    std::string lines = watch->take(wake);
    if (!lines.empty()) co_return lines;
    boost::system::error_code cancelled;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_return watch->take(nullptr);
  };
  co_return co_await on(shards_.at(0), std::ref(reading));
}

std::string_view event_id_of(std::string_view event) {
  constexpr std::string_view kBefore = R"({"version":"0","id":")";
  if (!event.starts_with(kBefore)) return {};
  event.remove_prefix(kBefore.size());
  return event.substr(0, event.find('"'));
}

}  // namespace signalbox::cloud

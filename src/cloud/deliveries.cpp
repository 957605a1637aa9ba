#include "cloud/deliveries.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>

#include "cloud/rule_failures.h"

namespace signalbox::cloud {
namespace {

/// A target's attempts at once begin here; each success adds one, each failure halves them.
constexpr std::size_t kFirstAtOnce = 8;
/// Waits before the next attempts: doubling from the first, with jitter. 185 of them take about a day, as AWS's do.
constexpr Duration kFirstBackoff = std::chrono::seconds(1);
constexpr Duration kLastBackoff = std::chrono::minutes(10);
/// After the store refused something.
constexpr Duration kTryAgain = std::chrono::seconds(1);
constexpr Duration kRateWindow = std::chrono::seconds(1);

Delivery record_of(EventDelivery&& given, Time now) {
  Delivery delivery;
  delivery.payload = std::move(given.payload);
  delivery.trace_header = std::move(given.trace_header);
  delivery.event_id = std::move(given.event_id);
  delivery.event = std::move(given.event);
  delivery.message_group_id = std::move(given.message_group_id);
  delivery.deduplication_id = std::move(given.deduplication_id);
  if (given.http) delivery.http = *given.http;
  if (given.policy) delivery.policy = *given.policy;
  delivery.begun = now;
  return delivery;
}

}  // namespace

struct Deliveries::Lane {
  std::string target;
  OutsideTarget* kind;
  PerShard* home;
  std::set<DeliveryPlace> waiting = {};  // those known of, all up to `loaded_to`
  std::set<DeliveryPlace> running = {};
  bool more = false;  // the store has others, behind `loaded_to`
  DeliveryPlace loaded_to = {};
  std::size_t at_once = kFirstAtOnce;
  bool queued = false;  // among those that wait for room on the shard
  Time window_began = {};
  std::int64_t begun_in_window = 0;
  Time paused_until = {};
  std::optional<Alarms::Handle> alarm = {};
};

struct Deliveries::PerShard {
  explicit PerShard(Shard& of) : shard(of) {}
  Shard& shard;
  std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes;
  std::size_t running = 0;
  std::deque<Lane*> queue;
};

Deliveries::Deliveries(const Environment& environment)
    : with_(environment),
      attempts_(environment.metrics.counter("signalbox_delivery_attempts_total",
                                            "Attempts to deliver to targets outside, whatever came of them.")),
      delivered_(environment.metrics.counter("signalbox_delivery_delivered_total", "Deliveries done.")),
      retried_(environment.metrics.counter("signalbox_delivery_retried_total", "Attempts that another will follow.")),
      dead_lettered_(environment.metrics.counter("signalbox_delivery_dead_lettered_total",
                                                 "Deliveries given up and put in dead-letter queues.")),
      dropped_(environment.metrics.counter("signalbox_delivery_dropped_total", "Deliveries given up and lost.")),
      next_sequence_(environment.random.next() >> 1U) {
  for (std::size_t i = 0; i < environment.shards.count(); ++i) {
    shards_.push_back(std::make_unique<PerShard>(environment.shards.at(i)));
  }
}

Deliveries::~Deliveries() = default;

Result<void> Deliveries::load() {
  const auto snapshot = with_.store.read();
  const std::string end = store::Key(kDeliverySpace).end();
  std::string from = store::Key(kDeliverySpace).bytes();
  for (;;) {
    std::optional<DeliveryName> first;
    bool readable = true;
    const Result<void> scanned = snapshot->scan(from, end, [&](std::string_view key, std::string_view) {
      first = read_delivery_key(key);
      readable = first.has_value();
      return false;
    });
    if (!scanned) return scanned;
    if (!readable) return fail("StoreError", "A key of delivery records in the store cannot be read.");
    if (!first) return {};
    const auto arn = Arn::parse(first->target);
    auto* kind = arn ? dynamic_cast<OutsideTarget*>(with_.targets.find(*arn)) : nullptr;
    if (kind == nullptr) {
      return fail("StoreError", "The store has deliveries to " + first->target + ", a target of an unknown kind.");
    }
    PerShard& home = *shards_[with_.shards.owner(first->target).index()];
    Lane& lane = lane_of(home, *kind, first->target);
    lane.more = true;
    home.shard.post([this, &lane] { pump(lane); });
    from = deliveries_key(first->target).end();
  }
}

AfterCommit Deliveries::append(OutsideTarget& kind, const std::string& target, std::vector<EventDelivery> deliveries,
                               store::Batch& batch) {
  const Time now = with_.clock.now();
  std::vector<DeliveryPlace> places;
  for (EventDelivery& given : deliveries) {
    const DeliveryPlace& place = places.emplace_back(DeliveryPlace{now, next_sequence_++});
    batch.put(delivery_key(target, place), store::encode(record_of(std::move(given), now)));
  }
  PerShard& home = *shards_[with_.shards.owner(target).index()];
  return [this, &kind, &home, target, places = std::move(places)](bool committed) {
    if (!committed) return;
    home.shard.post([this, &kind, &home, target, places] {
      Lane& lane = lane_of(home, kind, target);
      for (const DeliveryPlace& place : places) offer(lane, place);
      pump(lane);
    });
  };
}

Deliveries::Lane& Deliveries::lane_of(PerShard& shard, OutsideTarget& kind, const std::string& target) {
  std::unique_ptr<Lane>& lane = shard.lanes[target];
  if (!lane) lane = std::make_unique<Lane>(Lane{target, &kind, &shard});
  return *lane;
}

void Deliveries::offer(Lane& lane, const DeliveryPlace& place) {
  if (lane.more && place > lane.loaded_to) return;  // will be found in the store
  if (lane.running.contains(place)) return;
  lane.waiting.insert(place);
  if (lane.waiting.size() <= kWindow) return;
  lane.waiting.erase(std::prev(lane.waiting.end()));
  lane.loaded_to = *lane.waiting.rbegin();
  lane.more = true;
}

void Deliveries::load_more(Lane& lane) {
  const std::string from = lane.loaded_to == DeliveryPlace{} ? deliveries_key(lane.target).bytes()
                                                             : delivery_key(lane.target, lane.loaded_to).bytes() + '\0';
  lane.more = false;
  const Result<void> scanned =
      with_.store.read()->scan(from, deliveries_key(lane.target).end(), [&](std::string_view key, std::string_view) {
        const auto name = read_delivery_key(key);
        if (!name) return true;
        if (lane.waiting.size() == kWindow) {
          lane.more = true;
          return false;
        }
        lane.loaded_to = name->place;
        if (!lane.running.contains(name->place)) lane.waiting.insert(name->place);
        return true;
      });
  if (scanned) return;
  with_.log.error("deliveries cannot be read, trying again",
                  {{"target", lane.target}, {"why", scanned.error().message}});
  lane.more = true;
  lane.paused_until = with_.clock.now() + kTryAgain;
}

void Deliveries::wake_at(Lane& lane, Time when) {
  Alarms& alarms = lane.home->shard.alarms();
  if (lane.alarm && lane.alarm->first == when) return;
  if (lane.alarm) alarms.cancel(*lane.alarm);
  lane.alarm = alarms.set(when, [this, &lane] {
    lane.alarm.reset();
    pump(lane);
  });
}

void Deliveries::pump(Lane& lane) {
  while (!draining_ && lane.running.size() < lane.at_once) {
    const Time now = with_.clock.now();
    if (lane.paused_until > now) return wake_at(lane, lane.paused_until);
    if (lane.waiting.empty() && lane.more) {
      load_more(lane);
      continue;
    }
    if (lane.waiting.empty()) break;
    const DeliveryPlace next = *lane.waiting.begin();
    if (next.due > now) return wake_at(lane, next.due);
    if (now - lane.window_began >= kRateWindow) {
      lane.window_began = now;
      lane.begun_in_window = 0;
    }
    const std::int64_t rate = lane.kind->rate(lane.target);
    if (rate > 0 && lane.begun_in_window >= rate) return wake_at(lane, lane.window_began + kRateWindow);
    if (!has_room(lane)) {
      if (!std::exchange(lane.queued, true)) lane.home->queue.push_back(&lane);
      return;
    }
    ++lane.begun_in_window;
    ++lane.home->running;
    lane.waiting.erase(lane.waiting.begin());
    lane.running.insert(next);
    lane.home->shard.spawn("delivery", run(lane, next));
  }
  if (!lane.running.empty() || !lane.waiting.empty() || lane.more || lane.queued) return;
  // A lane with a rate is kept until what it has begun counts no more.
  const Time window_end = lane.window_began + kRateWindow;
  if (!draining_ && with_.clock.now() < window_end && lane.kind->rate(lane.target) > 0)
    return wake_at(lane, window_end);
  if (lane.alarm) lane.home->shard.alarms().cancel(*lane.alarm);
  lane.home->lanes.erase(lane.home->lanes.find(lane.target));
}

void Deliveries::release(Lane& lane, const DeliveryPlace& place) {
  PerShard& home = *lane.home;
  lane.running.erase(place);
  --home.running;
  pump(lane);
  const auto found = std::ranges::find_if(home.queue, [](const Lane* waiting) { return has_room(*waiting); });
  if (found == home.queue.end()) return;
  Lane& next = **found;
  home.queue.erase(found);
  next.queued = false;
  pump(next);
}

bool Deliveries::has_room(const Lane& lane) {
  const std::size_t running = lane.home->running;
  return running < kMaxAtOnceOfShard || (running < kHardLimitOfShard && lane.running.size() < kLeastAtOnce);
}

asio::awaitable<void> Deliveries::run(Lane& lane, DeliveryPlace place) {
  Result<void> done;
  try {
    done = co_await attempt(lane, place);
  } catch (const std::exception& thrown) {
    done = fail("InternalFailure", thrown.what(), 500);
  }
  if (!done) {
    with_.log.error("a delivery's end cannot be recorded, trying again",
                    {{"target", lane.target}, {"why", done.error().message}});
    lane.waiting.insert(place);
    lane.paused_until = with_.clock.now() + kTryAgain;
  }
  release(lane, place);
}

asio::awaitable<Result<void>> Deliveries::attempt(Lane& lane, DeliveryPlace place) {
  const auto stored = with_.store.get(delivery_key(lane.target, place));
  if (!stored) co_return std::unexpected(stored.error());
  if (!*stored) co_return Result<void>();  // done before its place was offered
  auto delivery = store::decode<Delivery>(**stored);
  if (!delivery) {
    Result<void> buried = co_await bury_unreadable(lane, place, **stored);
    co_return buried;
  }
  if (with_.clock.now() - delivery->begun >= delivery->policy.max_age) {
    Attempt none{Attempt::Outcome::kFailed};
    Result<void> given_up =
        co_await give_up(lane, place, *std::move(delivery), std::move(none), "MaximumEventAgeInSeconds");
    co_return given_up;
  }
  attempts_.add();
  Attempt tried;
  try {
    tried = co_await lane.kind->attempt(lane.target, *delivery, lane.home->shard);
  } catch (const std::exception& error) {
    tried = {Attempt::Outcome::kRetry, "INTERNAL_ERROR", error.what()};
  }
  Result<void> concluded = co_await conclude(lane, place, *std::move(delivery), std::move(tried));
  co_return concluded;
}

// Out of the way, so that it is not tried for ever, and kept as it is: what it was to bring may matter to somebody.
asio::awaitable<Result<void>> Deliveries::bury_unreadable(Lane& lane, DeliveryPlace place, std::string bytes) {
  store::Batch batch;
  batch.erase(delivery_key(lane.target, place));
  batch.put(unreadable_delivery_key(lane.target, place), bytes);
  Result<void> done = co_await with_.store.commit(std::move(batch));
  if (!done) co_return done;
  dropped_.add();
  with_.log.error("the record of a delivery cannot be read: it is kept, and not delivered",
                  {{"target", lane.target}, {"kept_under", std::string(kUnreadableDeliverySpace)}});
  co_return done;
}

Duration Deliveries::backoff(const Delivery& delivery) {
  if (delivery.policy.phases.retries() > 0) return delivery.policy.phases.before(delivery.attempts);
  const std::int64_t attempts = delivery.attempts;
  const auto doublings = static_cast<unsigned>(std::min<std::int64_t>(attempts - 1, 16));
  const Duration whole = std::min(kFirstBackoff * (1U << doublings), kLastBackoff);
  const auto half = static_cast<std::uint64_t>(whole.count() / 2);
  return Duration(static_cast<std::int64_t>(half + with_.random.next() % (half + 1)));
}

void Deliveries::note(const Lane& lane, const Delivery& delivery, DeliveryNote::Outcome outcome,
                      std::optional<Time> next_attempt) {
  if (delivery.event_id.empty() || !with_.tap.is_watched()) return;
  with_.tap.note({delivery.event_id, delivery.policy.source, lane.target, outcome, delivery.attempts,
                  delivery.last_code, delivery.last_message, next_attempt});
}

asio::awaitable<Result<void>> Deliveries::conclude(Lane& lane, DeliveryPlace place, Delivery delivery,
                                                   Attempt attempt) {
  if (attempt.outcome == Attempt::Outcome::kDelivered) {
    lane.at_once = std::min(lane.at_once + 1, kMaxAtOnce);
    store::Batch batch;
    batch.erase(delivery_key(lane.target, place));
    const AfterCommit settled = co_await lane.kind->settle(lane.target, delivery, attempt, batch);
    Result<void> done = co_await with_.store.commit(std::move(batch));
    if (settled) settled(done.has_value());
    if (!done) co_return done;
    delivered_.add();
    ++delivery.attempts;
    delivery.last_code = delivery.last_message = "";
    note(lane, delivery, DeliveryNote::Outcome::kDelivered);
    lane.kind->ended(lane.target, delivery, true);
    co_return done;
  }
  delivery.last_code = attempt.code;
  delivery.last_message = attempt.message;
  if (attempt.outcome == Attempt::Outcome::kFailed) {
    Result<void> given_up = co_await give_up(lane, place, std::move(delivery), std::move(attempt), "");
    co_return given_up;
  }
  lane.at_once = std::max(lane.at_once / 2, kLeastAtOnce);
  Duration wait = attempt.retry_after;
  if (attempt.outcome == Attempt::Outcome::kRetry) {
    if (delivery.attempts >= delivery.policy.max_retries) {
      Result<void> given_up =
          co_await give_up(lane, place, std::move(delivery), std::move(attempt), "MaximumRetryAttempts");
      co_return given_up;
    }
    ++delivery.attempts;
    wait = std::max(wait, backoff(delivery));
  }
  Result<void> done = co_await again(lane, place, std::move(delivery), wait);
  co_return done;
}

asio::awaitable<Result<void>> Deliveries::again(Lane& lane, DeliveryPlace place, Delivery delivery, Duration wait) {
  const Time due = std::min(with_.clock.now() + wait, delivery.begun + delivery.policy.max_age);
  // Another number: what is due again at once would else stand where it stood.
  const DeliveryPlace later{due, next_sequence_++};
  store::Batch batch;
  batch.erase(delivery_key(lane.target, place));
  batch.put(delivery_key(lane.target, later), store::encode(delivery));
  Result<void> done = co_await with_.store.commit(std::move(batch));
  if (done) {
    retried_.add();
    note(lane, delivery, DeliveryNote::Outcome::kRetrying, due);
    offer(lane, later);
  }
  co_return done;
}

asio::awaitable<Result<void>> Deliveries::give_up(Lane& lane, DeliveryPlace place, Delivery delivery, Attempt last,
                                                  std::string exhausted) {
  const DeliveryPolicy& policy = delivery.policy;
  const std::string source = policy.source;
  const bool has_queue = !policy.dead_letter_queue.empty();
  store::Batch batch;
  batch.erase(delivery_key(lane.target, place));
  AfterCommit after;
  const AfterCommit settled = co_await lane.kind->settle(lane.target, delivery, last, batch);
  std::string lost = policy.dead_letter_queue.empty() ? "no dead-letter queue" : "";
  EventTarget* queues = with_.targets.queues();
  if (lane.kind->buries_its_own()) lost.clear();
  if (has_queue && queues != nullptr) {
    EventDelivery letter =
        dead_letter(policy, delivery.event.empty() ? std::move(delivery.payload) : std::move(delivery.event),
                    lane.target, delivery.last_code.empty() ? "UNKNOWN" : delivery.last_code, delivery.last_message);
    letter.message_group_id = delivery.message_group_id;
    letter.deduplication_id = delivery.deduplication_id;
    if (!exhausted.empty() && !policy.source_kind.empty()) {
      letter.attributes.emplace_back("EXHAUSTED_RETRY_CONDITION", exhausted);
    }
    if (!policy.source_kind.empty()) {
      letter.attributes.emplace_back("RETRY_ATTEMPTS", std::to_string(delivery.attempts));
    }
    std::vector<EventDelivery> letters;
    letters.push_back(std::move(letter));
    Appended appended = co_await queues->append(policy.dead_letter_queue, std::move(letters), batch);
    after = std::move(appended.after);
    if (!appended.undelivered.empty()) lost = appended.undelivered.front().message;
  }
  Result<void> done = co_await with_.store.commit(std::move(batch));
  for (const AfterCommit& one : {after, settled}) {
    if (one) one(done.has_value());
  }
  if (!done) co_return done;
  (lost.empty() ? dead_lettered_ : dropped_).add();
  if (with_.measures != nullptr) {
    tell_rule_failure(*with_.measures, "FailedInvocations", source);
    if (lost.empty()) tell_rule_failure(*with_.measures, "InvocationsSentToDlq", source);
    if (!lost.empty() && has_queue) tell_rule_failure(*with_.measures, "InvocationsFailedToBeSentToDlq", source);
  }
  note(lane, delivery, lost.empty() ? DeliveryNote::Outcome::kDeadLettered : DeliveryNote::Outcome::kDropped);
  lane.kind->ended(lane.target, delivery, false);
  if (!lost.empty()) {
    with_.log.warning("an event delivery was dropped", {{"target", lane.target},
                                                        {"error", delivery.last_code},
                                                        {"message", delivery.last_message},
                                                        {"dead_letter", lost}});
  }
  co_return done;
}

}  // namespace signalbox::cloud

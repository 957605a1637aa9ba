// When deliveries happen: at whole five minutes when something waits, and when a digest is due. A clock that jumps over
// days stops at no time at which there is nothing to do.
#include <algorithm>

#include "services/cloudtrail/core.h"
#include "services/cloudtrail/delivery.h"

namespace signalbox::cloudtrail {
namespace {

using FiveMinutes = std::chrono::duration<std::int64_t, std::ratio<300>>;

asio::awaitable<void> deliver_all(Core& core);

Time next_delivery(Time now) {
  return std::chrono::floor<FiveMinutes>(now) + kDeliverEvery;
}

bool has_digests(const Core& core) {
  return std::ranges::any_of(core.trails.all(), [](const TrailPtr& trail) { return trail->validation; });
}

/// On shard 0, or while loading.
void set_alarm(Core& core) {
  cloud::Shard& shard = core.house.shards.at(0);
  shard.alarms().set(next_delivery(core.house.clock.now()), [&core, &shard] {
    core.delivery_set = false;
    shard.spawn("cloudtrail.delivery", deliver_all(core));
  });
}

void set_digest_alarm(Core& core, std::optional<Time> due) {
  cloud::Shard& shard = core.house.shards.at(0);
  if (core.digest_due) shard.alarms().cancel(*core.digest_due);
  core.digest_due.reset();
  if (!due) return;
  const Time when = std::max(Time(std::chrono::ceil<FiveMinutes>(*due)), next_delivery(core.house.clock.now()));
  core.digest_due = shard.alarms().set(when, [&core, &shard] {
    core.digest_due.reset();
    shard.spawn("cloudtrail.delivery", deliver_all(core));
  });
}

/// Delivers the digests that are due. Returns when the next one is.
asio::awaitable<std::optional<Time>> deliver_digests(Core& core) {
  std::optional<Time> next;
  for (const TrailPtr& trail : core.trails.all()) {
    if (!trail->validation) {
      co_await forget_digests(core, trail->arn());
      continue;
    }
    const auto regions = digest_regions(core, *trail);
    if (!regions) continue;
    for (const std::string& region : *regions) {
      const auto due = co_await deliver_digest(core, trail, region);
      if (due) next = std::min(next.value_or(*due), *due);
    }
  }
  co_return next;
}

asio::awaitable<void> deliver_all(Core& core) {
  const auto turn = co_await core.delivery_turns.take();
  for (const Lane& lane : core.pending.lanes()) co_await deliver(core, lane);
  set_digest_alarm(core, co_await deliver_digests(core));
  if (!core.pending.lanes().empty()) co_await set_delivery(core);
}

}  // namespace

asio::awaitable<void> set_delivery(Core& core) {
  if (core.delivery_set.exchange(true)) co_return;
  auto set = [&core]() -> asio::awaitable<void> {
    set_alarm(core);
    co_return;
  };
  co_await cloud::on(core.house.shards.at(0), std::ref(set));
}

void begin_deliveries(Core& core) {
  if (core.pending.lanes().empty() && !has_digests(core)) return;
  core.delivery_set = true;
  set_alarm(core);
}

}  // namespace signalbox::cloudtrail

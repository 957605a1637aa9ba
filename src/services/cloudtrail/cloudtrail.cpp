#include "services/cloudtrail/cloudtrail.h"

#include "models/cloudtrail.h"
#include "services/cloudtrail/absent.h"
#include "services/cloudtrail/access.h"
#include "services/cloudtrail/core.h"
#include "services/cloudtrail/history.h"

namespace signalbox::cloudtrail {
namespace {

constexpr auto kSweepEvery = std::chrono::days(1);

asio::awaitable<void> sweep_now(Core& core) {
  core.since_sweep = 0;
  store::Batch batch;
  auto find = [&] { return sweep(*core.house.store.read(), core.house.clock.now(), batch); };
  const Result<bool> found = co_await core.workers.run(find);
  if (!found) core.house.log.error("the event history could not be swept", {{"why", found.error().message}});
  if (found && *found) {
    const Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) core.house.log.error("the event history could not be swept", {{"why", done.error().message}});
  }
}

void begin_sweeping(Core& core) {
  cloud::Shard& shard = core.house.shards.at(0);
  shard.alarms().set(core.house.clock.now() + kSweepEvery, [&core, &shard] {
    shard.spawn("cloudtrail.sweep", sweep_now(core));
    begin_sweeping(core);
  });
}

}  // namespace

Figures::Figures(Metrics& metrics)
    : recorded(metrics.counter("signalbox_cloudtrail_records_total", "Calls that were recorded.")),
      lost(metrics.counter("signalbox_cloudtrail_lost_total", "Records that the store did not take.")),
      delivered(metrics.counter("signalbox_cloudtrail_delivered_total", "Records delivered to buckets.")),
      refused(metrics.counter("signalbox_cloudtrail_refused_total", "Log files that a bucket did not take.")) {}

Core::Core(const cloud::House& with)
    : house(with), figures(with.metrics), trails(with.log), signer(with.store, with.sealer, with.clock), audit(*this) {}

void sweep_soon(Core& core) {
  cloud::Shard& shard = core.house.shards.at(0);
  shard.post([&core, &shard] { shard.spawn("cloudtrail.sweep", sweep_now(core)); });
}

cloud::Call call_for(Core& core, const Trail& trail) {
  cloud::Call call;
  call.scope = trail.home;
  call.principal = cloud::Principal::service(std::string(kOwnName));
  call.invoked_by = kOwnName;
  call.source_arn = trail.arn();
  call.source_account = trail.home.account;
  call.request_id = core.house.random.uuid();
  call.endpoint = core.house.site.url();
  return call;
}

CloudTrail::CloudTrail(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(models::cloudtrail::kService);
  house.door.set_auditor(core_->audit);
  register_history_operations(*core_);
  register_trail_operations(*core_);
  register_logging_operations(*core_);
  register_selector_operations(*core_);
  register_tag_operations(*core_);
  describe_access(house);
  answer_absent(house);
  house.authority.know("cloudtrail", [&core = *core_](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    if (const TrailPtr trail = core.trails.find_arn(arn)) facts.tags.assign(trail->tags.begin(), trail->tags.end());
    co_return facts;
  });
}

CloudTrail::~CloudTrail() = default;

void CloudTrail::stop() {
  core_->workers.stop();
}

Result<void> CloudTrail::load() {
  core_->audit.learn(core_->house.door);
  Result<void> done = core_->trails.follow(core_->house.store);
  if (done) done = core_->pending.load(*core_->house.store.read());
  if (done) done = core_->signer.load();
  if (!done) return done;
  begin_sweeping(*core_);
  begin_deliveries(*core_);
  return {};
}

}  // namespace signalbox::cloudtrail

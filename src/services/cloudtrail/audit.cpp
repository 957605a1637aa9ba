#include "services/cloudtrail/audit.h"

#include "services/cloudtrail/core.h"
#include "services/cloudtrail/history.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::string_view kRules = "events.amazonaws.com";

/// Who a call of this process is made by, or for; "" for what comes over HTTP.
std::string_view made_by(const cloud::Call& call) {
  if (!call.invoked_by.empty()) return call.invoked_by;
  return call.source_address.empty() ? std::string_view(call.principal.arn) : "";
}

/// Whether rules that are just enabled do not get it ("Receiving read-only management events from AWS services").
bool is_quiet(const CallKind& kind) {
  return kind.category == Category::kManagement && kind.read_only &&
         (kind.event_name.starts_with("Describe") || kind.event_name.starts_with("Get") ||
          kind.event_name.starts_with("List"));
}

cloud::ServiceEvent event_of(const Record& record) {
  cloud::ServiceEvent event;
  event.scope = record.call.scope;
  event.source = "aws." + record.call.source.substr(0, record.call.source.find('.'));
  event.detail_type = "AWS API Call via CloudTrail";
  event.detail = record.text;
  event.time = record.time;
  event.read_only_call = is_quiet(record.call.kind);
  return event;
}

}  // namespace

class Audit::Recording final : public cloud::Auditor::Entry {
 public:
  Recording(Audit& audit, const wire::Operation& operation, CallStart start, std::vector<TrailPtr> trails,
            bool tell_bus)
      : audit_(audit),
        operation_(operation),
        start_(std::move(start)),
        trails_(std::move(trails)),
        tell_bus_(tell_bus) {}

  asio::awaitable<Result<void>> end(const Result<wire::AnyStructure>& done) override {
    const cloud::House& house = audit_.core_.house;
    Record record = finish(std::move(start_), operation_, done, house.random.uuid(), house.clock.now());
    return audit_.keep({std::move(record), std::move(trails_), tell_bus_});
  }

 private:
  Audit& audit_;
  const wire::Operation& operation_;
  CallStart start_;
  std::vector<TrailPtr> trails_;
  bool tell_bus_;
};

void Audit::learn(const cloud::Door& door) {
  for (const wire::Service* service : door.services()) {
    for (const wire::Operation& operation : service->operations) kinds_[&operation] = kind_of(operation);
  }
}

bool Audit::wants(const cloud::Call& call, const wire::Operation& operation) const {
  const auto found = kinds_.find(&operation);
  if (found == kinds_.end()) return false;
  const CallKind& kind = found->second;
  if (kind.category == Category::kNone) return false;
  if (kind.category == Category::kData && !core_.trails.select_any(kind.data_type)) return false;
  return made_by(call) != kOwnName;  // of what CloudTrail does to deliver records there are none
}

std::unique_ptr<cloud::Auditor::Entry> Audit::begin(const cloud::Call& call, const wire::Operation& operation,
                                                    const wire::AnyStructure& input) {
  const CallKind& kind = kinds_.find(&operation)->second;
  const bool is_data = kind.category == Category::kData;
  std::vector<Resource> resources;
  if (is_data) resources = data_resources(call, kind, operation, input.data());
  const std::string source = event_source_of(*operation.service);
  auto trails = core_.trails.wanting(scope_of(call, operation), is_global(call, operation),
                                     {kind, source, call.principal.arn, resources});
  if (is_data && trails.empty()) return nullptr;
  // What a rule's delivery does must not make events again: they might match the same rule.
  const bool tell_bus = made_by(call) != kRules;
  return std::make_unique<Recording>(*this, operation, start_of(call, kind, operation, input), std::move(trails),
                                     tell_bus);
}

asio::awaitable<Result<void>> Audit::keep(Kept kept) {
  const Record& record = kept.record;
  const cloud::House& house = core_.house;
  store::Batch batch;
  cloud::AfterCommit after = [](bool) {};
  bool sweep = false;
  Result<void> kept_now;
  if (record.is_management()) {
    batch.put(history_key(record.call.scope, record.time, core_.sequence++, record.id),
              store::encode(entry_of(record)));
    sweep = ++core_.since_sweep == kMaxHistory / 4;
  }
  const auto waiting = core_.pending.add(kept.trails, record, core_.sequence++, batch);
  if (!waiting.empty()) co_await set_delivery(core_);
  if (kept.tell_bus && house.service_events.wanted(record.call.scope)) {
    std::vector<cloud::ServiceEvent> events;
    events.push_back(event_of(record));
    after = co_await house.service_events.append(std::move(events), batch);
  }
  const auto settled = [&core = core_, after = std::move(after), waiting](const Result<void>& done) {
    after(done.has_value());
    core.pending.settled(waiting, done.has_value());
    (done ? core.figures.recorded : core.figures.lost).add();
    if (!done) core.house.log.error("the record of a call was lost", {{"why", done.error().message}});
  };
  if (record.call.kind.read_only) {
    // Not on the committer's thread, which all who write wait for: what is settled here may go to many.
    house.store.commit_later(std::move(batch),
                             [settled, &shard = house.shards.owner(record.id)](const Result<void>& done) {
                               shard.post([settled, done] { settled(done); });
                             });
  } else {
    kept_now = co_await house.store.commit(std::move(batch));
    settled(kept_now);
  }
  if (sweep) sweep_soon(core_);
  if (!kept_now) {
    co_return fail("InternalFailure",
                   "The call was done, but its record could not be kept: " + kept_now.error().message, 500);
  }
  co_return Result<void>();
}

}  // namespace signalbox::cloudtrail

#include "services/events/events.h"

#include <set>

#include "models/events.h"
#include "pattern/unbounded.h"
#include "services/events/absent.h"
#include "services/events/access.h"
#include "services/events/bus_target.h"
#include "services/events/core.h"
#include "services/events/own_events.h"
#include "services/events/rule_schedule.h"
#include "services/events/webhooks/enricher.h"
#include "services/events/webhooks/target.h"

namespace signalbox::events {
namespace {

/// A rule's or target's place, as its key says.
struct Place {
  BusId bus;
  std::string rule;
  std::string target;
};
/// Empty unless the key is a tuple of the space's name and `parts` texts.
std::optional<Place> read_key(std::string_view key, std::size_t parts) {
  store::KeyReader reader(key);
  reader.text();
  Place place;
  for (std::string* part :
       {&place.bus.scope.account, &place.bus.scope.region, &place.bus.name, &place.rule, &place.target}) {
    if (parts-- == 0) break;
    auto text = reader.text();
    if (!text) return std::nullopt;
    *part = *std::move(text);
  }
  if (!reader.done()) return std::nullopt;
  return place;
}

/// Fills the buses from one snapshot of the store.
class Loading {
 public:
  Loading(Core& core, const store::Snapshot& snapshot) : core_(core), snapshot_(snapshot) {}

  Result<void> run() {
    each(kConnectionSpace, 3, [this](const Place&, std::string_view value) { return load_connection(core_, value); });
    each(kApiDestinationSpace, 3, [this](const Place& place, std::string_view value) -> Result<void> {
      auto destination = store::decode<ApiDestination>(value);
      if (!destination) return broken("API destination", place);
      core_.webhooks.destinations.put(*std::move(destination));
      return {};
    });
    each(kBusSpace, 3, [this](const Place& place, std::string_view value) { return load_bus(place, value); });
    each(kTargetSpace, 5, [this](const Place& place, std::string_view value) { return load_target(place, value); });
    each(kRuleSpace, 4, [this](const Place& place, std::string_view value) { return load_rule(place, value); });
    if (done_) done_ = load_archives(core_, snapshot_);
    for (const auto& archive : core_.archives.archives.all())
      touched_.insert(core_.buses.make(archive->bus_id()).get());
    for (Bus* bus : touched_) bus->publish();
    each(kSeenSpace, 4, [this](const Place& place, std::string_view value) { return load_seen(place, value); });
    return std::move(done_);
  }

 private:
  template <class Visit>
  void each(std::string_view space, std::size_t parts, Visit visit) {
    if (!done_) return;
    const store::Key all(space);
    Result<void> scanned = snapshot_.scan(all, all.end(), [&](std::string_view key, std::string_view value) {
      const auto place = read_key(key, parts);
      if (place) {
        done_ = visit(*place, value);
      } else {
        done_ = fail("StoreError", "A key of " + std::string(space) + " records in the store cannot be read.");
      }
      return done_.has_value();
    });
    if (done_) done_ = std::move(scanned);
  }

  static std::unexpected<Error> broken(std::string_view what, const Place& place) {
    return fail("StoreError", "The record of " + std::string(what) + " " + place.bus.rule_arn(place.rule) + " " +
                                  place.target + " cannot be read.");
  }

  Result<void> load_bus(const Place& place, std::string_view value) {
    auto record = store::decode<BusRecord>(value);
    if (!record) return broken("event bus", place);
    core_.buses.make(place.bus)->set_record(*std::move(record));
    return {};
  }

  Result<void> load_target(const Place& place, std::string_view value) {
    auto record = store::decode<TargetRecord>(value);
    if (!record) return broken("target", place);
    auto target = compile_target(core_.house.event_targets, place.bus, place.rule, place.target, *std::move(record));
    if (!target) return broken("target", place);
    targets_[{place.bus, place.rule}].push_back(*std::move(target));
    return {};
  }

  Result<void> load_rule(const Place& place, std::string_view value) {
    auto record = store::decode<RuleRecord>(value);
    if (!record) return broken("rule", place);
    auto rule = std::make_shared<Rule>();
    if (!record->pattern.empty()) {
      auto pattern = pattern::compile_unbounded(record->pattern);
      if (!pattern) return broken("rule", place);
      rule->pattern = std::make_shared<const pattern::Pattern>(*std::move(pattern));
      rule->takes_api_calls = asks_for_api_calls(*rule->pattern);
    }
    if (!record->schedule.empty()) {
      auto schedule = parse_schedule(record->schedule);
      if (!schedule) return broken("rule", place);
      rule->schedule = std::make_shared<const schedule::Schedule>(*std::move(schedule));
    }
    rule->name = place.rule;
    rule->arn = place.bus.rule_arn(place.rule);
    rule->measures = std::make_shared<const RuleMeasures>(core_.house.measures, place.bus, place.rule);
    rule->record = *std::move(record);
    const auto targets = targets_.find({place.bus, place.rule});
    if (targets != targets_.end()) rule->targets = std::move(targets->second);
    const BusPtr bus = core_.buses.make(place.bus);
    bus->load_rule(rule);
    touched_.insert(bus.get());
    return {};
  }

  Result<void> load_seen(const Place& place, std::string_view value) {
    const auto seen = store::decode<SeenRecord>(value);
    if (!seen) return broken("schedule of rule", place);
    arm_schedule(core_, core_.buses.make(place.bus), place.rule, seen->value);
    return {};
  }

  Core& core_;
  const store::Snapshot& snapshot_;
  Result<void> done_;
  std::map<std::pair<BusId, std::string>, std::vector<std::shared_ptr<const Target>>> targets_;
  std::set<Bus*> touched_;
};

}  // namespace

Events::Events(const cloud::House& house, const Options& options) : core_(std::make_unique<Core>(house, options)) {
  house.door.add_service(models::events::kService);
  describe_access(*core_);
  answer_absent(house);
  register_bus_operations(*core_);
  register_permission_operations(*core_);
  register_rule_operations(*core_);
  register_target_operations(*core_);
  register_tag_operations(*core_);
  register_put_events(*core_);
  register_connection_operations(*core_);
  register_api_destination_operations(*core_);
  house.service_events.put_on(std::make_unique<OwnEvents>(*core_));
  register_archive_operations(*core_);
  register_replay_operations(*core_);
  house.event_targets.add("events:api-destination",
                          std::make_unique<ApiDestinationTarget>(core_->house, core_->webhooks));
  house.event_targets.add("events:event-bus", std::make_unique<BusTarget>(*core_));
  house.pipe_ends.api_destinations = std::make_unique<ApiDestinationEnricher>(core_->house, core_->webhooks);
}

Events::~Events() = default;

void Events::drain() {
  core_->archives.draining = true;
}

Result<void> Events::load() {
  const auto snapshot = core_->house.store.read();
  return Loading(*core_, *snapshot).run();
}

}  // namespace signalbox::events

#include "services/scheduler/scheduler.h"

#include "models/scheduler.h"
#include "services/scheduler/access.h"
#include "services/scheduler/core.h"
#include "store/spaces.h"

namespace signalbox::scheduler {
namespace {

std::unexpected<Error> broken(std::string_view what, std::string_view key) {
  const auto id = read_schedule_key(key);
  return fail("StoreError", "The record of " + std::string(what) + " " + (id ? id->arn() : std::string("?")) +
                                " in the store cannot be read.");
}

}  // namespace

Scheduler::Scheduler(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(models::scheduler::kService);
  describe_access(*core_);
  house.event_targets.add(kUniversalKind, std::make_unique<UniversalTarget>(core_->house));
  register_schedule_operations(*core_);
  register_group_operations(*core_);
}

Scheduler::~Scheduler() = default;

Result<void> Scheduler::load() {
  const auto snapshot = core_->house.store.read();
  Result<void> done = store::each_record(*snapshot, store::Key(kGroupSpace),
                                         [&](std::string_view key, std::string_view value) -> Result<void> {
                                           auto group = store::decode<Group>(value);
                                           if (!group) return broken("schedule group", key);
                                           core_->put_group(*std::move(group));
                                           return {};
                                         });
  if (!done) return done;
  done = store::each_record(*snapshot, store::Key(kScheduleSpace),
                            [&](std::string_view key, std::string_view value) -> Result<void> {
                              auto id = read_schedule_key(key);
                              auto record = store::decode<ScheduleRecord>(value);
                              if (!id || !record) return broken("schedule", key);
                              auto schedule = compile_schedule(core_->house, *std::move(id), *std::move(record), false);
                              if (!schedule) return broken("schedule", key);
                              core_->put(*std::move(schedule));
                              return {};
                            });
  if (!done) return done;
  return store::each_record(*snapshot, store::Key(kSeenSpace),
                            [&](std::string_view key, std::string_view value) -> Result<void> {
                              const auto id = read_schedule_key(key);
                              const auto seen = store::decode<SeenRecord>(value);
                              const SchedulePtr schedule = id ? core_->find(*id) : nullptr;
                              if (!seen || !schedule) return broken("mark of schedule", key);
                              arm(*core_, schedule, seen->value);
                              return {};
                            });
}

}  // namespace signalbox::scheduler

#include "services/scheduler/scheduler.h"

#include "models/scheduler.h"
#include "services/scheduler/access.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
Scheduler::Scheduler(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(models::scheduler::kService);
  describe_access(*core_);
  house.event_targets.add(kUniversalKind, std::make_unique<UniversalTarget>(core_->house));
  register_schedule_operations(*core_);
  register_group_operations(*core_);
}

Scheduler::~Scheduler() = default;

Result<void> Scheduler::load() {
  Result<void> loaded = core_->load();
  if (loaded) go_on_deleting(*core_);
  return loaded;
}

}  // namespace signalbox::scheduler

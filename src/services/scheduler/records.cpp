#include "services/scheduler/records.h"

namespace signalbox::scheduler {

std::string GroupId::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule-group/" + name);
}

std::string ScheduleId::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule/" + group + "/" + name);
}

}  // namespace signalbox::scheduler

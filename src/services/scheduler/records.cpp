#include "services/scheduler/records.h"

namespace signalbox::scheduler {
namespace {

store::Key key_of(std::string_view space, const ScheduleId& id) {
  return store::Key(space).text(id.scope.account).text(id.scope.region).text(id.group).text(id.name);
}

}  // namespace

std::string Group::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule-group/" + name);
}

std::string ScheduleId::arn() const {
  return cloud::make_arn("scheduler", scope, "schedule/" + group + "/" + name);
}

store::Key group_key(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kGroupSpace).text(scope.account).text(scope.region).text(name);
}

store::Key schedule_key(const ScheduleId& id) {
  return key_of(kScheduleSpace, id);
}

store::Key seen_key(const ScheduleId& id) {
  return key_of(kSeenSpace, id);
}

std::optional<ScheduleId> read_schedule_key(std::string_view key) {
  store::KeyReader reader(key);
  reader.text();
  ScheduleId id;
  for (std::string* part : {&id.scope.account, &id.scope.region, &id.group, &id.name}) {
    auto text = reader.text();
    if (!text) return std::nullopt;
    *part = *std::move(text);
  }
  if (!reader.done()) return std::nullopt;
  return id;
}

}  // namespace signalbox::scheduler

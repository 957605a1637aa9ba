// Rules as they are matched: compiled once, never changed, replaced as a whole.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pattern/pattern.h"
#include "schedule/schedule.h"
#include "services/events/records.h"
#include "services/events/rule_measures.h"
#include "services/events/target.h"

namespace signalbox::events {

class ArchivedEvents;

struct Rule {
  std::string name;
  std::string arn;
  RuleRecord record;
  std::shared_ptr<const pattern::Pattern> pattern;     // null without one
  std::shared_ptr<const schedule::Schedule> schedule;  // null without one
  std::vector<std::shared_ptr<const Target>> targets;  // by id
  /// What an archive has in the index of its bus: the events that match go there. Null for what is a rule.
  std::shared_ptr<ArchivedEvents> archive = {};
  RuleMeasuresPtr measures;  // null: nothing is told

  bool is_enabled() const { return record.state != "DISABLED"; }
  /// Whether it also gets the records of management calls that only read.
  bool takes_read_only_calls() const { return record.state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"; }
};

using RulePtr = std::shared_ptr<const Rule>;

}  // namespace signalbox::events

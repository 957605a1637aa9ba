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
  /// The rule that an archive's owner sees: one that this service manages. Null for what is no archive.
  std::shared_ptr<const Rule> shown = {};
  /// The service that manages the rule, for its owner to look at; "" for a rule of the owner's own.
  std::string managed_by = {};
  /// Whether the events of API calls may match: asks_for_api_calls of the pattern.
  bool takes_api_calls = true;
  RuleMeasuresPtr measures;  // null: nothing is told

  bool is_enabled() const { return record.state != "DISABLED"; }
  /// Whether it also gets the records of management calls that only read.
  bool takes_read_only_calls() const { return record.state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"; }
};

using RulePtr = std::shared_ptr<const Rule>;

/// Whether a pattern says by name that it is for events of a source or of a kind, or of certain API calls: one that
/// only says which account or Region, or what events are not, does not.
bool asks_for_api_calls(const pattern::Pattern& pattern);

/// Whether the event of an API call, which the rule matches, reaches it: by an alternative ("$or") that asks for it.
bool takes_api_call(const Rule& rule, std::string_view event);

}  // namespace signalbox::events

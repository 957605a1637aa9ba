// What happens to a set of alarms in one turn: one commit of records, history, events and actions.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cloud/outbox.h"
#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {

class Changes {
 public:
  /// On the set's shard, in its turn.
  Changes(Core& core, AlarmSet& set) : core_(core), set_(set), now_(core.house.clock.now()) {}

  Time now() const { return now_; }
  /// As it will be; null when there is none.
  AlarmPtr find(std::string_view name) const;

  /// An alarm that is new, or configured anew. Says so in the history and in an event.
  void configure(AlarmPtr alarm);
  void remove(const AlarmPtr& alarm);
  /// The alarm with changes that neither history nor events tell of.
  void replace(AlarmPtr alarm);
  /// The alarm enters that state, or stays in it for another reason. With a change of state come history, event,
  /// actions, and what composite alarms make of it.
  void enter(const AlarmPtr& alarm, State state, std::string reason, std::string reason_data);
  /// Actions of a composite alarm that waited for its suppressor are due.
  void stop_suppressing(const AlarmPtr& alarm);
  /// A composite alarm is to be evaluated by cascade().
  void evaluate(const std::string& name) { entered_.insert(name); }
  /// Evaluates composite alarms that depend on what changed.
  void cascade();

  bool empty() const { return changed_.empty(); }
  /// Errors: those of the store; then nothing has changed.
  asio::awaitable<Result<void>> commit();

 private:
  struct Action {
    std::string arn;
    std::string alarm;
    std::string payload;
    std::string subject = {};  // of a topic's notifications
    std::string error = {};    // why it was not executed
  };
  void suppress_or_act(const AlarmPtr& alarm, AlarmRecord& record, const AlarmRecord& before);
  void follow_suppressor(const AlarmPtr& suppressor);
  void act(const Alarm& alarm, const AlarmRecord& before);
  void add_history(const Alarm& alarm, std::string_view type, std::string summary, std::string data);
  asio::awaitable<void> append_actions(store::Batch& batch, cloud::Settlement& settlement);

  Core& core_;
  AlarmSet& set_;
  const Time now_;
  std::map<std::string, AlarmPtr, std::less<>> changed_;  // null: removed
  std::set<std::string, std::less<>> entered_;            // changed their state, and not cascaded yet
  std::vector<Action> actions_;
  std::vector<cloud::ServiceEvent> events_;
  std::vector<std::pair<std::string, m::AlarmHistoryItem>> history_;
};

}  // namespace signalbox::cloudwatch

// What is told of alarms: events, history, and what actions get.
#pragma once

#include <string>

#include "cloud/service_events.h"
#include "services/cloudwatch/alarm.h"

namespace signalbox::cloudwatch {

/// "2019-10-02T17:04:40.989+0000"
std::string alarm_time(Time time);

/// "CloudWatch Alarm State Change" ("Alarm events and EventBridge" in the CloudWatch User Guide).
cloud::ServiceEvent state_change(const Alarm& alarm, const AlarmRecord& before);
/// "CloudWatch Alarm Configuration Change"; `operation` is "create", "update" or "delete", `before` what was updated.
cloud::ServiceEvent configuration_change(const Alarm& alarm, std::string_view operation, const Alarm* before);

/// What a topic's subscribers get.
std::string notification(const Alarm& alarm, const AlarmRecord& before);
/// What a function gets.
std::string function_input(const Alarm& alarm, const AlarmRecord& before);

/// HistoryData of a change of state, of configuration, and of an action. Never longer than AWS's 4095.
std::string state_history(const AlarmRecord& record, const AlarmRecord& before);
std::string configuration_history(const Alarm& alarm, std::string_view type);
std::string action_history(const Alarm& alarm, const std::string& action, bool succeeded, const std::string& error);

/// StateReasonData of a metric alarm.
std::string reason_data(const Alarm& alarm, Time now, Time start, const std::vector<Point>& datapoints);

}  // namespace signalbox::cloudwatch

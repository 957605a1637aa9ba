// The rules of composite alarms ("PutCompositeAlarm", AlarmRule). Pure.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/cloudwatch/alarm_state.h"

namespace signalbox::cloudwatch {

class AlarmRule {
 public:
  /// ALARM("name or ARN"), OK(...), INSUFFICIENT_DATA(...), TRUE, FALSE, NOT, AND, OR, parentheses. Errors:
  /// ValidationError, saying where it cannot be read.
  static Result<AlarmRule> parse(std::string_view text);

  /// What it refers to, by name or ARN as it is written.
  const std::set<std::string, std::less<>>& alarms() const { return alarms_; }
  bool is_true(const std::function<State(const std::string& alarm)>& state_of) const;

  static constexpr std::size_t kMaxAlarms = 100;
  static constexpr int kMaxDepth = 64;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
  std::set<std::string, std::less<>> alarms_;
};

}  // namespace signalbox::cloudwatch

#include "services/cloudwatch/alarm_rule.h"

#include <gtest/gtest.h>

namespace signalbox::cloudwatch {
namespace {

/// "a..." is in ALARM, "o..." is OK, all others have insufficient data.
State state(const std::string& alarm) {
  if (alarm.starts_with("a")) return State::kAlarm;
  return alarm.starts_with("o") ? State::kOk : State::kInsufficientData;
}

TEST(AlarmRule, IsEvaluated) {
  struct {
    const char* rule;
    bool value;
  } cases[] = {
      {"TRUE", true},
      {"FALSE", false},
      {"ALARM(a)", true},
      {"ALARM(\"a 1\")", true},
      {"OK(o1) AND NOT ALARM(o2)", true},
      {"INSUFFICIENT_DATA(x)", true},
      {"ALARM(o) OR ALARM(x) OR OK(a)", false},
      {"ALARM(a) OR ALARM(o) AND FALSE", true},
      {"(ALARM(a) OR ALARM(o)) AND FALSE", false},
      {"NOT (ALARM(a) AND\n ALARM(o))", true},
      {"ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:x)", true},
  };
  for (const auto& c : cases) {
    const auto rule = AlarmRule::parse(c.rule);
    ASSERT_TRUE(rule) << c.rule << rule.error().message;
    EXPECT_EQ(rule->is_true(state), c.value) << c.rule;
  }
  EXPECT_EQ(AlarmRule::parse("ALARM(a) OR OK('b c')")->alarms(), (std::set<std::string, std::less<>>{"a", "b c"}));
}

TEST(AlarmRule, ThatCannotBeReadIsRefused) {
  for (const char* text : {"", "ALARM", "ALARM(", "ALARM()", "ALARM(a", "ALARM(a) ALARM(b)", "AND", "NOT", "alarm(a)",
                           "ALARM(\"a)", "(ALARM(a)", "ALARM(a) XOR ALARM(b)", "AT_LEAST(1, ALARM, (a, b))", "TRUE)"}) {
    const auto rule = AlarmRule::parse(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().code, "ValidationError");
  }
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "NOT ";
  EXPECT_NE(AlarmRule::parse(deep + "TRUE").error().message.find("too deep"), std::string::npos);
  EXPECT_FALSE(AlarmRule::parse(std::string(5000, '(')));
}

}  // namespace
}  // namespace signalbox::cloudwatch

#include "services/cloudwatch/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace signalbox::cloudwatch {
namespace {

constexpr double kNone = NAN;
using Values = std::vector<double>;

Time minute(int n) {
  return Time(std::chrono::minutes(n));
}

/// Five minutes of metrics; NAN is a missing point.
std::map<std::string, TimeSeries> metrics() {
  std::map<std::string, TimeSeries> all;
  const auto add = [&](const std::string& id, const Values& values) {
    TimeSeries series{id, id, std::chrono::minutes(1), {}};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) series.points.push_back({minute(static_cast<int>(i)), values[i]});
    }
    all[id] = series;
  };
  add("m1", {1, 2, 3, 4, 5});
  add("m2", {10, kNone, 30, kNone, 50});
  add("errors", {-1.5, 0, 1.5, 2, 0});
  add("c1", {1, 1, 0, 0, kNone});
  add("c2", {30, kNone, 0, 0, 30});
  add("c3", {0, 0, 20, kNone, 20});
  add("none", {});
  return all;
}

Result<Value> compute(const std::string& text) {
  const auto expression = Expression::parse(text);
  if (!expression) return std::unexpected(expression.error());
  const auto all = metrics();
  MathContext context{minute(0), minute(5), std::chrono::minutes(1), {}, {}, {}};
  context.value_of = [&](const std::string& id) -> Result<Value> {
    const auto found = all.find(id);
    if (found == all.end()) return fail("ValidationError", "no " + id);
    return Value::of(found->second);
  };
  context.metrics = [&]() -> Result<std::vector<TimeSeries>> {
    return std::vector<TimeSeries>{all.at("m1"), all.at("m2"), all.at("errors")};
  };
  context.search = [&](const std::string&, const std::string&, Duration) -> Result<std::vector<TimeSeries>> {
    return std::vector<TimeSeries>{all.at("m2")};
  };
  return evaluate(*expression, context);
}

std::string text_of(const TimeSeries& series) {
  std::string text;
  for (int i = 0; i < 5; ++i) {
    std::string value = "-";
    for (const Point& point : series.points) {
      if (point.time != minute(i)) continue;
      char number[32];
      snprintf(number, sizeof number, "%.4g", point.value);
      value = number;
    }
    text += (i == 0 ? "" : " ") + value;
  }
  return text;
}

std::string result_of(const std::string& expression) {
  const auto value = compute(expression);
  if (!value) return value.error().message;
  if (value->kind == Value::Kind::kScalar) return std::to_string(value->scalar);
  std::string text;
  for (const TimeSeries& series : value->series) text += (text.empty() ? "" : " | ") + text_of(series);
  return text;
}

TEST(Math, Computes) {
  struct {
    const char* expression;
    const char* result;
  } cases[] = {
      {"m1 + 1", "2 3 4 5 6"},
      {"2 * m1 - m1", "1 2 3 4 5"},
      {"m1+m2", "11 2 33 4 55"},
      {"m1/errors", "-0.6667 - 2 2 -"},
      {"-m1^2", "-1 -4 -9 -16 -25"},
      {"2^3^2 + 0*m1", "512 512 512 512 512"},
      {"10 - 4 - 3 + 0*m1", "3 3 3 3 3"},
      {"m1 > 2", "0 0 1 1 1"},
      {"m1 >= 2 AND m2 < 40", "0 0 1 0 0"},
      {"m1 == 1 || m1 != 4", "1 1 1 0 1"},
      {"m1 <= 1 or m1", "there is no"},
      {"ABS(errors)", "1.5 0 1.5 2 0"},
      {"CEIL(errors)", "-1 0 2 2 0"},
      {"FLOOR(errors)", "-2 0 1 2 0"},
      {"LOG10(m2)", "1 - 1.477 - 1.699"},
      {"LOG(errors)", "- - 0.4055 0.6931 -"},
      {"RUNNING_SUM(m2)", "10 - 40 - 90"},
      {"DIFF(m2)", "- - 20 - 20"},
      {"RATE(m2)", "- - 0.1667 - 0.1667"},
      {"DIFF_TIME(m2)", "- - 120 - 120"},
      {"m1 - AVG(m1)", "-2 -1 0 1 2"},
      {"m1 / PERIOD(m1)", "0.01667 0.03333 0.05 0.06667 0.08333"},
      {"SUM([m1, m2])", "11 2 33 4 55"},
      {"AVG([m1, m2])", "5.5 1 16.5 2 27.5"},
      {"MIN([m1, m2])", "1 2 3 4 5"},
      {"MAX(METRICS())", "10 2 30 4 50"},
      {"SUM(METRICS(\"m\"))", "11 2 33 4 55"},
      {"METRICS('err') * 2", "-3 0 3 4 0"},
      {"DATAPOINT_COUNT([m1, m2])", "2 1 2 1 2"},
      {"m1 * METRIC_COUNT(METRICS())", "3 6 9 12 15"},
      {"STDDEV([m1, m2])", "4.5 0 13.5 0 22.5"},
      {"FILL(m2, 0)", "10 0 30 0 50"},
      {"FILL(m2, REPEAT)", "10 10 30 30 50"},
      {"FILL(m2, LINEAR)", "10 20 30 40 50"},
      {"FILL(m2, m1)", "10 2 30 4 50"},
      {"FILL(none, 7)", "7 7 7 7 7"},
      {"FILL(none, REPEAT)", "- - - - -"},
      {"TIME_SERIES(MAX(m1))", "5 5 5 5 5"},
      {"IF(c1, c2, c3)", "30 0 20 - -"},
      {"IF(c1, 5, c3)", "5 5 20 - -"},
      {"IF(c1, c2, 5)", "30 0 5 5 -"},
      {"IF(m1 < 3, m1)", "1 2 - - -"},
      {"IF(1 > 2, m1, m2)", "10 - 30 - 50"},
      {"FIRST(SORT(METRICS(), SUM, DESC))", "10 - 30 - 50"},
      {"LAST(SORT(METRICS(), AVG, DESC))", "-1.5 0 1.5 2 0"},
      {"SORT([m1, m2], MAX, ASC, 1)", "1 2 3 4 5"},
      {"SLICE([m1, m2, errors], 1, 2)", "10 - 30 - 50"},
      {"SLICE([m1, m2], 1)", "10 - 30 - 50"},
      {"REMOVE_EMPTY([none, m1])", "1 2 3 4 5"},
      {"[m1, m2] / 10", "0.1 0.2 0.3 0.4 0.5 | 1 - 3 - 5"},
      {"m1 - [m1, m2]", "0 0 0 0 0 | -9 2 -27 4 -45"},
      {"MINUTE(m1) + 100 * YEAR(m1)", "1.97e+05 1.97e+05 1.97e+05 1.97e+05 1.97e+05"},
      {"DAY(m1)", "4 4 4 4 4"},
      {"EPOCH(m1)", "0 60 120 180 240"},
      {"SEARCH('{A} b', 'Sum', 60)", "10 - 30 - 50"},
      {"SUM(m1)", "15.000000"},
  };
  for (const auto& c : cases) {
    if (std::string_view(c.result).starts_with("there")) {
      EXPECT_NE(result_of(c.expression).find("unexpected"), std::string::npos) << c.expression;
    } else {
      EXPECT_EQ(result_of(c.expression), c.result) << c.expression;
    }
  }
}

TEST(Math, RefusesByName) {
  struct {
    const char* expression;
    const char* part;
  } cases[] = {
      {"", "ends too early"},
      {"m1 +", "ends too early"},
      {"(m1", "expected ')'"},
      {"[m1", "expected ']'"},
      {"m1 m2", "unexpected 'm'"},
      {"m1 $ 2", "unexpected '$'"},
      {"FOO(m1)", "there is no function FOO"},
      {"ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND is not supported yet"},
      {"'abc", "does not end"},
      {"'abc'", "stands where a value"},
      {"REPEAT", "stands where a value"},
      {"ABS(1)", "ABS takes time series"},
      {"ABS(m1, m2)", "ABS takes one argument"},
      {"[1, m1]", "time series only"},
      {"[m1] + [m2]", "two arrays"},
      {"1/0", "divided by 0"},
      {"FILL(m1, SOMEHOW)", "FILL takes"},
      {"SORT(METRICS(), P99, DESC)", "SORT takes"},
      {"SLICE([m1], -1)", "place in an array"},
      {"nothing", "no nothing"},
      {"IF([m1], m1, m2)", "IF does not take arrays"},
      {"1e999", "number"},
  };
  for (const auto& c : cases) {
    EXPECT_NE(result_of(c.expression).find(c.part), std::string::npos)
        << c.expression << ": " << result_of(c.expression);
  }
  EXPECT_NE(result_of(std::string(2000, '(')).find("too deep"), std::string::npos);
  EXPECT_NE(result_of(std::string(2000, '-')).find("too deep"), std::string::npos);
  std::string powers = "m1";
  for (int i = 0; i < 500; ++i) powers += "^1";
  EXPECT_NE(result_of(powers).find("too deep"), std::string::npos);
}

TEST(Math, IsBounded) {
  const auto expression = Expression::parse("TIME_SERIES(1)");
  MathContext context{Time{}, Time(std::chrono::years(100)), std::chrono::seconds(1), {}, {}, {}};
  EXPECT_FALSE(evaluate(*expression, context));
}

TEST(Expression, KnowsWhatItRefersTo) {
  const auto expression = Expression::parse("SUM([m1, e2]) / PERIOD(m1)");
  EXPECT_EQ(expression->ids(), (std::set<std::string, std::less<>>{"e2", "m1"}));
  EXPECT_EQ(expression->functions(), (std::set<std::string, std::less<>>{"PERIOD", "SUM"}));
}

}  // namespace
}  // namespace signalbox::cloudwatch

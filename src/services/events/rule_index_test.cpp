#include "services/events/rule_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace signalbox::events {
namespace {

RulePtr make_rule(std::string name, std::string pattern) {
  auto rule = std::make_shared<Rule>();
  rule->name = std::move(name);
  auto compiled = pattern::Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << compiled.error().message;
  rule->pattern = std::make_shared<const pattern::Pattern>(*std::move(compiled));
  rule->record.pattern = std::move(pattern);
  return rule;
}

std::set<std::string> matches(const RuleIndex& index, std::string_view event) {
  std::vector<const Rule*> matched;
  index.match(event, matched);
  std::set<std::string> names;
  for (const Rule* rule : matched) EXPECT_TRUE(names.insert(rule->name).second) << rule->name << " matched twice";
  return names;
}

using Names = std::set<std::string>;

TEST(RuleIndex, FindsWhatMatchesHoweverItIsFiled) {
  RuleIndexBuilder builder;
  builder.put(make_rule("exact", R"({"source":["a"],"detail":{"x":["1","2"]}})"));
  builder.put(make_rule("escaped", R"({"detail":{"q":["say \"hi\""]}})"));
  builder.put(make_rule("prefix", R"({"source":[{"prefix":"a"}]})"));
  builder.put(make_rule("mixed", R"({"detail":{"x":["1",7]}})"));
  const auto index = builder.index();
  EXPECT_EQ(matches(*index, R"({"source":"a","detail":{"x":"2"}})"), (Names{"exact", "prefix"}));
  EXPECT_EQ(matches(*index, R"({"source":"a","detail":{"x":["1","2"]}})"), (Names{"exact", "prefix", "mixed"}));
  EXPECT_EQ(matches(*index, R"({"source":"b","detail":{"x":7,"q":"say \u0022hi\u0022"}})").contains("mixed"), true);
  EXPECT_EQ(matches(*index, R"({"source":"b","detail":{}})"), Names{});
}

TEST(RuleIndex, TakesNamesWithDotsAsNestedNames) {
  RuleIndexBuilder builder;
  builder.put(make_rule("nested", R"({"detail":{"a":{"b":["1"]}}})"));
  builder.put(make_rule("dotted", R"({"detail":{"a.b":["1"]}})"));
  const auto index = builder.index();
  for (const char* event : {R"({"detail":{"a.b":"1"}})", R"({"detail":{"a":{"b":"1"}}})", R"({"detail.a":{"b":"1"}})",
                            R"({"detail":[{"a":[{"b":["0","1"]}]}]})"}) {
    EXPECT_EQ(matches(*index, event), (Names{"nested", "dotted"})) << event;
  }
}

TEST(RuleIndex, ChangesShowInTheNextVersionOnly) {
  RuleIndexBuilder builder;
  builder.put(make_rule("r", R"({"a":["1"]})"));
  const auto first = builder.index();
  builder.put(make_rule("r", R"({"a":["2"]})"));
  const auto second = builder.index();
  builder.erase("r");
  builder.erase("never there");
  EXPECT_EQ(matches(*first, R"({"a":"1"})"), Names{"r"});
  EXPECT_EQ(matches(*second, R"({"a":"1"})"), Names{});
  EXPECT_EQ(matches(*second, R"({"a":"2"})"), Names{"r"});
  EXPECT_TRUE(builder.index()->empty());
}

TEST(RuleIndex, HoldsManyRulesAndPaths) {
  RuleIndexBuilder builder;
  constexpr int kRules = 3000;
  for (int i = 0; i < kRules; ++i) {
    const std::string n = std::to_string(i);
    builder.put(make_rule("value" + n, R"({"source":["s"],"detail":{"k":["v)" + n + R"("]}})"));
    builder.put(make_rule("path" + n, R"({"detail":{"k)" + n + R"(":["v"]}})"));
  }
  for (int i = 0; i < kRules; i += 7) builder.erase("value" + std::to_string(i));
  const auto index = builder.index();
  for (int i = 1; i < kRules; i += 271) {
    const std::string n = std::to_string(i);
    const Names expected = i % 7 == 0 ? Names{"path" + n} : Names{"path" + n, "value" + n};
    EXPECT_EQ(matches(*index, R"({"source":"s","detail":{"k":"v)" + n + R"(","k)" + n + R"(":"v"}})"), expected);
  }
}

}  // namespace
}  // namespace signalbox::events

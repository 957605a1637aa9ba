// The index against the plain matcher (match.cpp), which is a direct reading of the language: on cases made by hand and
// on very many made at random.
#include "pattern/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/random.h"
#include "pattern/explain.h"

namespace signalbox::pattern {
namespace {

std::vector<RuleId> match(const Matcher& matcher, const std::string& event) {
  static Scratch scratch;
  std::vector<RuleId> matched;
  matcher.match(event, scratch, matched);
  return matched;
}

/// Makes patterns and events of few names and values, so that they often nearly match.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_.next() % bound; }
  const char* pick(std::initializer_list<const char*> choices) { return choices.begin()[below(choices.size())]; }

  std::string name() { return pick({"a", "b", "c", "a.b", "b.c", "a.b.c", "\\u0061", "$or", "", "."}); }
  std::string text() {
    return pick({"\"\"",
                 "\"x\"",
                 "\"xy\"",
                 "\"xyz\"",
                 "\"XYZ\"",
                 "\"zyx\"",
                 "\"\\u0078y\"",
                 "\"x\\\"y\\\\\"",
                 "\"10.0.0.1\"",
                 "\"10.0.1.7\"",
                 "\"2001:db8::1\"",
                 "\"a*b\"",
                 "\"\\u00e9A\"",
                 "\"\\u00c9a\"",
                 "\"path/one/object-17.png\"",
                 "\"path/two/object-18.png\"",
                 "\"300\"",
                 "\"null\"",
                 "\"\\ud83d\\ude00\"",
                 "\"\\ud83dx\""});
  }
  std::string number() {
    return pick({"0",
                 "-0",
                 "0.0",
                 "1",
                 "1.0",
                 "1e0",
                 "10",
                 "1e1",
                 "-1",
                 "300",
                 "3.0e2",
                 "300.000",
                 "0.1",
                 "1e-1",
                 "5000000000",
                 "-5000000000",
                 "4.9999",
                 "12345678901234567890",
                 "12345678901234567891",
                 "1e400",
                 "1e99999999999",
                 "17"});
  }
  std::string scalar() {
    switch (below(6)) {
      case 0:
        return "null";
      case 1:
        return pick({"true", "false"});
      case 2:
      case 3:
        return number();
      default:
        return text();
    }
  }

  std::string condition() {
    const auto object = [](std::string name, const std::string& value) { return "{\"" + name + "\":" + value + "}"; };
    switch (below(14)) {
      case 0:
        return object("prefix", pick({"\"\"", "\"x\"", "\"xy\"", "\"path/\"", "\"10.\""}));
      case 1:
        return object("suffix", pick({"\"\"", "\"z\"", "\"yz\"", "\".png\"", "\"A\""}));
      case 2:
        return object("equals-ignore-case", pick({"\"xyz\"", "\"XyZ\"", "\"\\u00e9a\"", "\"\""}));
      case 3:
        return object(pick({"prefix", "suffix"}),
                      object("equals-ignore-case", pick({"\"X\"", "\"Z\"", "\"\\u00c9\""})));
      case 4:
        return object("wildcard", pick({"\"*\"", "\"x*\"", "\"*z\"", "\"x*z\"", "\"path/*/object-1*.png\"",
                                        "\"*object*\"", "\"a\\\\*b\"", "\"*\\\\**\"", "\"x\"", "\"*ject-17*\""}));
      case 5:
        return object("anything-but", pick({"\"x\"", "[\"x\",\"xyz\"]", "1", "[1,300]", "{\"prefix\":\"x\"}",
                                            "{\"suffix\":[\"z\",\"x\"]}", "{\"wildcard\":\"x*\"}",
                                            "{\"equals-ignore-case\":[\"XYZ\",\"x\"]}"}));
      case 6:
      case 7:
        return object("numeric",
                      pick({"[\"=\",300]", "[\">\",0]", "[\"<\",1]", "[\">=\",1,\"<\",10]", "[\">\",1,\"<=\",10]",
                            "[\">=\",-5000000000,\"<=\",5000000000]", "[\"=\",0.1]", "[\"<=\",0]"}));
      case 8:
        return object("cidr", pick({"\"10.0.0.0/24\"", "\"10.0.0.0/8\"", "\"0.0.0.0/0\"", "\"2001:db8::/32\"",
                                    "\"10.0.0.1/32\""}));
      case 9:
        return object("exists", pick({"true", "false"}));
      default:
        return scalar();
    }
  }

  std::string pattern(int depth = 0) {
    std::string out = "{";
    const auto fields = 1 + below(3);
    for (std::uint64_t i = 0; i < fields; ++i) {
      out += (i == 0 ? "\"" : ",\"");
      if (below(8) == 0 && depth < 3) {
        out += "$or\":[" + pattern(depth + 1) + "," + pattern(depth + 1) + "]";
        continue;
      }
      out += name() + "\":";
      if (depth < 3 && below(3) == 0) {
        out += pattern(depth + 1);
        continue;
      }
      out += "[" + condition();
      while (below(3) == 0) out += "," + condition();
      out += "]";
    }
    return out + "}";
  }

  std::string space() { return below(12) == 0 ? pick({" ", "\n", "\t ", "  "}) : ""; }
  std::string value(int depth) {
    const std::uint64_t kind = depth > 5 ? 9 : below(10);
    if (kind < 2) return event(depth + 1);
    if (kind < 5) {
      std::string out = "[" + space();
      for (std::uint64_t left = below(4); left > 0; --left)
        out += value(depth + 1) + space() + (left > 1 ? "," + space() : "");
      return out + "]";
    }
    return scalar();
  }
  std::string event(int depth = 0) {
    std::string out = space() + "{" + space();
    for (std::uint64_t left = below(depth == 0 ? 6 : 4); left > 0; --left) {
      out += "\"" + name() + "\"" + space() + ":" + space() + value(depth) + space() + (left > 1 ? "," + space() : "");
    }
    out += "}" + space();
    // Texts of all lengths against the blocks that are read at once.
    if (depth == 0) out += std::string(below(70), ' ');
    return out;
  }

 private:
  SeededRandom random_;
};

/// How many cases the comparison runs; more by hand: SIGNALBOX_PATTERN_CASES=5000000.
std::uint64_t cases() {
  const char* given = std::getenv("SIGNALBOX_PATTERN_CASES");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 200'000;
}

TEST(Matcher, FindsWhatThePlainMatcherFinds) {
  const std::uint64_t seed = SystemRandom().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator make(seed);
  constexpr std::size_t kRules = 40;
  constexpr std::uint64_t kEvents = 50;
  std::uint64_t compared = 0;
  std::uint64_t matches = 0;
  while (compared < cases()) {
    std::vector<Pattern> patterns;
    std::vector<std::string> texts;
    MatcherBuilder builder;
    while (patterns.size() < kRules) {
      std::string text = make.pattern();
      auto pattern = Pattern::compile(text);
      if (!pattern) continue;
      builder.put(patterns.size(), *pattern);
      patterns.push_back(*std::move(pattern));
      texts.push_back(std::move(text));
    }
    // Some go, some of those come back: what is left behind must not show.
    std::vector<bool> gone(kRules);
    const auto before = builder.snapshot();
    for (int i = 0; i < 10; ++i) {
      const std::size_t rule = make.below(kRules);
      gone[rule] = make.below(3) != 0;
      builder.erase(rule);
      if (!gone[rule]) builder.put(rule, patterns[rule]);
    }
    const auto after = builder.snapshot();
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      const std::string event = make.event();
      json::Document document;
      const auto value = document.parse(event);
      ASSERT_TRUE(value) << event;
      std::vector<RuleId> expected;
      std::vector<RuleId> expected_after;
      for (std::size_t rule = 0; rule < kRules; ++rule) {
        if (!patterns[rule].matches(*value)) continue;
        expected.push_back(rule);
        if (!gone[rule]) expected_after.push_back(rule);
      }
      const auto found = match(*before, event);
      if (found != expected) {
        for (std::size_t rule = 0; rule < kRules; ++rule) {
          const bool has = std::ranges::count(found, rule) != 0;
          const bool should = std::ranges::count(expected, rule) != 0;
          ASSERT_EQ(has, should) << texts[rule] << "\n" << event;
        }
      }
      ASSERT_EQ(match(*after, event), expected_after) << event;
      matches += expected.size();
      compared += kRules;
    }
  }
  EXPECT_GT(matches, compared / 100) << "cases that never match prove little";
}

TEST(Matcher, HandlesWhatRandomCasesSeldomHave) {
  MatcherBuilder builder;
  const auto put = [&builder](RuleId rule, const std::string& text) {
    const auto pattern = Pattern::compile(text);
    ASSERT_TRUE(pattern) << text;
    builder.put(rule, *pattern);
  };
  put(1, R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":["deep"]}}}}}}}})");
  put(2, R"({"list":{"x":[1],"y":[2]}})");
  std::string many = R"({"v":[)";
  for (int i = 0; i < 500; ++i) many += (i == 0 ? "\"" : ",\"") + ("value-" + std::to_string(i) + "\"");
  put(3, many + "]}");
  put(4, R"({"only":[{"exists":false}]})");
  const auto matcher = builder.snapshot();
  EXPECT_EQ(match(*matcher, R"({"a.b":{"c":{"d.e.f.g":{"h":"deep"}}},"only":1})"), std::vector<RuleId>{1});
  EXPECT_EQ(match(*matcher, R"({"a.b.c.d.e.f.g.h":"deep","only":1})"), std::vector<RuleId>{1});
  EXPECT_EQ(match(*matcher, R"({"v":"value-499","only":1})"), std::vector<RuleId>{3});
  EXPECT_EQ(match(*matcher, "{}"), std::vector<RuleId>{4});
  // Arrays whose combinations are far more than the rules.
  std::string list = R"({"only":1,"list":[)";
  for (int i = 0; i < 3000; ++i) list += R"({"x":)" + std::to_string(i + 2) + R"(,"y":)" + std::to_string(i + 3) + "},";
  EXPECT_EQ(match(*matcher, list + R"({"x":1,"y":1}]})"), std::vector<RuleId>{});
  EXPECT_EQ(match(*matcher, list + R"({"x":1,"y":2}]})"), std::vector<RuleId>{2});
  EXPECT_TRUE(builder.erase(4));
  EXPECT_FALSE(builder.erase(4));
  EXPECT_EQ(match(*builder.snapshot(), "{}"), std::vector<RuleId>{});
  EXPECT_EQ(match(*matcher, "{}"), std::vector<RuleId>{4}) << "a snapshot stays as it was";
}

TEST(Matcher, SnapshotsAreReadWhileRulesChange) {
  std::mutex mutex;
  MatcherBuilder builder;
  const auto pattern_of = [](RuleId rule) {
    const std::string n = std::to_string(rule % 50);
    const std::string kinds[] = {R"({"a":["v)" + n + R"("]})", R"({"a":[{"prefix":"v)" + n + R"("}]})",
                                 R"({"b":[{"numeric":["=",)" + n + "]}]}", R"({"c)" + n + R"(":[{"exists":false}]})"};
    return *Pattern::compile(kinds[rule % 4]);
  };
  for (RuleId rule = 0; rule < 500; ++rule) builder.put(rule, pattern_of(rule));
  std::shared_ptr<const Matcher> published = builder.snapshot();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  std::atomic<std::size_t> wrong{0};
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      Scratch scratch;
      std::vector<RuleId> matched;
      while (!done) {
        std::shared_ptr<const Matcher> matcher;
        {
          const std::lock_guard lock(mutex);
          matcher = published;
        }
        // Rules 0 to 3 never change: whatever happens to the others, they are found.
        matcher->match(R"({"a":"v0","b":2})", scratch, matched);
        for (const RuleId rule : {0, 2, 3}) wrong += std::ranges::count(matched, rule) != 1;
      }
    });
  }
  SeededRandom random(5);
  for (int i = 0; i < 3000; ++i) {
    const RuleId rule = 4 + random.next() % 600;
    if (random.next() % 2 == 0) {
      builder.erase(rule);
    } else {
      builder.put(rule, pattern_of(rule));
    }
    auto next = builder.snapshot();
    const std::lock_guard lock(mutex);
    published.swap(next);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0U);
}

TEST(Explain, SaysWhichFieldFailsAndWhy) {
  const auto pattern = Pattern::compile(
      R"({"a":["x",{"prefix":"y"}],"l":{"p":[1],"q":[2]},"n":[{"numeric":[">",1,"<=",5]}],"e":[{"exists":false}]})");
  ASSERT_TRUE(pattern);
  struct {
    const char* event;
    std::string expected;
  } cases[] = {
      {R"({"a":"yes","l":[{"p":1,"q":2}],"n":3})", "matches +a +l.p +l.q +n +e"},
      {R"({"a":"no","l":[{"p":1,"q":2}],"n":3,"e":1})",
       R"(- -a[is "no", wanted: "x" or {"prefix":"y"}] +l.p +l.q +n -e[is 1, wanted: {"exists":false}])"},
      {R"({"a":"x","l":[{"p":1,"q":3},{"p":3,"q":2}],"n":5})", "- across +a +l.p +l.q +n +e"},
      {R"({"a":"x","l":[{"p":1,"q":2}],"n":[]})",
       R"(- +a +l.p +l.q -n[is missing, wanted: {"numeric":[">",1,"<=",5]}] +e)"},
  };
  for (const auto& c : cases) {
    json::Document document;
    const Explanation explanation = explain(*pattern, *document.parse(c.event));
    std::string text = explanation.matches ? "matches" : "-";
    if (explanation.only_across_elements) text += " across";
    for (const FieldExplanation& field : explanation.fields) {
      text += (field.met ? " +" : " -") + field.path;
      if (!field.met) text += "[" + field.reason + "]";
    }
    EXPECT_EQ(text, c.expected) << c.event;
  }
}

TEST(Matcher, AnyBytesDoNoHarm) {
  MatcherBuilder builder;
  builder.put(1, *Pattern::compile(R"({"a":{"b":["x"]},"c":[{"prefix":"y"}]})"));
  const auto matcher = builder.snapshot();
  const std::string event = R"({"a":{"b":"x"},"c":["y\u0041",{"d":[1,2,{"e":"}"}]}],"z":-1.5e3})";
  EXPECT_EQ(match(*matcher, event), std::vector<RuleId>{1});
  for (std::size_t size = 0; size < event.size(); ++size) match(*matcher, event.substr(0, size));
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = event;
    for (int left = 1 + static_cast<int>(random.next() % 4); left > 0; --left) {
      broken[random.next() % broken.size()] = "{}[]\",:\\ax0 \0"[random.next() % 14];
    }
    match(*matcher, broken);
  }
  match(*matcher, std::string(100'000, '['));
  match(*matcher, "{\"a\":" + std::string(100'000, '['));
}

}  // namespace
}  // namespace signalbox::pattern

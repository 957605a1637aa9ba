// The examples of AWS's pages on filter patterns, and what must be refused.

#include "services/logs/filter/pattern.h"

#include <gtest/gtest.h>

namespace signalbox::logs::filter {
namespace {

struct Case {
  const char* pattern;
  const char* message;
  bool matches;
};

void check(const Case& c) {
  const auto pattern = Pattern::compile(c.pattern);
  ASSERT_TRUE(pattern) << c.pattern << ": " << pattern.error().message;
  EXPECT_EQ(pattern->matches(c.message), c.matches) << c.pattern << " on " << c.message;
}

constexpr const char* kUnauthorized = "[ERROR 401] UNAUTHORIZED REQUEST";
constexpr const char* kInvalid = "[ERROR 420] INVALID ARGUMENTS";
constexpr const char* kMissing = "[ERROR 400] MISSING ARGUMENTS";

TEST(Terms, AsDocumented) {
  for (const Case& c : std::initializer_list<Case>{
           {"", "anything", true},
           {"  ", "anything", true},
           {"\" \"", "with a space", true},
           {"ERROR", kUnauthorized, true},
           {"error", kUnauthorized, false},
           {"ERROR ARGUMENTS", kInvalid, true},
           {"ERROR ARGUMENTS", kUnauthorized, false},
           {"?ERROR ?ARGUMENTS", kInvalid, true},
           {"?420 ?WARN", kUnauthorized, false},
           {"\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true},
           {"\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR SERVER", false},
           {"ERROR -ARGUMENTS", kUnauthorized, true},
           {"ERROR -ARGUMENTS", kMissing, false},
           {"ERROR -\"MISSING ARGUMENTS\"", kInvalid, true},
           {"-ARGUMENTS", "hello", true},
           {"?ARGUMENTS ERROR", kUnauthorized, true},
           {"%AUTHORIZED%", kUnauthorized, true},
           {"%4[0-9]{2}%", kMissing, true},
           {"%^ERROR%", kMissing, false},
           {"-%4[0-9]{2}%", kMissing, false},
           {"\"a \\\"b\\\"\"", "say a \"b\" now", true},
           {"\"email@some.com\"", "to email@some.com", true},
           {"snake_case -no_1", "a snake_case", true},
           {"エラー", "エラー 1", true},
           {"%a:_#=@/;,-b%", "a:_#=@/;,-b", true},
           {"%\\x28a\\x29\\s[bc]?d{1,2}$%", "(a) cd", true},
       }) {
    check(c);
  }
}

constexpr const char* kTrail = R"({
  "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
  "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
  "SomeObject": null, "cluster.name": "c", "flag": true, "latency": 50, "cpu": 1e-4, "text": "a \"q\" b"})";

TEST(JsonPattern, AsDocumented) {
  for (const Case& c : std::initializer_list<Case>{
           {"{ $.eventType = \"UpdateTrail\" }", kTrail, true},
           {"{$.eventType=\"UpdateTrail\"}", kTrail, true},
           {"{ $.eventType = UpdateTrail }", kTrail, true},
           {"{ $.eventType = \"Update*\" }", kTrail, true},
           {"{ $.eventType = \"*Tra*\" }", kTrail, true},
           {"{ $.eventType = \"Trail\" }", kTrail, false},
           {"{ $.eventType = %Trail% }", kTrail, true},
           {"{ $.eventType = %^Trail% }", kTrail, false},
           {"{ $.sourceIPAddress != 123.123.* }", kTrail, true},
           {"{ $.sourceIPAddress != 111.111.* }", kTrail, false},
           {"{ $.arrayKey[0] = \"value\" }", kTrail, true},
           {"{ $.arrayKey[1] = \"value\" }", kTrail, false},
           {"{ $.arrayKey[*] = \"another*\" }", kTrail, true},
           {"{ $.objectList[1].id = 2 }", kTrail, true},
           {"{ $.objectList[*].id > 2 }", kTrail, false},
           {"{ $.SomeObject IS NULL }", kTrail, true},
           {"{ $.flag IS TRUE }", kTrail, true},
           {"{ $.flag IS FALSE }", kTrail, false},
           {"{ $.SomeOtherObject NOT EXISTS }", kTrail, true},
           {"{ $.flag NOT EXISTS }", kTrail, false},
           {"{ $.flag exists }", kTrail, true},
           {"{ $['cluster.name'] = \"c\" }", kTrail, true},
           {"{ $.latency > 49.5 && $.latency <= 50 }", kTrail, true},
           {"{ $.latency = 5e1 }", kTrail, true},
           {"{ $.cpu < 1e-3 }", kTrail, true},
           {"{ $.latency != 50 }", kTrail, false},
           {"{ $.missing != 50 }", kTrail, false},
           {"{ ($.latency = 1 || $.flag IS TRUE) && $.cpu > 0 }", kTrail, true},
           {"{ $.latency = 1 || $.flag IS TRUE && $.cpu > 1 }", kTrail, false},
           {"{ $.text = \"a \\\"q\\\" b\" }", kTrail, true},
           {"{ $.eventType = * }", kTrail, true},
           {"{ $.eventType = * }", "UpdateTrail", false},
           {"{ $.eventType = * }", "{ broken", false},
       }) {
    check(c);
  }
}

constexpr const char* kAccess =
    "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";

TEST(FieldPattern, AsDocumented) {
  for (const Case& c : std::initializer_list<Case>{
           {"[ip, user, username, timestamp, request, status_code, bytes]", kAccess, true},
           {"[ip, user, username, timestamp, request, status_code]", kAccess, false},
           {"[ip, user, username, timestamp, request = *.html*, status_code = 4*, bytes]", kAccess, true},
           {"[ip, user, username, timestamp, request, status_code = 2*, bytes]", kAccess, false},
           {"[..., status_code, bytes]", kAccess, true},
           {"[ip, ..., request =*.html*, status_code = 4*,]", kAccess, true},
           {"[ip=%127\\.0\\.0\\.[1-9]%, ...]", kAccess, true},
           {"[ip!=127.*, ...]", kAccess, false},
           {"[..., bytes > 1000]", kAccess, true},
           {"[..., bytes > 1000 && bytes < 1500]", kAccess, false},
           {"[..., (status_code = 404 || status_code = 410), bytes]", kAccess, true},
           {"[w1=ERROR, w2]", "ERROR now", true},
           {"[w1=ERROR || w1=%WARN%, w2]", "WARNING now", true},
           {"[w1!=ERROR&&w1!=WARN, w2]", "WARN now", false},
           {"[,,]", "a b c", true},
           {"[a]", "[unclosed", true},
       }) {
    check(c);
  }
}

TEST(Pattern, ExtractsWhatItNames) {
  const auto fields = Pattern::compile("[ip, , username, timestamp, request, status_code = 4*, bytes]");
  ASSERT_TRUE(fields);
  const Extracted expected = {{"$ip", "127.0.0.1"},
                              {"$2", "Prod"},
                              {"$username", "frank"},
                              {"$timestamp", "10/Oct/2000:13:25:15 -0700"},
                              {"$request", "GET /index.html HTTP/1.0"},
                              {"$status_code", "404"},
                              {"$bytes", "1534"}};
  EXPECT_EQ(fields->extract(kAccess), expected);
  EXPECT_EQ(fields->value(kAccess, "$bytes"), "1534");
  EXPECT_FALSE(fields->can_select("$.bytes"));
  const auto json = Pattern::compile("{ $.latency = * && $.objectList[1].name = b }");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->extract(kTrail), (Extracted{{"$.latency", "50"}, {"$.objectList[1].name", "b"}}));
  EXPECT_EQ(json->value(kTrail, "$.objectList[0].id"), "1");
  EXPECT_EQ(json->value(kTrail, "$.none"), std::nullopt);
  EXPECT_TRUE(json->can_select("$.anything.else"));
  EXPECT_FALSE(json->can_select("$latency"));
}

TEST(Pattern, RefusesWhatItCannotRead) {
  for (const char* text : {"\"open",
                           "%open",
                           "%(%",
                           "a(b",
                           "{ $.a }",
                           "{ $.a = }",
                           "{ a = 1 }",
                           "{ $.a = 1",
                           "{ $.a = 1 } x",
                           "{ $.a > b }",
                           "{ $.a IS MAYBE }",
                           "{ $. = 1 }",
                           "{ $.a[x] = 1 }",
                           "{ ($.a = 1 }",
                           "{}",
                           "[a",
                           "[a=]",
                           "[a=1 b]",
                           "[..., ...]",
                           "[a > x]",
                           "[a=1 || b=2]",
                           "-",
                           "?"}) {
    const auto pattern = Pattern::compile(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().code, "InvalidParameterException") << text;
  }
  EXPECT_FALSE(Pattern::compile(std::string(1025, 'a')));
  EXPECT_FALSE(Pattern::compile("{" + std::string(1000, '(')));
}

TEST(Pattern, RefusesCharactersAsAwsDoes) {
  const struct {
    const char* pattern;
    const char* term;
  } cases[] = {{"email@some.com", "email@some.com"},
               {"ERROR a/b", "a/b"},
               {"warn:", "warn:"},
               {"code=42", "code=42"},
               {"-foo-bar", "foo-bar"},
               {"?a.b", "a.b"},
               {"*", "*"},
               {"\"\"", "\"\""},
               {"ERROR -\"\"", "\"\""},
               {"%something!%", "%something!%"},
               {"%(a|b)%", "%(a|b)%"},
               {"%\\(a%", "%\\(a%"},
               {"%a b%", "%a b%"},
               {"%é%", "%é%"},
               {"{ $.a = %(b)% }", "%(b)%"},
               {"[a = %b!%]", "%b!%"}};
  for (const auto& c : cases) {
    const auto pattern = Pattern::compile(c.pattern);
    ASSERT_FALSE(pattern) << c.pattern;
    EXPECT_EQ(pattern.error().code, "InvalidParameterException");
    EXPECT_EQ(pattern.error().message, "Invalid character(s) in term '" + std::string(c.term) + "'");
    // Those that were stored when they were taken still work.
    EXPECT_TRUE(Pattern::compile(c.pattern, Characters::kAny)) << c.pattern;
  }
  EXPECT_FALSE(Pattern::compile("a(b", Characters::kAny));
}

TEST(Pattern, IsQuickOnHostileTexts) {
  // Backtracking would take for ever.
  const auto pattern =
      Pattern::compile("{ $.a = \"" + std::string(400, '*') + "b\" && $.a = %(a*)*b% }", Characters::kAny);
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches("{\"a\":\"" + std::string(10'000, 'a') + "\"}"));
}

}  // namespace
}  // namespace signalbox::logs::filter

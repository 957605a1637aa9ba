// The query language, on the examples of AWS's pages and on what must be refused.

#include "services/logs/insights/query.h"

#include <gtest/gtest.h>

#include "services/logs/insights/quantiles.h"

namespace signalbox::logs::insights {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000;  // 2023-11-14T22:13:20Z

using Rows = std::vector<std::string>;  // "name=value name=value"

/// The results of the query over these messages, a second apart, in `parts` parts as several threads would make.
Rows run(std::string_view text, const std::vector<std::string>& messages, std::size_t parts = 1) {
  const auto query = Query::compile(text, {.now = kStart});
  if (!query) return {query.error().code + ": " + query.error().message};
  Part all = query->begin();
  for (std::size_t part = 0; part < parts; ++part) {
    Part one = query->begin();
    Scan scan(*query, one);
    for (std::size_t i = part; i < messages.size(); i += parts) {
      SourceEvent event;
      event.time = kStart + static_cast<std::int64_t>(i) * 1000;
      event.number = i;
      event.ingested = event.time + 5;
      event.message = messages[i];
      event.stream = i % 2 == 0 ? "even" : "odd";
      event.log = "123456789012:g";
      scan.add(event);
    }
    query->merge(all, std::move(one));
  }
  const auto results = query->results(all);
  Rows rows;
  for (const ResultRow& row : *results) {
    std::string& line = rows.emplace_back();
    for (const auto& [name, value] : row.fields) line += (line.empty() ? "" : " ") + name + "=" + value;
  }
  return rows;
}

const std::vector<std::string> kJson = {
    R"({"level":"INFO","ms":10,"user":{"id":"a"},"tags":["x","y"],"ok":true})",
    R"({"level":"ERROR","ms":30,"user":{"id":"b"},"ok":false,"big":12345678901234567890})",
    R"({"level":"INFO","ms":20,"user":{"id":"a"},"n":null,"dotted.name":"d"})",
    "not json",
};

TEST(Query, Fields) {
  EXPECT_EQ(run("fields @timestamp, @message | limit 1", kJson),
            (Rows{"@timestamp=2023-11-14 22:13:23.000 @message=not json"}));
  EXPECT_EQ(run("fields level, user.id as id, tags.1 | sort @timestamp asc | limit 2", kJson),
            (Rows{"level=INFO id=a tags.1=y", "level=ERROR id=b"}));
  EXPECT_EQ(run("fields ms * 2 + 1, ok, big, `dotted.name` | filter ispresent(ms) | sort ms", kJson),
            (Rows{"ms * 2 + 1=21 ok=1", "ms * 2 + 1=41 dotted.name=d", "ms * 2 + 1=61 ok=0 big=12345678901234567890"}));
  EXPECT_EQ(run("fields @logStream, @log, @ingestionTime | limit 1", kJson),
            (Rows{"@logStream=odd @log=123456789012:g @ingestionTime=2023-11-14 22:13:23.005"}));
  EXPECT_EQ(run("fields level | display ms | sort ms desc | limit 1", kJson), (Rows{"ms=30"}));
  EXPECT_EQ(run("limit 1", {"only"}), (Rows{"@timestamp=2023-11-14 22:13:20.000 @message=only"}));
}

TEST(Query, Filter) {
  const auto count = [](const std::string& condition) {
    return run("filter " + condition + " | stats count(*) as n", kJson).front();
  };
  struct {
    const char* condition;
    const char* n;
  } cases[] = {
      {"level = \"INFO\"", "n=2"},
      {"level = 'ERROR'", "n=1"},
      {"level != \"INFO\"", "n=2"},
      {"ms > 10", "n=2"},
      {"ms >= 10 and ms < 30", "n=2"},
      {"ms = 10 or level = \"ERROR\"", "n=2"},
      {"not ispresent(ms)", "n=1"},
      {"level in [\"INFO\", \"WARN\"]", "n=2"},
      {"level not in [\"INFO\"]", "n=2"},
      {"ms in [10, 20]", "n=2"},
      {"@message like /not (json|xml)/", "n=1"},
      {"@message like \"json\"", "n=1"},
      {"@message =~ /(?i)NOT/", "n=1"},
      {"@message not like /level/", "n=1"},
      {"(level = \"INFO\" or ms = 30) and user.id = \"a\"", "n=2"},
      {"ok = true", "n=1"},
      {"strlen(level) = 5", "n=1"},
      {"user.id = \"a\" # a comment", "n=2"},
      {"tags.0 = \"x\"", "n=1"},
      {"@timestamp >= 1700000002000", "n=2"},
  };
  for (const auto& c : cases) EXPECT_EQ(count(c.condition + std::string("\n")), c.n) << c.condition;
}

TEST(Query, Stats) {
  EXPECT_EQ(run("stats count(*), sum(ms), avg(ms), min(ms), max(ms)", kJson),
            (Rows{"count(*)=4 sum(ms)=60 avg(ms)=20 min(ms)=10 max(ms)=30"}));
  EXPECT_EQ(run("stats count(*) as n by level | sort n desc, level", kJson),
            (Rows{"level=INFO n=2", "n=1", "level=ERROR n=1"}));
  EXPECT_EQ(run("stats count(*) by bin(2s)", kJson),
            (Rows{"bin(2s)=2023-11-14 22:13:20.000 count(*)=2", "bin(2s)=2023-11-14 22:13:22.000 count(*)=2"}));
  EXPECT_EQ(run("stats count(*) by bin(2s) | sort bin(2s) desc | limit 1", kJson),
            (Rows{"bin(2s)=2023-11-14 22:13:22.000 count(*)=2"}));
  EXPECT_EQ(run("stats count(ms), count_distinct(user.id), stddev(ms) as d, pct(ms, 50), median(ms)", kJson),
            (Rows{"count(ms)=3 count_distinct(user.id)=2 d=8.165 pct(ms, 50)=20 median(ms)=20"}));
  EXPECT_EQ(run("stats earliest(level), latest(level), sortsFirst(level), sortsLast(level)", kJson),
            (Rows{"earliest(level)=INFO latest(level)=INFO sortsFirst(level)=ERROR sortsLast(level)=INFO"}));
  EXPECT_EQ(
      run("stats sum(ms) as total by user.id as id | filter total > 25 | stats count(*) as groups, max(total)", kJson),
      (Rows{"groups=2 max(total)=30"}));
  EXPECT_EQ(run("filter level = \"none\" | stats count(*) as n", kJson), (Rows{"n=0"}));
  EXPECT_EQ(run("filter level = \"none\" | stats count(*) as n by level", kJson), (Rows{}));
  EXPECT_EQ(run("stats avg(ms / 3) as third", kJson), (Rows{"third=6.6667"}));
}

TEST(Query, Parse) {
  const std::vector<std::string> lines = {"user=ann, method:GET, latency := 12 end",
                                          "user=bob, method:PUT, latency := 7", "other"};
  EXPECT_EQ(run("parse @message \"user=*, method:*, latency := *\" as @user, @method, latency | sort @timestamp | "
                "display @user, latency",
                lines),
            (Rows{"@user=ann latency=12 end", "@user=bob latency=7", ""}));
  EXPECT_EQ(
      run("parse @message /user=(?<user>.*?), method:(?<verb>[A-Z]+)/ | stats count(*) by verb | sort verb", lines),
      (Rows{"count(*)=1", "verb=GET count(*)=1", "verb=PUT count(*)=1"}));
  EXPECT_EQ(run("parse @message \"*=*, *\" as a, b, c | display a, b, c | limit 1", {"k=1, k=2, k=3"}),
            (Rows{"a=k b=1 c=k=2, k=3"}));
  EXPECT_EQ(run("parse @message \"x*y*z\" as a, b | display a, b", {"xxyxyz"}), (Rows{"a=x b=xy"}));
  EXPECT_EQ(run("parse @message \"[*]\" as a | display a", {"[]"}), (Rows{"a="}));
  EXPECT_EQ(run("parse \"latency := * end\" as ms | filter ispresent(ms) | fields ms + 1 as more", lines),
            (Rows{"more=13 ms=12"}));
}

TEST(Query, SortLimitDedup) {
  EXPECT_EQ(run("fields ms | filter ms > 0 | sort ms desc | limit 2", kJson), (Rows{"ms=30", "ms=20"}));
  EXPECT_EQ(run("fields ms | limit 2 | sort ms", kJson), (Rows{"", "ms=20"}));
  EXPECT_EQ(run("fields user.id as id, ms | filter ispresent(ms) | sort ms | dedup id", kJson),
            (Rows{"id=a ms=10", "id=b ms=30"}));
  EXPECT_EQ(run("fields level, ms | dedup level | filter level = \"INFO\"", kJson), (Rows{"level=INFO ms=20"}));
  EXPECT_EQ(run("fields ms | sort ms | limit 3 | stats sum(ms)", kJson), (Rows{"sum(ms)=30"}));
}

TEST(Query, Functions) {
  struct {
    const char* expression;
    const char* value;
  } cases[] = {
      {"abs(-3)", "3"},
      {"ceil(1.2)", "2"},
      {"floor(-1.2)", "-2"},
      {"greatest(1, 3, 2)", "3"},
      {"least(2, 1)", "1"},
      {"sqrt(16)", "4"},
      {"log(1)", "0"},
      {"2 ^ 3 ^ 2", "512"},
      {"10 % 3", "1"},
      {"7 / 2", "3.5"},
      {"-(2 + 3) * 2", "-10"},
      {"concat(\"a\", 1, 'b')", "a1b"},
      {"toupper(\"aé\")", "Aé"},
      {"tolower(\"AB\")", "ab"},
      {"trim(\"  x \")", "x"},
      {"ltrim(\"xxa\", \"x\")", "a"},
      {"rtrim(\"axx\", \"x\")", "a"},
      {"strlen(\"été\")", "3"},
      {"substr(\"abcdef\", 2)", "cdef"},
      {"substr(\"abcdef\", 1, 2)", "bc"},
      {"replace(\"a-b-c\", \"-\", \"+\")", "a+b+c"},
      {"strcontains(\"abc\", \"bc\")", "1"},
      {"isempty(\"\")", "1"},
      {"isblank(\"  \")", "1"},
      {"ispresent(none)", "0"},
      {"coalesce(none, \"x\")", "x"},
      {"fromMillis(1700000000123)", "2023-11-14 22:13:20.123"},
      {"toMillis(@timestamp)", "1700000000000"},
      {"datefloor(@timestamp, 1h)", "2023-11-14 22:00:00.000"},
      {"dateceil(@timestamp, 1h)", "2023-11-14 23:00:00.000"},
      {"datefloor(@timestamp, 1mo)", "2023-11-01 00:00:00.000"},
      {"dateceil(@timestamp, 1y)", "2024-01-01 00:00:00.000"},
      {"bin(1d)", "2023-11-14 00:00:00.000"},
      {"now()", "1700000000"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(run(std::string("fields ") + c.expression + " as v", {"m"}), (Rows{std::string("v=") + c.value}))
        << c.expression;
  }
}

TEST(Query, PartsMakeTheSame) {
  std::vector<std::string> messages;
  for (int i = 0; i < 500; ++i) {
    messages.push_back("{\"i\":" + std::to_string(i * 7919 % 1000) + ",\"k\":\"" + std::to_string(i % 13) + "\"}");
  }
  for (const char* text :
       {"stats count(*), sum(i), avg(i), min(i), max(i), pct(i, 90), stddev(i), count_distinct(i), latest(i) by k",
        "fields i, k | sort i desc, k | limit 20", "fields i | dedup k | sort i", "filter i > 500 | limit 7",
        "stats max(i) as m by k | sort m | limit 3"}) {
    const Rows one = run(text, messages);
    EXPECT_FALSE(one.empty());
    EXPECT_EQ(run(text, messages, 2), one) << text;
    EXPECT_EQ(run(text, messages, 7), one) << text;
  }
}

TEST(Query, SaysWhereItIsWrong) {
  struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "unexpected end of the query at line 1 and position 1 (characters 0 to 0)"},
      {"fields @message | bogus x", "unexpected symbol found bogus at line 1 and position 19 (characters 18 to 23)"},
      {"fields a\n| filter b >", "unexpected end of the query at line 2 and position 13 (characters 21 to 21)"},
      {"filter @message like /abc",
       "the regular expression is not closed by '/' at line 1 and position 22 (characters 21 to 22)"},
      {"filter a = \"x", "a quotation mark is not closed at line 1 and position 12 (characters 11 to 13)"},
      {"pattern @message", "the command pattern is not supported, at line 1 and position 1 (characters 0 to 7)"},
      {"fields jsonParse(x)",
       "the function jsonParse is not supported, at line 1 and position 17 (characters 16 to 17)"},
      {"stats frobs(x)", "the aggregation frobs is not supported, at line 1 and position 7 (characters 6 to 11)"},
      {"limit 0", "limit takes 1 to 10000, not what is at line 1 and position 7 (characters 6 to 7)"},
      {"fields abs()",
       "the function abs is given a wrong number of arguments, at line 1 and position 12 (characters 11 to 12)"},
      {"parse @message \"a*b*\" as x",
       "there are 2 asterisks for 1 names before what is at line 1 and position 27 (characters 26 to 26)"},
      {"fields a b", "unexpected symbol found b at line 1 and position 10 (characters 9 to 10)"},
      {"stats count(*) by bin(5parsecs)", "unknown period parsecs at line 1 and position 23 (characters 22 to 30)"},
      {"stats count(*) by bin(-1s)", "unexpected symbol found - at line 1 and position 23 (characters 22 to 23)"},
      {"fields dateceil(@timestamp, (1s))",
       "unexpected symbol found ( at line 1 and position 29 (characters 28 to 29)"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(run(c.text, {}), Rows{std::string("MalformedQueryException: ") + c.error}) << c.text;
}

TEST(Query, HostileTextsAreRefusedOrQuick) {
  for (const std::string& text :
       {"filter " + std::string(9'000, '('), "filter " + std::string(9'000, '-') + "1",
        "fields " + std::string(9'900, 'a'), "filter not " + std::string(4'000, ' ') + "not not",
        std::string(10'001, 'a'), "filter a like /" + std::string(3'000, '(') + "/", "filter a = 1" + [] {
          std::string s;
          for (int i = 0; i < 900; ++i) s += " or a = 1";
          return s;
        }()}) {
    run(text, kJson);
  }
  std::string deep = "filter ";
  for (int i = 0; i < 2'000; ++i) deep += "not ";
  EXPECT_TRUE(run(deep + "a", kJson).front().starts_with("MalformedQueryException"));
  run("filter @message like /(a*)*b/", {std::string(100'000, 'a')});
  run("fields a.b.c", {std::string(5'000, '['), "{\"a\":" + std::string(5'000, '['), R"({"a":{"b.c":1}})"});
}

TEST(Quantiles, AreExactOfFewAndNearOfMany) {
  Quantiles few;
  for (const double number : {5, 1, 3}) few.add(number);
  EXPECT_EQ(few.at(0), 1);
  EXPECT_EQ(few.at(50), 3);
  EXPECT_EQ(few.at(75), 4);
  Quantiles many;
  Quantiles half;
  for (int i = 1; i <= 100'000; ++i) (i % 2 == 0 ? many : half).add(i);
  many.merge(half);
  EXPECT_NEAR(many.at(90), 90'000, 900);
  EXPECT_NEAR(many.at(1), 1'000, 10);
}

}  // namespace
}  // namespace signalbox::logs::insights

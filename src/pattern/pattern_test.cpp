#include "pattern/pattern.h"

#include <gtest/gtest.h>

namespace signalbox::pattern {
namespace {

bool matches(std::string_view pattern, const std::string& event) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << pattern << "\n" << (compiled ? "" : compiled.error().message);
  json::Document document;
  const auto value = document.parse(event);
  EXPECT_TRUE(value) << event;
  return compiled && value && compiled->matches(*value);
}

struct Case {
  const char* pattern;
  const char* event;
  bool expected;
};

TEST(Pattern, OperatorsMatchAsDocumented) {
  const Case cases[] = {
      {R"({"a":["x"]})", R"({"a":"x"})", true},
      {R"({"a":["x"]})", R"({"a":"y"})", false},
      {R"({"a":["x","y"]})", R"({"a":"y"})", true},
      {R"({"a":["x"]})", R"({"a":["w","x"]})", true},
      {R"({"a":["x"]})", R"({"a":[]})", false},
      {R"({"a":["x"],"b":["y"]})", R"({"a":"x"})", false},
      {R"({"a":[1]})", R"({"a":"1"})", false},
      {R"({"a":[300]})", R"({"a":3.0e2})", true},
      {R"({"a":[300.0]})", R"({"a":300})", true},
      {R"({"a":[0.1]})", R"({"a":1e-1})", true},
      {R"({"a":[1234567890.5]})", R"({"a":1234567890.6})", false},
      {R"({"a":[{"anything-but":{"wildcard":""}}]})", R"({"a":"x"})", true},
      {R"({"a":[null]})", R"({"a":null})", true},
      {R"({"a":[null]})", R"({"b":1})", false},
      {R"({"a":[true]})", R"({"a":true})", true},
      {R"({"a":[true]})", R"({"a":"true"})", false},
      {R"({"a":["é"]})", R"({"a":"\u00e9"})", true},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", true},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":"ac"})", false},
      {R"({"a":[{"prefix":{"equals-ignore-case":"AB"}}]})", R"({"a":"abc"})", true},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})", true},
      {R"({"a":[{"suffix":{"equals-ignore-case":".PNG"}}]})", R"({"a":"x.png"})", true},
      {R"({"a":[{"equals-ignore-case":"ÄBc"}]})", R"({"a":"äbC"})", true},
      {R"({"a":[{"wildcard":"a*c*e"}]})", R"({"a":"abcde"})", true},
      {R"({"a":[{"wildcard":"a*c*e"}]})", R"({"a":"abcd"})", false},
      {R"({"a":[{"wildcard":"a\\*c"}]})", R"({"a":"a*c"})", true},
      {R"({"a":[{"wildcard":"a\\*c"}]})", R"({"a":"abc"})", false},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", true},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"x"})", false},
      {R"({"a":[{"anything-but":"x"}]})", R"({"b":"y"})", false},
      {R"({"a":[{"anything-but":[1,2]}]})", R"({"a":2.0})", false},
      {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"xy"})", false},
      {R"({"a":[{"anything-but":{"suffix":["x","y"]}}]})", R"({"a":"ay"})", false},
      {R"({"a":[{"anything-but":{"wildcard":"*x*"}}]})", R"({"a":"axb"})", false},
      {R"({"a":[{"anything-but":{"equals-ignore-case":["X"]}}]})", R"({"a":"x"})", false},
      {R"({"a":[{"anything-but":{"equals-ignore-case":["X"]}}]})", R"({"a":"y"})", true},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", true},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})", false},
      {R"({"a":[{"numeric":["=",5]}]})", R"({"a":5.0})", true},
      {R"({"a":[{"numeric":["<",5]}]})", R"({"a":"4"})", false},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.0.255"})", true},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.1.0"})", false},
      {R"({"a":[{"cidr":"2001:db8::/33"}]})", R"({"a":"2001:db8:7fff::1"})", true},
      {R"({"a":[{"cidr":"2001:db8::/33"}]})", R"({"a":"2001:db8:8000::1"})", false},
      {R"({"a":[{"exists":true}]})", R"({"a":null})", true},
      {R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", false},
      {R"({"a":[{"exists":false}]})", R"({"b":1})", true},
      {R"({"a":[{"exists":false}]})", R"({"a":1})", false},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"y"})", true},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}],"c":["z"]})", R"({"b":"y"})", false},
      {R"({"a":{"$or":[{"b":[1]},{"c":[2]}]}})", R"({"a":{"c":2}})", true},
      {R"({"a.b":["x"]})", R"({"a":{"b":"x"}})", true},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(c.pattern, c.event), c.expected) << c.pattern << " on " << c.event;
}

TEST(Pattern, TheLastOfOnePathHolds) {
  constexpr const char* kEvent = R"({"source":"s","detail":{"a":1,"b":2}})";
  const auto holds = [&](const char* pattern) { return matches(pattern, kEvent); };
  EXPECT_TRUE(holds(R"({"source":["a"],"source":["s"]})"));
  EXPECT_FALSE(holds(R"({"source":["s"],"source":["a"]})"));
  EXPECT_TRUE(holds(R"({"detail":{"a":[1]},"detail":{"b":[2]}})"));
  EXPECT_FALSE(holds(R"({"detail":{"a":[0]},"detail":{"b":[2]}})"));
  EXPECT_TRUE(holds(R"({"detail":{"a":[0]},"detail":{"a":[1]}})"));
  EXPECT_TRUE(holds(R"({"source":["a"],"$or":[{"source":["s"]},{"detail":{"a":[0]}}]})"));
}

TEST(Pattern, ArrayElementsAreNotMixed) {
  const char* pattern = R"({"list":{"name":["a"],"size":[1]}})";
  EXPECT_TRUE(matches(pattern, R"({"list":[{"name":"b","size":2},{"name":"a","size":1}]})"));
  EXPECT_FALSE(matches(pattern, R"({"list":[{"name":"a","size":2},{"name":"b","size":1}]})"));
  EXPECT_FALSE(matches(pattern, R"({"list":[[{"name":"a"}],[{"size":1}]]})"));
  EXPECT_TRUE(matches(pattern, R"({"list":[[{"name":"a","size":1}],[{"size":3}]]})"));
}

TEST(Pattern, SayWhatIsWrongAndWhere) {
  struct {
    const char* pattern;
    const char* reason;
  } cases[] = {
      {R"([])", "Filter is not an object"},
      {R"({})", "Empty objects are not allowed"},
      {R"({"a":[]})", "Empty arrays are not allowed"},
      {R"({"a":"x"})", "\"a\" must be an object or an array"},
      {R"({"a":[["x"]]})", "Match value must be String, number, true, false, or null"},
      {R"({"a":[{"foo":"x"}]})", "Unrecognized match type foo"},
      {R"({"a":[{"prefix":1}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})", "Only one key allowed in match expression"},
      {R"({"a":[{"exists":"true"}]})", "exists match pattern must be either true or false."},
      {R"({"a":[{"numeric":["~",1]}]})", "Unrecognized numeric range operator: ~"},
      {R"({"a":[{"numeric":[">",5,"<",1]}]})", "Bottom must be less than top"},
      {R"({"a":[{"numeric":[">",5000000001]}]})", "Value must be between -5.0E9 and 5.0E9, inclusive"},
      {R"({"a":[{"wildcard":"a**"}]})", "Consecutive wildcard characters at pos 1"},
      {R"({"a":[{"wildcard":"a\\b"}]})", "Invalid escape character at pos 1"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":1}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"cidr":"10.0.0.0/x"}]})", "Malformed CIDR, mask bits must be an integer"},
      {R"({"a":[{"cidr":"10.0.0.0/-1"}]})", "Malformed CIDR, mask bits must not be negative"},
      {R"({"a":[{"cidr":"10.0.0/8"}]})", "Nonstandard IP address: 10.0.0"},
      {R"({"a":[5000000001]})", "Value must be between -5.0E9 and 5.0E9, inclusive"},
      {R"({"a":[{"anything-but":[-5000000001]}]})", "Value must be between -5.0E9 and 5.0E9, inclusive"},
      {R"({"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"anything-but":{"suffix":[{"equals-ignore-case":"x"}]}}]})", "suffix match pattern must be a string"},
      {R"({"a":[{"anything-but":{"prefix":""}}]})", "Null prefix/suffix not allowed"},
      {R"({"a":[{"anything-but":[1,"x"]}]})", "mixed type is not supported"},
  };
  for (const auto& c : cases) {
    const auto compiled = Pattern::compile(c.pattern);
    ASSERT_FALSE(compiled) << c.pattern;
    EXPECT_EQ(compiled.error().code, "InvalidEventPatternException");
    EXPECT_NE(compiled.error().message.find(c.reason), std::string::npos) << c.pattern << "\n"
                                                                          << compiled.error().message;
    EXPECT_NE(compiled.error().message.find("line: 1, column: "), std::string::npos) << compiled.error().message;
  }
}

std::string any_of(const std::vector<std::string>& wildcards) {
  std::string list;
  for (const std::string& one : wildcards) list += (list.empty() ? "" : ",") + (R"({"wildcard":")" + one + "\"}");
  return R"({"a":[)" + list + "]}";
}

TEST(Pattern, TakesAndRefusesTheWildcardsThatEventBridgeDoes) {
  struct {
    std::string pattern;
    bool taken;
  } cases[] = {
      // What users of EventBridge report of it.
      {any_of({"*:stack/One/*", "*:stack/Two/*", "*:stack/Three/*"}), true},
      {any_of({"*:stack/One/*", "*:stack/Two/*", "*:stack/Three/*", "*:stack/Four/*"}), false},
      {any_of({"*.bif", "*.tiff", "*.tif", "*.svs"}), true},
      {any_of({"*/datasync/*.bif", "*/datasync/*.tif"}), true},
      {any_of({"*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"}), false},
      // What stands before the first star is matched in one place; what repeats itself behind one, in many.
      {any_of({std::string(500, 'a') + "*b"}), true},
      {any_of({"*aaaab"}), true},
      {any_of({"*" + std::string(20, 'a') + "b"}), false},
      {any_of({"*abab*abab*abab*"}), true},
      {any_of({"*abab*abab*abab*abab*"}), false},
      // Fields are measured one by one.
      {R"({"a":[{"wildcard":"*a*b*c*d"}],"b":[{"wildcard":"*a*b*c*d"}],"c":[{"wildcard":"*a*b*c*d"}]})", true},
      // The same one again adds nothing.
      {any_of({"*/a/*", "*/a/*", "*/a/*", "*/a/*", "*/a/*"}), true},
      // Alternatives of $or that begin alike are matched together.
      {R"({"$or":[{"a":[{"wildcard":"*:s/1/*"},{"wildcard":"*:s/2/*"}]},{"a":[{"wildcard":"*:s/3/*"},{"wildcard":"*:s/4/*"}]}]})",
       false},
      {R"({"a":[{"anything-but":{"wildcard":["*aaaaaaaaaaaaaaaaaaaa","b"]}}]})", false},
  };
  for (const auto& c : cases) {
    const auto compiled = Pattern::compile(c.pattern);
    EXPECT_EQ(compiled.has_value(), c.taken) << c.pattern;
    if (compiled) continue;
    EXPECT_EQ(compiled.error().message,
              "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard characters or fewer "
              "repeating character sequences after a wildcard character");
  }
}

TEST(Pattern, RefusesTooManyAlternatives) {
  std::string or_of_ten = R"("$or":[)";
  for (int i = 0; i < 11; ++i) or_of_ten += (i == 0 ? "" : ",") + (R"({"f":[)" + std::to_string(i) + "]}");
  or_of_ten += "]";
  const std::string pattern = "{\"a\":{" + or_of_ten + "},\"b\":{" + or_of_ten + "},\"c\":{" + or_of_ten + "}}";
  const auto compiled = Pattern::compile(pattern);
  ASSERT_FALSE(compiled);
  EXPECT_NE(compiled.error().message.find("too complex"), std::string::npos);
}

}  // namespace
}  // namespace signalbox::pattern

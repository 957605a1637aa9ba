#include "json/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace signalbox::json {
namespace {

std::string problem_of(std::string_view text) {
  Document document;
  const Result<Value> value = document.parse(text);
  return value ? "" : value.error().message;
}

TEST(JsonReader, RefusesWhatIsNotJsonAndSaysWhere) {
  const struct {
    std::string_view text;
    std::string_view problem;
  } cases[] = {
      {"", "the text ends where a value should be at line 1, column 1"},
      {"  \n ", "the text ends where a value should be at line 2, column 2"},
      {"{\"a\": 1,\n \"b\" 2}", "':' expected at line 2, column 6"},
      {"{\"é\":x}", "a value expected at line 1, column 6"},
      {"{,}", "a member name in quotes expected at line 1, column 2"},
      {"{\"a\":1,}", "a member name in quotes expected at line 1, column 8"},
      {"{1:2}", "a member name in quotes expected at line 1, column 2"},
      {"[1,]", "a value expected at line 1, column 4"},
      {"[1 2]", "',' or ']' expected at line 1, column 4"},
      {"[1}", "',' or ']' expected at line 1, column 3"},
      {"{\"a\":1]", "',' or '}' expected at line 1, column 7"},
      {"[1", "',' or ']' expected at line 1, column 3"},
      {"{} {}", "more text after the value at line 1, column 4"},
      {"tru", "a value expected at line 1, column 1"},
      {"nul1", "a value expected at line 1, column 1"},
      {"NaN", "a value expected at line 1, column 1"},
      {"01", "a number with a leading zero at line 1, column 2"},
      {"-", "a digit expected at line 1, column 2"},
      {"+1", "a value expected at line 1, column 1"},
      {".5", "a value expected at line 1, column 1"},
      {"1.", "a digit expected at line 1, column 3"},
      {"1e", "a digit expected at line 1, column 3"},
      {"1e+", "a digit expected at line 1, column 4"},
      {"0x1", "more text after the value at line 1, column 2"},
      {"\"abc", "the text ends inside a string at line 1, column 5"},
      {"\"abc\\", "the text ends inside a string at line 1, column 5"},
      {"\"\\x\"", "an unknown escape in a string at line 1, column 2"},
      {std::string_view("\"\\\0\"", 4), "an unknown escape in a string at line 1, column 2"},
      {"\"\\u12g4\"", "four hexadecimal digits expected after \\u at line 1, column 2"},
      {"\"\\u12", "four hexadecimal digits expected after \\u at line 1, column 2"},
      {"\"a\tb\"", "a control character inside a string at line 1, column 3"},
      {"\"sixteen bytes and more\n\"", "a control character inside a string at line 1, column 24"},
      {"[\"\xff\"]", "bytes that are not UTF-8 at line 1, column 3"},
      {"\"\xed\xa0\x80\"", "bytes that are not UTF-8 at line 1, column 2"},
      {"\"\xc0\x80\"", "bytes that are not UTF-8 at line 1, column 2"},
      {"\xef\xbb\xbf{}", "a value expected at line 1, column 1"},
      {"// no\n1", "a value expected at line 1, column 1"},
      {"'a'", "a value expected at line 1, column 1"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(problem_of(text), problem) << text;
}

TEST(JsonReader, TakesEveryKindOfValue) {
  for (const std::string_view text :
       {"null", "true", "false", "0", "-0", "-0.0e-0", "1E+2", "10.25", "\"\"", "[]", "{}", " [ ] ", "[[],{}]",
        "{\"\":{\"\":[]}}", "\"\\u0000\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\x7f\"",
        "\"\xf0\x9f\x98\x80\""}) {
    EXPECT_EQ(problem_of(text), "") << text;
  }
}

TEST(JsonReader, BoundsNesting) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(problem_of(nested(kMaxDepth)), "");
  EXPECT_EQ(problem_of(nested(kMaxDepth + 1)), "nested too deeply at line 1, column 513");
}

TEST(JsonReader, ReusesADocument) {
  Document document;
  ASSERT_TRUE(document.parse("[1,2,3]"));
  ASSERT_FALSE(document.parse("[1,"));
  const Result<Value> value = document.parse("{\"a\":true}");
  ASSERT_TRUE(value);
  EXPECT_TRUE(value->find("a")->as_bool());
}

TEST(JsonValue, KeepsOrderDuplicatesSpellingAndPlace) {
  Document document;
  const Value root = document.parse(R"( {"b": 1.50e1, "a":[ 1 , {"x":"\u0079"} ],"b":null} )").value();
  EXPECT_EQ(root.size(), 3u);
  std::string order;
  for (const auto& [key, value] : root.members()) order += key.as_string() + "=" + std::string(value.raw()) + ";";
  EXPECT_EQ(order, R"(b=1.50e1;a=[ 1 , {"x":"\u0079"} ];b=null;)");
  EXPECT_TRUE(root.find("b")->is_null());
  EXPECT_FALSE(root.find("c"));
  EXPECT_FALSE(root.find("a")->find("x"));
  EXPECT_EQ(root.offset(), 1u);
  EXPECT_EQ(root.find("a")->offset(), 19u);

  std::size_t elements = 0;
  for (const Value element : root.find("a")->elements()) elements += element.raw().size();
  EXPECT_EQ(elements, 1u + 14u);
  EXPECT_EQ(root.find("a")->size(), 2u);
  EXPECT_EQ(root.find("b")->size(), 0u);
}

TEST(JsonValue, ResolvesEscapes) {
  const struct {
    std::string_view literal;
    std::string_view text;
  } cases[] = {
      {R"("plain")", "plain"},
      {R"("a\"\\\/\b\f\n\r\tz")", "a\"\\/\b\f\n\r\tz"},
      {R"("\u0041\u00e9\u20AC")", "A\xc3\xa9\xe2\x82\xac"},
      {R"("\ud83d\ude00!")", "\xf0\x9f\x98\x80!"},
      {R"("\ud83dx")", "\xef\xbf\xbdx"},
      {R"("\ude00")", "\xef\xbf\xbd"},
      {R"("\ud83d\u0041")",
       "\xef\xbf\xbd"
       "A"},
      {R"("\ud83d\ud83d\ude00")", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
      {R"("\u0000a")", std::string_view("\0a", 2)},
  };
  Document document;
  for (const auto& [literal, text] : cases) {
    const Value value = document.parse(literal).value();
    EXPECT_EQ(value.as_string(), text) << literal;
    EXPECT_TRUE(value.is(text)) << literal;
    EXPECT_FALSE(value.is(std::string(text) + "+")) << literal;
    EXPECT_FALSE(value.is(text.substr(0, text.size() - 1))) << literal;
  }
  EXPECT_FALSE(document.parse("1").value().is("1"));
}

TEST(JsonValue, ReadsNumbers) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const struct {
    std::string_view text;
    std::optional<std::int64_t> whole;
    double real;
  } cases[] = {
      {"0", 0, 0},
      {"-0.0", 0, -0.0},
      {"12", 12, 12},
      {"12.0", 12, 12},
      {"1.2e1", 12, 12},
      {"1200e-2", 12, 12},
      {"1200e-3", std::nullopt, 1.2},
      {"0.5", std::nullopt, 0.5},
      {"-7", -7, -7},
      {"9223372036854775807", kMost, 0x1p63},
      {"-9223372036854775808", kLeast, -0x1p63},
      {"9223372036854775808", std::nullopt, 0x1p63},
      {"1e18", 1000000000000000000, 1e18},
      {"1e400", std::nullopt, std::numeric_limits<double>::infinity()},
      {"-1e400", std::nullopt, -std::numeric_limits<double>::infinity()},
      {"1e-400", std::nullopt, 0},
      {"0e99999999999999999999", 0, 0},
      {"1e99999999999999999999", std::nullopt, std::numeric_limits<double>::infinity()},
      {"1e-99999999999999999999", std::nullopt, 0},
      {"0.000000000000000000012e21", 12, 12},
  };
  Document document;
  for (const auto& [text, whole, real] : cases) {
    const Value value = document.parse(text).value();
    EXPECT_EQ(value.as_integer(), whole) << text;
    EXPECT_EQ(value.as_double(), real) << text;
  }
}

TEST(JsonWriter, EscapesStrings) {
  std::string out;
  append_string(out, std::string_view("a\"\\/\b\f\n\r\t\x01\0\x7f\xc3\xa9\xff\xe2\x82", 17));
  EXPECT_EQ(out,
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u0000\x7f\xc3\xa9"
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWriter, Minifies) {
  const struct {
    std::string_view text;
    std::string_view minified;
  } cases[] = {
      {" 1.50 ", "1.50"},
      {"[ ]", "[]"},
      {"{ \"a b\" :\n[ 1 ,\t{ } , \"x \\\" y\" , null ]\r\n}", "{\"a b\":[1,{},\"x \\\" y\",null]}"},
      {R"(["\\" , "\\\"" ])", R"(["\\","\\\""])"},
  };
  Document document;
  for (const auto& [text, minified] : cases) {
    std::string out;
    append_minified(out, document.parse(text).value());
    EXPECT_EQ(out, minified);
  }
}

TEST(JsonWriter, PutsCommasAndColons) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.key("a");
  w.begin_array();
  w.number(std::int64_t{-1});
  w.string("x\n");
  w.begin_object();
  w.end_object();
  w.boolean(true);
  w.end_array();
  w.key("b\"");
  w.null();
  w.key("c");
  w.raw("[1]");
  w.end_object();
  EXPECT_EQ(out, R"({"a":[-1,"x\n",{},true],"b\"":null,"c":[1]})");
}

TEST(JsonWriter, WritesDoublesShortAndWholeOnesPlain) {
  const struct {
    double value;
    std::string_view text;
  } cases[] = {
      {0.1, "0.1"}, {100000, "100000"}, {1e15, "1000000000000000"}, {-3, "-3"}, {1e300, "1e+300"}, {NAN, "null"},
  };
  for (const auto& [value, text] : cases) {
    std::string out;
    Writer(out).number(value);
    EXPECT_EQ(out, text);
  }
}

}  // namespace
}  // namespace signalbox::json

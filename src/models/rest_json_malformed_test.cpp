// REST JSON: requests that are refused, and those that are taken although they need not be.

#include <gtest/gtest.h>

#include <deque>

#include "models/rest_json_forms.h"
#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::rest_json_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRestJson;
constexpr const char* kLabels[] = {"text", "1", "2", "4.1", "5.1", "true", "2019-12-16T23:48:18Z"};
enum Label : std::size_t { kText, kNumber, kLarge, kSingle, kRatio, kFlag, kTime };

/// Gathers requests that are refused with SerializationException.
class Refused {
 public:
  void body(const std::string& text) {
    cases_.push_back({.what = text.substr(0, 80),
                      .operation = "Body",
                      .line = "POST /body",
                      .headers = {{"Content-Type", "application/json"}},
                      .body = text,
                      .error = kError});
  }
  void member(const std::string& name, const std::string& value) { body("{\"" + name + "\" : " + value + "}"); }
  void header(std::string_view name, std::string_view value, std::string_view operation = "Headers",
              std::string_view line = "POST /headers") {
    cases_.push_back({.what = std::string(name) + ": " + std::string(value),
                      .operation = std::string(operation),
                      .line = std::string(line),
                      .headers = {{kept(name), kept(value)}},
                      .error = kError});
  }
  /// Cases refer to their headers' texts.
  std::string_view kept(std::string_view text) { return texts_.emplace_back(text); }
  void query(const std::string& parameter) {
    cases_.push_back({.what = parameter, .operation = "Query", .line = "GET /query?" + parameter, .error = kError});
  }
  void label(Label place, const std::string& value) {
    std::string line = "GET /labels";
    for (std::size_t i = 0; i < std::size(kLabels); ++i) line += "/" + (i == place ? value : std::string(kLabels[i]));
    cases_.push_back({.what = value, .operation = "Labels", .line = line, .error = kError});
  }
  void label_time(std::size_t place, const std::string& value) {
    const std::string_view times[] = {"1576540098", "Mon%2C%2016%20Dec%202019%2023%3A48%3A18%20GMT",
                                      "2019-12-16T23%3A48%3A18Z", "2019-12-16T23%3A48%3A18Z", "1576540098"};
    std::string line = "GET /label-times";
    for (std::size_t i = 0; i < std::size(times); ++i) line += "/" + (i == place ? value : std::string(times[i]));
    cases_.push_back({.what = value, .operation = "LabelTimes", .line = line, .error = kError});
  }
  void check() { check_requests(kKind, service, cases_); }

 private:
  static constexpr const char* kError = "SerializationException";
  std::deque<std::string> texts_;
  std::vector<RequestCase> cases_;
};

TEST(RestJsonMalformed, Bodies) {
  Refused refused;
  for (const char* body :
       {"{[", "{ \"number\": 10 }abc", "abc{ \"number\": 10 }", "{\n\"number\": 10 // ten\n}",
        "{\n\"number\": 10 /* ten */\n}", "{\"number\" :\f10}", "{'number': 10}", "{\"number\": 10,}",
        "[{ \"number\": 10}]", "10", "null", "\"a\"", "{ \"texts\" : [\"a\", \"b\", \"c\" }",
        "{ \"table\" : { null: \"abc\" } }", "{ \"table\" : { a: \"abc\" } }"}) {
    refused.body(body);
  }
  for (const char* value : {"{ \"number\": 2, \"text\": \"three\" }", "{ \"number\": 2, \"unknown\": \"three\" }",
                            "{ \"number\": null }", "{ }", "[\"number\"]", "{ \"unknown\": \"hello\" }", "\"a\""}) {
    refused.member("choice", value);
  }
  for (const char* value : {"\"YmxvYg=\"", "\"xyz\"", "\"[][]\"", "\"-_==\"", "[\"98\", \"108\"]", "[98, 108]", "98",
                            "[\"b\", \"l\"]", "[ab]"})
    refused.member("bytes", value);
  refused.member("texts", "{}");
  refused.member("texts", "\"a\"");
  refused.member("table", "[]");
  refused.member("pair", "[]");
  refused.member("text", "1");
  refused.body("{\"tree\":" + std::string(100'000, '{'));
  std::string deep = "{}";
  for (int i = 0; i < 600; ++i) deep = "{\"child\":" + deep + "}";
  refused.member("tree", deep);
  refused.check();
}

TEST(RestJsonMalformed, WholeNumbers) {
  Refused refused;
  for (const char* value :
       {"-9223372000000000000", "9223372000000000000", "123000000000000000000000", "2147483648", "-2147483649"}) {
    refused.member("number", value);
    refused.header("X-Number", value);
    refused.query(std::string("Number=") + value);
    refused.query(std::string("Numbers=1&Numbers=") + value);
    refused.label(kNumber, value);
  }
  for (const char* value :
       {"-184467440737095500000", "184467440737095500000", "123000000000000000000000", "9223372036854775808"}) {
    refused.member("large", value);
    refused.header("X-Large", value);
    refused.query(std::string("Large=") + value);
    refused.label(kLarge, value);
  }
  for (const char* name : {"number", "large"}) {
    for (const char* value : {"\"123\"", "true", "2ABC", "0x42", "Infinity", "\"Infinity\"", "-Infinity",
                              "\"-Infinity\"", "NaN", "\"NaN\""})
      refused.member(name, value);
  }
  for (const char* value : {"true", "1.001", "2ABC", "0x42", "Infinity", "-Infinity", "NaN"}) {
    refused.header("X-Number", value);
    refused.header("X-Numbers", value);
    refused.header("X-Large", value);
    refused.query(std::string("Number=") + value);
    refused.query(std::string("Large=") + value);
    refused.label(kNumber, value);
    refused.label(kLarge, value);
  }
  refused.check();
}

TEST(RestJsonMalformed, Numbers) {
  Refused refused;
  for (const char* name : {"single", "Dribble"}) {
    for (const char* value : {"\"123\"", "true", "2ABC", "0x42", "Infinity", "-Infinity", "NaN", "\"inf\"x"})
      refused.member(name, value);
  }
  for (const char* value : {"true", "2ABC", "0x42", "1,5", "1.2.3"}) {
    refused.header("X-Single", value);
    refused.header("X-Ratio", value);
    refused.query(std::string("Single=") + value);
    refused.query(std::string("Ratio=") + value);
    refused.query(std::string("Ratios=1&Ratios=") + value);
    refused.label(kSingle, value);
    refused.label(kRatio, value);
  }
  refused.check();
}

TEST(RestJsonMalformed, Truths) {
  Refused refused;
  const char* const words[] = {"True",  "TRUE",  "y", "Y", "yes", "Yes", "YES", "1", "on",  "On",  "ON",
                               "False", "FALSE", "n", "N", "no",  "No",  "NO",  "0", "off", "Off", "OFF"};
  for (const std::string word : words) {
    refused.member("flag", "\"" + word + "\"");
    refused.member("flag", word);
    refused.header("X-Yes", word);
    refused.header("X-Flags", word);
    refused.query("Flag=" + word);
    refused.label(kFlag, word);
  }
  refused.member("flag", "\"true\"");
  refused.member("flag", "\"false\"");
  refused.check();
}

constexpr const char* kNearlyIso[] = {
    "1996-12-19T16:39:57+00", "1996-12-19T16:39:57+00Z", "1996-12-19T16:39:57",
    "1996-12-19T163957",      "19961219T163957Z",        "19961219T163957",
    "19961219T16:39:57Z",     "19961219T16:39:57",       "1996-12-19T16:39Z",
    "1996-12-19T16:39",       "1996-12-19T1639",         "1996-12-19T16Z",
    "1996-12-19T16",          "1996-12-19 16:39:57Z",    "2011-12-03T10:15:30+01:00[Paris]"};
constexpr const char* kIso[] = {"1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50Z", "1996-12-19T16:39:57-08:00"};
constexpr const char* kUnix[] = {"1515531081.1234", "1515531081"};
constexpr const char* kHttp = "Tue, 29 Apr 2014 18:30:38 GMT";
constexpr const char* kNoSeconds[] = {"true",     "1515531081ABC", "0x42", "1515531081.123.456",
                                      "Infinity", "-Infinity",     "NaN"};

TEST(RestJsonMalformed, Times) {
  Refused refused;
  const auto header = [&](std::string_view name, std::string_view value) {
    refused.header(name, value, "HeaderTimes", "POST /header-times");
  };
  for (const char* value : kIso) {
    for (const char* name : {"X-Plain", "X-Http", "X-Http-Target", "X-Unix", "X-Unix-Target"}) header(name, value);
    refused.query(std::string("UnixTime=") + value);
    refused.label_time(0, value);
    refused.label_time(1, value);
  }
  for (const char* value : kUnix) {
    for (const char* name : {"X-Plain", "X-Http", "X-Iso", "X-Iso-Target"}) header(name, value);
    refused.query(std::string("Time=") + value);
    refused.label_time(1, value);
    refused.label_time(2, value);
    refused.label_time(3, value);
    refused.label(kTime, value);
    refused.member("time", "\"" + std::string(value) + "\"");
  }
  for (const char* name : {"X-Iso", "X-Iso-Target", "X-Unix", "X-Unix-Target"}) header(name, kHttp);
  refused.query("Time=Tue%2C%2029%20Apr%202014%2018%3A30%3A38%20GMT");
  refused.query("UnixTime=Tue%2C%2029%20Apr%202014%2018%3A30%3A38%20GMT");
  refused.label(kTime, "Tue%2C%2029%20Apr%202014%2018%3A30%3A38%20GMT");
  for (const char* value : kNearlyIso) {
    header("X-Iso", value);
    refused.query(std::string("Time=") + value);
    refused.query(std::string("Times=") + value);
    refused.label(kTime, value);
    refused.member("isoTime", "\"" + std::string(value) + "\"");
  }
  for (const char* value : kNoSeconds) {
    header("X-Unix", value);
    refused.query(std::string("UnixTime=") + value);
    refused.label_time(0, value);
    refused.member("time", value);
  }
  for (const char* value : {"\"Infinity\"", "\"-Infinity\"", "\"NaN\"", "{}", "[1515531081]", "1e300"})
    refused.member("time", value);
  refused.header("X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16", "Headers");
  refused.check();
}

TEST(RestJsonMalformed, JsonInHeaders) {
  Refused refused;
  for (const char* value : {"xyz", "YmxvYg=", "[][]", "-_==", "true"})
    refused.header("X-Json", value, "JsonHeader", "GET /json-header");
  refused.query("Text=%zz");
  refused.query("Text=%4");
  refused.query("Text=%FF");
  refused.label(kText, "%FF");
  refused.header("X-Text", "\xff");
  refused.query("%zz=a");
  refused.check();
}

RequestCase typed(std::string what, std::string operation, std::string line, Headers headers, std::string body,
                  std::string error, int status) {
  return {.what = std::move(what),
          .operation = std::move(operation),
          .line = std::move(line),
          .headers = std::move(headers),
          .body = std::move(body),
          .error = std::move(error),
          .status = status};
}

TEST(RestJsonMalformed, MediaTypes) {
  const std::string unsupported = "UnsupportedMediaTypeException";
  const std::string not_acceptable = "NotAcceptableException";
  const RequestCase cases[] = {
      typed("another type of JSON", "Body", "POST /body", {{"Content-Type", "application/hal+json"}}, "{}", unsupported,
            415),
      typed("XML", "Body", "POST /body", {{"Content-Type", "application/xml"}}, "{}", unsupported, 415),
      typed("a form", "Body", "POST /body", {{"Content-Type", "application/x-www-form-urlencoded"}}, "{}", unsupported,
            415),
      typed("a structure as the body", "PayloadPair", "PUT /payload-pair", {{"Content-Type", "text/plain"}}, "{}",
            unsupported, 415),
      typed("another type of answer", "Body", "POST /body", {{"Accept", "application/hal+json"}}, "", not_acceptable,
            406),
      typed("other types of answers", "Body", "POST /body", {{"Accept", "text/html, application/xml;q=0.9"}}, "",
            not_acceptable, 406),
  };
  check_requests(kKind, service, cases);
  for (const char* accept :
       {"application/json", "*/*", "application/*", "text/html, */*;q=0.1", "Application/JSON; charset=utf-8",
        "application/xml,application/json", "application/x-amz-json-1.1"}) {
    const RequestCase taken[] = {
        {.what = accept, .operation = "Body", .line = "POST /body", .headers = {{"Accept", accept}}, .told = "{}"}};
    check_requests(kKind, service, taken);
  }
  for (const char* type :
       {"", "application/json", "APPLICATION/JSON", "application/json;charset=utf-8", "application/x-amz-json-1.0"}) {
    const RequestCase taken[] = {{.what = type,
                                  .operation = "Body",
                                  .line = "POST /body",
                                  .headers = {{"Content-Type", type}},
                                  .body = "{}",
                                  .told = "{}"}};
    check_requests(kKind, service, taken);
  }
}

RequestCase breaks(std::string what, std::string body, Headers headers = {}, std::string query = {}) {
  return {.what = std::move(what),
          .operation = "Check",
          .line = "POST /check" + query,
          .headers = std::move(headers),
          .body = std::move(body),
          .error = "ValidationException"};
}

TEST(RestJsonMalformed, Constraints) {
  const RequestCase cases[] = {
      breaks("a member that must be there", ""),
      breaks("and is null", R"({"must":null})"),
      breaks("a short text", R"({"must":"m","short":"a"})"),
      breaks("a long text", R"({"must":"m","short":"abcde"})"),
      breaks("no bytes", R"({"must":"m","bytes":""})"),
      breaks("many bytes", R"({"must":"m","bytes":"YWJj"})"),
      breaks("a pattern", R"({"must":"m","word":"ABC"})"),
      breaks("an enum", R"({"must":"m","color":"Blue"})"),
      breaks("a small number", R"({"must":"m","number":0})"),
      breaks("a large number", R"({"must":"m","number":11})"),
      breaks("a large double", R"({"must":"m","ratio":1.5})"),
      breaks("an empty list", R"({"must":"m","few":[]})"),
      breaks("a long list", R"({"must":"m","few":["a","b","c"]})"),
      breaks("a large map", R"({"must":"m","table":{"a":"Red","b":"Red","c":"Red"}})"),
      breaks("a map's key", R"({"must":"m","table":{"A":"Red"}})"),
      breaks("a map's value", R"({"must":"m","table":{"a":"Blue"}})"),
      breaks("a member of a structure", R"({"must":"m","inner":{}})"),
      breaks("a header", R"({"must":"m"})", {{"X-Short", "a"}}),
      breaks("a parameter", R"({"must":"m"})", {}, "?color=Blue"),
  };
  check_requests(kKind, service, cases);
}

// Where we take what Smithy's servers refuse: the deviations are those of AWS JSON.
TEST(RestJsonMalformed, WhatIsTakenThatNeedNotBe) {
  const RequestCase cases[] = {
      {.what = "a fraction is dropped",
       .operation = "Body",
       .line = "POST /body",
       .body = R"({"number":1.001})",
       .told = R"({"number":1})"},
      {.what = "nulls in lists and maps are passed over",
       .operation = "Body",
       .line = "POST /body",
       .body = R"({"texts":["a",null,"b"],"table":{"abc":null}})",
       .told = R"({"texts":["a","b"],"table":{}})"},
      {.what = "times of bodies in any format",
       .operation = "Body",
       .line = "POST /body",
       .body = R"({"time":"1985-04-12T23:20:50Z","isoTime":1515531081,"httpTime":"1985-04-12T23:20:50Z"})",
       .told = R"({"time":"1985-04-12T23:20:50Z","isoTime":"2018-01-09T20:51:21Z","httpTime":"1985-04-12T23:20:50Z"})"},
      {.what = "a body without a type",
       .operation = "Body",
       .line = "POST /body",
       .body = R"({"text":"a"})",
       .told = R"({"text":"a"})"},
      {.what = "a body of what has no input",
       .operation = "Rest",
       .line = "POST /rest",
       .headers = {{"Content-Type", "application/json"}},
       .body = "{}",
       .told = "{}"},
      {.what = "a text's body of another type",
       .operation = "PayloadText",
       .line = "POST /payload-text",
       .headers = {{"Content-Type", "application/json"}},
       .body = "{}",
       .told = R"({"payload":"{}"})"},
  };
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

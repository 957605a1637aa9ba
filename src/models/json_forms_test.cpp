// AWS JSON 1.0 and 1.1: every form of the model "json_forms".

#include "models/json_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::json_forms::kService;

/// A request to Tell.
RequestCase says(std::string what, std::string body, std::string told) {
  return {.what = std::move(what), .operation = "Tell", .body = std::move(body), .told = std::move(told)};
}
RequestCase refuses(std::string what, std::string body, std::string error = "SerializationException") {
  return {.what = std::move(what), .operation = "Tell", .body = std::move(body), .error = std::move(error)};
}
RequestCase breaks(std::string what, std::string body) {
  return {.what = std::move(what), .operation = "Check", .body = std::move(body), .error = "ValidationException"};
}

TEST(JsonForms, RequestsAreRead) {
  const RequestCase cases[] = {
      says("no body", "", "{}"),
      says("an empty object", "{}", "{}"),
      says("white space", " \t\r\n{ \"text\" : \"a\" }\n", R"({"text":"a"})"),
      says("text", R"({"text":"abc xyz"})", R"({"text":"abc xyz"})"),
      says("an empty text", R"({"text":""})", R"({"text":""})"),
      says("escapes", R"({"text":"\"\\\/\b\f\n\r\té😹"})", "{\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\té😹\"}"),
      says("a renamed member", R"({"other":"a","renamed":"b"})", R"({"renamed":"a"})"),
      says("JSON in a text", R"({"json":"{\"string\":\"value\",\"number\":1234.5,\"null\":null}"})",
           R"({"json":"{\"string\":\"value\",\"number\":1234.5,\"null\":null}"})"),
      says("an integer", R"({"number":1234})", R"({"number":1234})"),
      says("the least integer", R"({"number":-2147483648})", R"({"number":-2147483648})"),
      says("a whole number with a fraction or exponent", R"({"number":12.0,"large":1e3})",
           R"({"number":12,"large":1000})"),
      says("a long", R"({"large":999999999999})", R"({"large":999999999999})"),
      says("the largest long", R"({"large":9223372036854775807})", R"({"large":9223372036854775807})"),
      says("floats", R"({"single":1234.5,"ratio":-1e-3})", R"({"single":1234.5,"ratio":-0.001})"),
      says("whole floats", R"({"single":5,"ratio":0})", R"({"single":5.0,"ratio":0.0})"),
      says("no number", R"({"single":"NaN","ratio":"NaN"})", R"({"single":"NaN","ratio":"NaN"})"),
      says("infinity", R"({"single":"Infinity","ratio":"-Infinity"})", R"({"single":"Infinity","ratio":"-Infinity"})"),
      says("truths", R"({"flag":true,"flags":[true,false,true]})", R"({"flag":true,"flags":[true,false,true]})"),
      says("false", R"({"flag":false})", R"({"flag":false})"),
      says("bytes", R"({"bytes":"YmluYXJ5LXZhbHVl"})", R"({"bytes":"binary-value"})"),
      says("no bytes", R"({"bytes":""})", R"({"bytes":""})"),
      says("an enum's value", R"({"color":"0","colors":["Red","0"]})", R"({"color":"0","colors":["Red","0"]})"),
      says("a time", R"({"time":946845296})", R"({"time":"2000-01-02T20:34:56Z"})"),
      says("a time's fraction", R"({"time":946845296.123})", R"({"time":"2000-01-02T20:34:56.123Z"})"),
      says("a time before 1970", R"({"time":-1})", R"({"time":"1969-12-31T23:59:59Z"})"),
      says("a time with an exponent", R"({"time":1.515531081E9})", R"({"time":"2018-01-09T20:51:21Z"})"),
      says("the formats of times",
           R"({"isoTime":"2000-01-02T20:34:56Z","httpTime":"Sun, 02 Jan 2000 20:34:56 GMT","unixTime":946845296,)"
           R"("isoTarget":"2000-01-02T20:34:56.123Z"})",
           R"({"isoTime":"2000-01-02T20:34:56Z","httpTime":"2000-01-02T20:34:56Z","unixTime":"2000-01-02T20:34:56Z",)"
           R"("isoTarget":"2000-01-02T20:34:56.123Z"})"),
      says("a time with an offset", R"({"isoTime":"2019-12-16T22:48:18-01:00"})",
           R"({"isoTime":"2019-12-16T23:48:18Z"})"),
      says("lists", R"({"texts":["abc","mno"],"numbers":[1,2],"times":[1398796238],"blobs":["Zm9v","YmFy"]})",
           R"({"texts":["abc","mno"],"numbers":[1,2],"times":["2014-04-29T18:30:38Z"],"blobs":["foo","bar"]})"),
      says("an empty list", R"({"texts":[]})", R"({"texts":[]})"),
      says("lists of lists, maps and structures",
           R"({"rows":[["a","b"],[]],"maps":[{"a":"b"}],"pairs":[{"left":"a","r":1},{}]})",
           R"({"rows":[["a","b"],[]],"pairs":[{"left":"a","right":1},{}],"maps":[{"a":"b"}]})"),
      says("maps", R"({"table":{"abc":"xyz","mno":"hjk"},"counts":{"x":0},"flagged":{"x":false}})",
           R"({"table":{"abc":"xyz","mno":"hjk"},"counts":{"x":0},"flagged":{"x":false}})"),
      says("an empty map", R"({"table":{}})", R"({"table":{}})"),
      says("an empty key", R"({"table":{"":"a"}})", R"({"table":{"":"a"}})"),
      says("maps of lists, structures and maps",
           R"({"lists":{"x":[],"y":["a","b"]},"named":{"k":{"left":"a"}},"nested":{"n":{"a":"b"}}})",
           R"({"lists":{"x":[],"y":["a","b"]},"named":{"k":{"left":"a"}},"nested":{"n":{"a":"b"}}})"),
      says("structures", R"({"pair":{"left":"a","r":2},"nothing":{}})",
           R"({"pair":{"left":"a","right":2},"nothing":{}})"),
      says("a structure without members", R"({"pair":{}})", R"({"pair":{}})"),
      says(
          "a structure within its own kind",
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"},{"child":{"name":"4"}}],)"
          R"("byName":{"k":{"byName":{"l":{"name":"5"}}}},"branch":{"note":"n","tree":{"name":"6"}}}})",
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"},{"child":{"name":"4"}}],)"
          R"("byName":{"k":{"byName":{"l":{"name":"5"}}}},"branch":{"note":"n","tree":{"name":"6"}}}})"),
      says("a union's text", R"({"choice":{"text":"foo"}})", R"({"choice":{"text":"foo"}})"),
      says("a union's number", R"({"choice":{"number":10}})", R"({"choice":{"number":10}})"),
      says("a union's truth", R"({"choice":{"flag":true}})", R"({"choice":{"flag":true}})"),
      says("a union's bytes", R"({"choice":{"bytes":"Zm9v"}})", R"({"choice":{"bytes":"foo"}})"),
      says("a union's time", R"({"choice":{"time":1398796238}})", R"({"choice":{"time":"2014-04-29T18:30:38Z"}})"),
      says("a union's enum", R"({"choice":{"color":"Red"}})", R"({"choice":{"color":"Red"}})"),
      says("a union's list", R"({"choice":{"texts":["foo","bar"]}})", R"({"choice":{"texts":["foo","bar"]}})"),
      says("a union's map", R"({"choice":{"table":{"foo":"bar"}}})", R"({"choice":{"table":{"foo":"bar"}}})"),
      says("a union's structure", R"({"choice":{"pair":{"left":"hello"}}})", R"({"choice":{"pair":{"left":"hello"}}})"),
      says("a union beside nulls and its type", R"({"choice":{"__type":"x#Choice","text":null,"number":1}})",
           R"({"choice":{"number":1}})"),
      says("null members", R"({"text":null,"number":null,"texts":null,"table":null,"pair":null,"choice":null})", "{}"),
      says("unknown members", R"({"unknown":{"x":[1,{"y":null}]},"text":"a","__type":"foo"})", R"({"text":"a"})"),
      says("the last of two", R"({"text":"a","text":"b"})", R"({"text":"b"})"),
      says("a page's empty token", R"({"NextToken":"","text":"a"})", R"({"text":"a"})"),
      {.what = "no input", .operation = "Rest", .body = "{}", .told = "{}"},
      {.what = "no input and no body", .operation = "Rest", .told = "{}"},
      {.what = "no input, but members", .operation = "Rest", .body = R"({"foo":true})", .told = "{}"},
  };
  check_requests(ProtocolKind::kJson10, service, cases);
  check_requests(ProtocolKind::kJson11, service, cases);
}

TEST(JsonForms, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing",
       .operation = "Rest",
       .value = "{}",
       .body = "{}",
       .headers = {{"Content-Type", "application/x-amz-json-1.1"}}},
      {.what = "no members", .operation = "Tell", .value = "{}", .body = "{}"},
      {.what = "scalars",
       .operation = "Tell",
       .value =
           R"({"text":"s\"","other":"r","number":1234,"large":1234567890123456789,"single":1234.5,"ratio":123456789.12345679,)"
           R"("flag":false,"bytes":"YmluYXJ5LXZhbHVl","color":"Red"})",
       .body =
           R"({"text":"s\"","other":"r","number":1234,"large":1234567890123456789,"single":1234.5,"ratio":1.2345678912345679E8,)"
           R"("flag":false,"bytes":"YmluYXJ5LXZhbHVl","color":"Red"})"},
      {.what = "what is no number",
       .operation = "Tell",
       .value = R"({"single":"NaN","ratio":"-Infinity"})",
       .body = R"({"single":"NaN","ratio":"-Infinity"})"},
      {.what = "times",
       .operation = "Tell",
       .value =
           R"({"time":946845296,"isoTime":946845296,"httpTime":946845296,"unixTime":946845296,"isoTarget":946845296.123})",
       .body =
           R"({"time":946845296,"isoTime":"2000-01-02T20:34:56Z","httpTime":"Sun, 02 Jan 2000 20:34:56 GMT","unixTime":946845296,)"
           R"("isoTarget":"2000-01-02T20:34:56.123Z"})"},
      {.what = "a time's fraction",
       .operation = "Tell",
       .value = R"({"time":946845296.456})",
       .body = R"({"time":946845296.456})"},
      {.what = "lists",
       .operation = "Tell",
       .value =
           R"({"texts":[],"numbers":[1,2],"flags":[true,false],"times":[1398796238],"rows":[["a"],["b"]],"pairs":[{"left":"a","r":1}]})",
       .body =
           R"({"texts":[],"numbers":[1,2],"flags":[true,false],"times":[1398796238],"rows":[["a"],["b"]],"pairs":[{"left":"a","r":1}]})"},
      {.what = "maps",
       .operation = "Tell",
       .value = R"({"table":{"a":"b"},"counts":{"x":0},"lists":{"x":[]},"named":{"k":{}},"nested":{"n":{"a":"b"}}})",
       .body = R"({"table":{"a":"b"},"counts":{"x":0},"lists":{"x":[]},"named":{"k":{}},"nested":{"n":{"a":"b"}}})"},
      {.what = "structures",
       .operation = "Tell",
       .value = R"({"pair":{"r":1},"nothing":{},"choice":{"text":"foo"}})",
       .body = R"({"pair":{"r":1},"nothing":{},"choice":{"text":"foo"}})"},
      {.what = "a structure within its own kind",
       .operation = "Tell",
       .value =
           R"({"tree":{"name":"0","child":{"name":"1"},"children":[{"child":{"name":"2"}}],"byName":{"k":{"name":"3"}},"branch":{"tree":{"name":"4"}}}})",
       .body =
           R"({"tree":{"name":"0","child":{"name":"1"},"children":[{"child":{"name":"2"}}],"byName":{"k":{"name":"3"}},"branch":{"tree":{"name":"4"}}}})"},
  };
  check_answers(ProtocolKind::kJson11, service, cases);
}

TEST(JsonForms, ErrorsAreWritten) {
  Error counted{"Counted", "too many", 0};
  counted.details = std::make_shared<const ErrorDetails>(
      ErrorDetails{{{"Reason", "rate \"x\""}, {"Count", "3"}, {"Again", "true"}}, {}});
  const ErrorCase cases[] = {
      {.what = "a message",
       .error = {"Refused", "Hi"},
       .body = R"({"__type":"Refused","message":"Hi"})",
       .headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"x-amzn-RequestId", "id"}}},
      {.what = "no message", .error = {"Refused", ""}, .body = R"({"__type":"Refused"})"},
      {.what = "members",
       .error = counted,
       .body = R"({"__type":"Counted","Reason":"rate \"x\"","Count":3,"Again":true,"Message":"too many"})",
       .status = 429},
      {.what = "a fault", .error = {"Broken", "x"}, .body = R"({"__type":"Broken","message":"x"})", .status = 500},
      {.what = "an error that the model does not know",
       .error = {"Unknown", "x", 404},
       .body = R"({"__type":"Unknown","message":"x"})",
       .status = 404},
  };
  check_errors(ProtocolKind::kJson11, service, cases);
}

TEST(JsonForms, MalformedRequestsAreRefused) {
  std::string deep = "{}";
  for (int i = 0; i < 600; ++i) deep = R"({"child":)" + deep + "}";
  std::vector<RequestCase> cases = {
      refuses("a structure within its own kind too often", R"({"tree":)" + deep + "}"),
      refuses("a list", "[{}]"),
      refuses("a number", "10"),
      refuses("null", "null"),
      refuses("a text", "\"a\""),
      refuses("a text that is a number", R"({"text":1})"),
      refuses("a text that is an object", R"({"text":{}})"),
      refuses("a text that is a list", R"({"text":["a"]})"),
      refuses("a text that is a truth", R"({"text":true})"),
      refuses("a list that is an object", R"({"texts":{}})"),
      refuses("a list that is a text", R"({"texts":"a"})"),
      refuses("an element of another type", R"({"texts":["a",1]})"),
      refuses("a map that is a list", R"({"table":[]})"),
      refuses("a map that is a text", R"({"table":"a"})"),
      refuses("a map's value of another type", R"({"table":{"a":1}})"),
      refuses("a structure that is a list", R"({"pair":["left"]})"),
      refuses("a structure that is a text", R"({"pair":"left"})"),
      refuses("a number too large", R"({"number":2147483648})"),
      refuses("a number too small", R"({"number":-2147483649})"),
      refuses("a number far too large", R"({"number":123000000000000000000000})"),
      refuses("a long too large", R"({"large":9223372036854775808})"),
      refuses("a long too small", R"({"large":-9223372036854775809})"),
      refuses("a long far too large", R"({"large":-123000000000000000000000})"),
      refuses("a time that is no time", R"({"time":"Infinity"})"),
      refuses("a time that is a truth", R"({"time":true})"),
      refuses("a time too far away", R"({"time":1e300})"),
      refuses("a time's text of digits", R"({"time":"1515531081"})"),
      refuses("a union without members", R"({"choice":{}})"),
      refuses("a union of null", R"({"choice":{"text":null}})"),
      refuses("a union of two", R"({"choice":{"number":2,"text":"three"}})"),
      refuses("a union of one and what is unknown", R"({"choice":{"number":2,"unknown":"three"}})"),
      refuses("a union of what is unknown", R"({"choice":{"unknown":"hello"}})"),
      refuses("a union that is a list", R"({"choice":["text"]})"),
      refuses("nested too deep", R"({"unknown":)" + std::string(100'000, '[')),
      refuses("nested too deep and closed",
              R"({"unknown":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"),
  };
  for (const char* body : {"{[",
                           "{ \"number\": 10 }abc",
                           "abc{ \"number\": 10 }",
                           "{\"number\": 10 // ten\n}",
                           "{\"number\": 10 /* ten */}",
                           "{\"number\" :\f10}",
                           "{'number': 10}",
                           "{\"number\": 10,}",
                           "{\"texts\":[\"a\",\"b\" }",
                           "{\"texts\":[\"a\"",
                           "{\"text\":\"a",
                           "{\"text\"",
                           "{\"text\":",
                           "{\"table\":{null:\"a\"}}",
                           "{\"text\":\"\xff\"}",
                           "{\"text\":\"\\x\"}",
                           "{\"text\":\"\n\"}",
                           "{\"number\":01}",
                           "{\"number\":+1}",
                           "{\"number\":.5}",
                           "{} {}",
                           "\xEF\xBB"}) {
    cases.push_back(refuses("bad JSON", body));
  }
  for (const char* value :
       {"\"123\"", "true", "2ABC", "0x42", "Infinity", "\"Infinity\"", "-Infinity", "NaN", "\"NaN\""}) {
    for (const char* name : {"number", "large"}) {
      cases.push_back(refuses("no whole number", "{\"" + std::string(name) + "\":" + value + "}"));
    }
  }
  for (const char* value :
       {"\"123\"", "true", "2ABC", "0x42", "Infinity", "-Infinity", "NaN", "\"abc\"", "{}", "[1]"}) {
    cases.push_back(refuses("no number", "{\"ratio\":" + std::string(value) + "}"));
    cases.push_back(refuses("no number", "{\"single\":" + std::string(value) + "}"));
  }
  for (const char* value :
       {"\"true\"", "\"True\"", "\"yes\"", "\"1\"", "\"\"", "1", "0", "True", "yes", "on", "[]", "{}"}) {
    cases.push_back(refuses("no truth", "{\"flag\":" + std::string(value) + "}"));
  }
  for (const char* value : {"\"xyz\"", "\"YmxvYg=\"", "\"[][]\"", "\"-_==\"", "1", "[]", "\"YmxvYg==YmxvYg==\""}) {
    cases.push_back(refuses("bad bytes", "{\"bytes\":" + std::string(value) + "}"));
  }
  check_requests(ProtocolKind::kJson11, service, cases);
}

TEST(JsonForms, ConstraintsAreChecked) {
  const RequestCase cases[] = {
      breaks("a member that must be there", "{}"),
      breaks("and is null", R"({"must":null})"),
      breaks("a short text", R"({"must":"m","short":"a"})"),
      breaks("a long text", R"({"must":"m","short":"abcde"})"),
      breaks("length in code units", R"({"must":"m","short":"😹😹😹"})"),
      breaks("no bytes", R"({"must":"m","bytes":""})"),
      breaks("many bytes", R"({"must":"m","bytes":"YWJj"})"),
      breaks("a pattern", R"({"must":"m","word":"ABC"})"),
      breaks("a pattern is of the whole", R"({"must":"m","word":"abc!"})"),
      breaks("an enum", R"({"must":"m","color":"Blue"})"),
      breaks("an enum's case", R"({"must":"m","color":"red"})"),
      breaks("an empty enum", R"({"must":"m","color":""})"),
      breaks("a small number", R"({"must":"m","number":0})"),
      breaks("a large number", R"({"must":"m","number":11})"),
      breaks("a small long", R"({"must":"m","large":-1})"),
      breaks("a large double", R"({"must":"m","ratio":1.5})"),
      breaks("an empty list", R"({"must":"m","few":[]})"),
      breaks("a long list", R"({"must":"m","few":["a","b","c"]})"),
      breaks("a large map", R"({"must":"m","table":{"a":"Red","b":"Red","c":"Red"}})"),
      breaks("a map's key", R"({"must":"m","table":{"A":"Red"}})"),
      breaks("a map's value", R"({"must":"m","table":{"a":"Blue"}})"),
      breaks("a member of a structure", R"({"must":"m","inner":{}})"),
      breaks("a member of an element", R"({"must":"m","inners":[{"must":"x"},{}]})"),
      {.what = "all within bounds",
       .operation = "Check",
       .body =
           R"({"must":"","short":"abcd","bytes":"YQ==","word":"abc","color":"Green","number":10,"large":1,"ratio":1,"few":["a"],)"
           R"("table":{"a":"Red"},"inner":{"must":"x"}})",
       .told =
           R"({"must":"","short":"abcd","bytes":"a","word":"abc","color":"Green","number":10,"large":1,"ratio":1.0,"few":["a"],)"
           R"("table":{"a":"Red"},"inner":{"must":"x"}})"},
  };
  check_requests(ProtocolKind::kJson11, service, cases);
}

// Where we take what Smithy's servers refuse, because AWS's older services do.
TEST(JsonForms, WhatIsTakenThatNeedNotBe) {
  const RequestCase cases[] = {
      says("a fraction is dropped", R"({"number":1.9,"large":-1.9})", R"({"number":1,"large":-1})"),
      says("nulls in lists and maps are passed over", R"({"texts":["a",null,"b"],"table":{"a":null,"b":"c"}})",
           R"({"texts":["a","b"],"table":{"b":"c"}})"),
      says("times in any format",
           R"({"time":"2017-04-28T17:56:40Z","isoTime":946845296,"httpTime":"2000-01-02T20:34:56Z"})",
           R"({"time":"2017-04-28T17:56:40Z","isoTime":"2000-01-02T20:34:56Z","httpTime":"2000-01-02T20:34:56Z"})"),
  };
  check_requests(ProtocolKind::kJson11, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

// REST JSON: every form of the model "rest_json_forms".

#include "models/rest_json_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"
#include "wire/route.h"

namespace signalbox::wire {
namespace {

const Service& service = models::rest_json_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRestJson;

/// A request to Body.
RequestCase says(std::string what, std::string body, std::string told) {
  return {.what = std::move(what),
          .operation = "Body",
          .line = "POST /body",
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body),
          .told = std::move(told)};
}
RequestCase asks(std::string what, std::string operation, std::string line, std::string told) {
  return {.what = std::move(what), .operation = std::move(operation), .line = std::move(line), .told = std::move(told)};
}

/// An answer of Body.
AnswerCase tells(std::string what, std::string value, std::string body) {
  return {.what = std::move(what),
          .operation = "Body",
          .value = std::move(value),
          .body = std::move(body),
          .headers = {{"Content-Type", "application/json"}}};
}

TEST(RestJsonForms, HeadersAreRead) {
  const RequestCase cases[] = {
      headers("none", {}, "{}"),
      headers("texts", {{"X-Text", "Hello"}, {"X-Texts", "a, b, c"}}, R"({"text":"Hello","texts":["a","b","c"]})"),
      headers("names in any case", {{"x-text", "Hello"}}, R"({"text":"Hello"})"),
      headers("quoted texts", {{"X-Texts", R"("b,c", "\"def\"", a)"}}, R"({"texts":["b,c","\"def\"","a"]})"),
      headers("a list without spaces", {{"X-Texts", "a,b ,\tc"}}, R"({"texts":["a","b","c"]})"),
      headers("a list in two headers", {{"X-Texts", "a, b"}, {"X-Texts", "c"}}, R"({"texts":["a","b","c"]})"),
      headers("numbers",
              {{"X-Number", "123"},
               {"X-Large", "-123"},
               {"X-Single", "1.1"},
               {"X-Ratio", "1e-3"},
               {"X-Numbers", "1, 2, 3"}},
              R"({"number":123,"large":-123,"single":1.1,"ratio":0.001,"numbers":[1,2,3]})"),
      headers("truths", {{"X-Yes", "true"}, {"X-No", "false"}, {"X-Flags", "true, false, true"}},
              R"({"yes":true,"no":false,"flags":[true,false,true]})"),
      headers("times", {{"X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:19 GMT"}},
              R"({"times":["2019-12-16T23:48:18Z","2019-12-16T23:48:19Z"]})"),
      headers("enums", {{"X-Color", "Red"}, {"X-Colors", "Red, Green, 0"}},
              R"({"color":"Red","colors":["Red","Green","0"]})"),
      headers("no number", {{"X-Single", "NaN"}, {"X-Ratio", "NaN"}}, R"({"single":"NaN","ratio":"NaN"})"),
      headers("infinity", {{"X-Single", "Infinity"}, {"X-Ratio", "-Infinity"}},
              R"({"single":"Infinity","ratio":"-Infinity"})"),
      headers("empty ones", {{"X-Text", ""}, {"X-Texts", ""}, {"X-Number", ""}}, "{}"),
      headers(
          "the formats of times",
          {{"X-Unix", "1576540098"},
           {"X-Http", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Iso", "2019-12-16T23:48:18Z"},
           {"X-Plain", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Unix-Target", "1576540098"},
           {"X-Http-Target", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Iso-Target", "2019-12-16T23:48:18Z"}},
          R"({"unixTime":"2019-12-16T23:48:18Z","httpTime":"2019-12-16T23:48:18Z","isoTime":"2019-12-16T23:48:18Z","plainTime":"2019-12-16T23:48:18Z",)"
          R"("unixTarget":"2019-12-16T23:48:18Z","httpTarget":"2019-12-16T23:48:18Z","isoTarget":"2019-12-16T23:48:18Z"})",
          "HeaderTimes", "POST /header-times"),
      headers("JSON in base64", {{"X-Json", "dHJ1ZQ=="}}, R"({"json":"true"})", "JsonHeader", "GET /json-header"),
      headers("headers that begin alike",
              {{"X-Foo", "Foo"}, {"X-Foo-Abc", "Abc value"}, {"x-foo-Def", "Def value"}, {"X-Fo", "no"}},
              R"({"foo":"Foo","rest":{"Abc":"Abc value","Def":"Def value"}})", "PrefixHeaders", "GET /prefix-headers"),
      headers("none that begin alike", {{"X-Foo", "Foo"}}, R"({"foo":"Foo"})", "PrefixHeaders", "GET /prefix-headers"),
      headers("all headers", {{"x-a", "1"}, {"hello", "there"}},
              R"({"all":{"hello":"there","x-a":"1"},"named":"there"})", "AllHeaders", "GET /all-headers"),
  };
  check_requests(kKind, service, cases);
}

TEST(RestJsonForms, PathsAndQueriesAreRead) {
  const RequestCase cases[] = {
      asks(
          "labels", "Labels", "GET /labels/string/1/2/4.1/5.1/true/2019-12-16T23%3A48%3A18Z",
          R"({"text":"string","number":1,"large":2,"single":4.1,"ratio":5.1,"flag":true,"time":"2019-12-16T23:48:18Z"})"),
      asks(
          "escapes in labels", "Labels",
          "GET "
          "/labels/%25%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%F0%9F%98%B9/1/2/4.1/5.1/false/"
          "2019-12-16T23:48:18Z",
          R"({"text":"%:/?#[]@!$&'()*+,;=😹","number":1,"large":2,"single":4.1,"ratio":5.1,"flag":false,"time":"2019-12-16T23:48:18Z"})"),
      asks(
          "a plus in a label is one", "Labels", "GET /labels/a+b/1/2/NaN/-Infinity/true/2019-12-16T23:48:18Z",
          R"({"text":"a+b","number":1,"large":2,"single":"NaN","ratio":"-Infinity","flag":true,"time":"2019-12-16T23:48:18Z"})"),
      asks(
          "times in labels", "LabelTimes",
          "GET "
          "/label-times/1576540098/Mon%2C%2016%20Dec%202019%2023%3A48%3A18%20GMT/2019-12-16T23%3A48%3A18Z/"
          "2019-12-16T23%3A48%3A18Z/1576540098",
          R"({"unixTime":"2019-12-16T23:48:18Z","httpTime":"2019-12-16T23:48:18Z","isoTime":"2019-12-16T23:48:18Z","plainTime":"2019-12-16T23:48:18Z","unixTarget":"2019-12-16T23:48:18Z"})"),
      asks("a label that takes slashes", "Greedy", "GET /greedy/foo/hello%2Fescaped/baz/there/guy",
           R"({"text":"hello/escaped","rest":"there/guy"})"),
      asks(
          "all kinds of parameters", "Query",
          "GET "
          "/query?Text=Hello%20there&Texts=a&Texts=b&Texts=c&Number=3&Numbers=1&Numbers=2&Large=4&Single=1.1&Ratio=1.1&"
          "Ratios=1.1&Ratios=2.1&Flag=true&Flags=true&Flags=false&"
          "Time=1970-01-01T00%3A00%3A01Z&Times=1970-01-01T00%3A00%3A01Z&Times=1970-01-01T00%3A00%3A02Z&UnixTime="
          "1576540098&Color=Red&Colors=Red&Colors=0&token=t",
          R"({"text":"Hello there","texts":["a","b","c"],"number":3,"numbers":[1,2],"large":4,"single":1.1,"ratio":1.1,"ratios":[1.1,2.1],"flag":true,"flags":[true,false],)"
          R"("time":"1970-01-01T00:00:01Z","times":["1970-01-01T00:00:01Z","1970-01-01T00:00:02Z"],"unixTime":"2019-12-16T23:48:18Z","color":"Red","colors":["Red","0"],"token":"t"})"),
      asks("escapes in parameters", "Query",
           "GET /query?Text=%25%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%F0%9F%98%B9",
           R"({"text":"%:/?#[]@!$&'()*+,;=😹"})"),
      asks("escapes in names", "Query", "GET /query?%54ext=a+b", R"({"text":"a b"})"),
      asks("no number", "Query", "GET /query?Single=NaN&Ratio=NaN", R"({"single":"NaN","ratio":"NaN"})"),
      asks("infinity", "Query", "GET /query?Single=Infinity&Ratio=-Infinity",
           R"({"single":"Infinity","ratio":"-Infinity"})"),
      asks("an empty text", "Query", "GET /query?Text=", R"({"text":""})"),
      asks("no sign", "Query", "GET /query?Text", R"({"text":""})"),
      asks("unknown parameters", "Query", "GET /query?text=a&Else=b&&", "{}"),
      asks("a signature's parameters", "Query", "GET /query?X-Amz-Date=20260101T000000Z&Number=1", R"({"number":1})"),
      asks("all parameters in a map", "QueryTable", "POST /query-table?bar=named&qux=fromMap",
           R"({"foo":"named","rest":{"bar":"named","qux":"fromMap"}})"),
      asks("each with its first value", "QueryTable", "POST /query-table?a=&a=1&b=2", R"({"rest":{"a":"","b":"2"}})"),
      asks("all parameters in a map of lists", "QueryLists", "POST /query-lists?corge=named&baz=bar&baz=qux",
           R"({"qux":"named","rest":{"baz":["bar","qux"],"corge":["named"]}})"),
      asks("parameters of the operation itself", "Constant", "GET /constant/hi?foo=bar&hello", R"({"hello":"hi"})"),
      asks("in another order, and with others", "Constant", "GET /constant/hi?hello&baz=bam&foo=bar",
           R"({"hello":"hi","baz":"bam"})"),
      asks("with a sign", "Constant", "GET /constant/hi?hello=&foo=bar", R"({"hello":"hi"})"),
      {.what = "members of all places",
       .operation = "Mixed",
       .line = "POST /mixed/l?q=1",
       .headers = {{"X-Header", "h"}},
       .body = R"({"body":"b","pair":{"r":1},"label":"no","header":"no"})",
       .told = R"({"label":"l","query":1,"header":"h","body":"b","pair":{"right":1}})"},
  };
  check_requests(kKind, service, cases);
  const Service* const services[] = {&service};
  for (const char* target : {"/constant/hi", "/constant/hi?foo=bar", "/constant/hi?foo=baz&hello",
                             "/constant/hi/more?foo=bar&hello", "/nothing", "/greedy/foo/a/baz"}) {
    http::Request request;
    request.method = "GET";
    request.target = target;
    const Routed routed = route(services, request, service.signing_name);
    ASSERT_FALSE(routed.operation) << target;
    EXPECT_EQ(routed.operation.error().http_status, 404) << target;
  }
}

TEST(RestJsonForms, BodiesAreRead) {
  const RequestCase cases[] = {
      says("no body", "", "{}"),
      says("an empty object", "{}", "{}"),
      says("scalars",
           R"({"text":"s","number":3,"large":4,"single":5.5,"Dribble":6.5,"flag":true,"bytes":"dmFsdWU=","color":"0"})",
           R"({"text":"s","number":3,"large":4,"single":5.5,"ratio":6.5,"flag":true,"bytes":"value","color":"0"})"),
      says("no number", R"({"single":"NaN","Dribble":"-Infinity"})", R"({"single":"NaN","ratio":"-Infinity"})"),
      says(
          "times",
          R"({"time":1398796238,"isoTime":"2014-04-29T18:30:38Z","httpTime":"Tue, 29 Apr 2014 18:30:38 GMT","unixTime":1398796238,"unixTarget":1398796238.5,"isoTarget":"2014-04-29T18:30:38.123Z"})",
          R"({"time":"2014-04-29T18:30:38Z","isoTime":"2014-04-29T18:30:38Z","httpTime":"2014-04-29T18:30:38Z","unixTime":"2014-04-29T18:30:38Z","unixTarget":"2014-04-29T18:30:38.500Z","isoTarget":"2014-04-29T18:30:38.123Z"})"),
      says(
          "lists",
          R"({"texts":["foo"],"numbers":[1,2],"flags":[true],"times":[1398796238],"colors":["Red"],"rows":[["a"],[]],"pairs":[{"left":"1","r":2}]})",
          R"({"texts":["foo"],"numbers":[1,2],"flags":[true],"times":["2014-04-29T18:30:38Z"],"colors":["Red"],"rows":[["a"],[]],"pairs":[{"left":"1","right":2}]})"),
      says("maps", R"({"table":{"a":"b"},"named":{"k":{"left":"x"}},"lists":{"x":["y"]}})",
           R"({"table":{"a":"b"},"named":{"k":{"left":"x"}},"lists":{"x":["y"]}})"),
      says(
          "structures",
          R"({"pair":{"r":1},"nothing":{},"choice":{"pair":{"left":"a"}},"tree":{"child":{"children":[{"name":"a"}]}}})",
          R"({"pair":{"right":1},"nothing":{},"choice":{"pair":{"left":"a"}},"tree":{"child":{"children":[{"name":"a"}]}}})"),
      says("null and unknown members", R"({"text":null,"choice":null,"unknown":{"a":[]}})", "{}"),
      {.what = "bytes as the body",
       .operation = "PayloadBlob",
       .line = "POST /payload-blob",
       .headers = {{"X-Foo", "Foo"}, {"Content-Type", "application/octet-stream"}},
       .body = "blobby blob blob",
       .told = R"({"foo":"Foo","payload":"blobby blob blob"})"},
      {.what = "no bytes as the body",
       .operation = "PayloadBlob",
       .line = "POST /payload-blob",
       .headers = {{"X-Foo", "Foo"}},
       .told = R"({"foo":"Foo"})"},
      {.what = "bytes that are of any type",
       .operation = "PayloadBlob",
       .line = "POST /payload-blob",
       .headers = {{"Content-Type", "image/jpeg"}},
       .body = "{",
       .told = R"({"payload":"{"})"},
      {.what = "a text as the body",
       .operation = "PayloadText",
       .line = "POST /payload-text",
       .headers = {{"Content-Type", "text/plain"}},
       .body = "raw \"text\"",
       .told = R"({"payload":"raw \"text\""})"},
      {.what = "an enum's value as the body",
       .operation = "PayloadColor",
       .line = "POST /payload-color",
       .body = "Red",
       .told = R"({"payload":"Red"})"},
      {.what = "a structure as the body",
       .operation = "PayloadPair",
       .line = "PUT /payload-pair",
       .headers = {{"Content-Type", "application/json; charset=utf-8"}},
       .body = R"({"left":"hello","r":1})",
       .told = R"({"payload":{"left":"hello","right":1}})"},
      {.what = "no structure as the body", .operation = "PayloadPair", .line = "PUT /payload-pair", .told = "{}"},
      {.what = "an empty structure as the body",
       .operation = "PayloadPair",
       .line = "PUT /payload-pair",
       .body = "{}",
       .told = R"({"payload":{}})"},
      {.what = "a union as the body",
       .operation = "PayloadChoice",
       .line = "PUT /payload-choice",
       .body = R"({"text":"hello"})",
       .told = R"({"payload":{"text":"hello"}})"},
      {.what = "no union as the body", .operation = "PayloadChoice", .line = "PUT /payload-choice", .told = "{}"},
      {.what = "no input", .operation = "Rest", .line = "POST /rest", .told = "{}"},
      {.what = "no input, but a body",
       .operation = "Rest",
       .line = "POST /rest",
       .headers = {{"Content-Type", "application/json"}},
       .body = "{}",
       .told = "{}"},
  };
  check_requests(kKind, service, cases);
}

TEST(RestJsonForms, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing", .operation = "Rest", .value = "{}"},
      {.what = "an output without members",
       .operation = "Check",
       .value = "{}",
       .body = "{}",
       .headers = {{"Content-Type", "application/json"}}},
      tells("no members", "{}", "{}"),
      tells(
          "scalars",
          R"({"text":"s","number":3,"large":4,"single":5.5,"Dribble":6.5,"flag":false,"bytes":"dmFsdWU=","color":"0"})",
          R"({"text":"s","number":3,"large":4,"single":5.5,"Dribble":6.5,"flag":false,"bytes":"dmFsdWU=","color":"0"})"),
      tells(
          "times",
          R"({"time":1398796238,"isoTime":1398796238,"httpTime":1398796238,"unixTime":1398796238,"unixTarget":1398796238,"isoTarget":946845296.123})",
          R"({"time":1398796238,"isoTime":"2014-04-29T18:30:38Z","httpTime":"Tue, 29 Apr 2014 18:30:38 GMT","unixTime":1398796238,"unixTarget":1398796238,"isoTarget":"2000-01-02T20:34:56.123Z"})"),
      tells(
          "lists and maps",
          R"({"texts":[],"flags":[true,false],"rows":[["a"]],"pairs":[{"r":2}],"table":{},"named":{"k":{"left":"x"}},"lists":{"x":["y"]}})",
          R"({"texts":[],"flags":[true,false],"rows":[["a"]],"pairs":[{"r":2}],"table":{},"named":{"k":{"left":"x"}},"lists":{"x":["y"]}})"),
      tells("structures", R"({"pair":{},"nothing":{},"choice":{"number":1},"tree":{"child":{"child":{"name":"a"}}}})",
            R"({"pair":{},"nothing":{},"choice":{"number":1},"tree":{"child":{"child":{"name":"a"}}}})"),
      {.what = "texts in headers",
       .operation = "Headers",
       .value = R"({"text":"Hello","texts":["a","b","c"],"color":"Red","colors":["Red","Green"]})",
       .body = "{}",
       .headers = {{"X-Text", "Hello"}, {"X-Texts", "a, b, c"}, {"X-Color", "Red"}, {"X-Colors", "Red, Green"}},
       .absent = {"X-Number", "X-Times"}},
      {.what = "quoted texts in headers",
       .operation = "Headers",
       .value = R"({"texts":["b,c","\"def\"","a"]})",
       .body = "{}",
       .headers = {{"X-Texts", R"("b,c", "\"def\"", a)"}}},
      {.what = "numbers in headers",
       .operation = "Headers",
       .value = R"({"number":123,"large":-4,"single":1.1,"ratio":1.5,"numbers":[1,2,3]})",
       .body = "{}",
       .headers =
           {{"X-Number", "123"}, {"X-Large", "-4"}, {"X-Single", "1.1"}, {"X-Ratio", "1.5"}, {"X-Numbers", "1, 2, 3"}}},
      {.what = "truths in headers",
       .operation = "Headers",
       .value = R"({"yes":true,"no":false,"flags":[true,false,true]})",
       .body = "{}",
       .headers = {{"X-Yes", "true"}, {"X-No", "false"}, {"X-Flags", "true, false, true"}}},
      {.what = "what is no number in headers",
       .operation = "Headers",
       .value = R"({"single":"NaN","ratio":"-Infinity"})",
       .body = "{}",
       .headers = {{"X-Single", "NaN"}, {"X-Ratio", "-Infinity"}}},
      {.what = "times in headers",
       .operation = "Headers",
       .value = R"({"times":[1576540098,1576540098]})",
       .body = "{}",
       .headers = {{"X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:18 GMT"}}},
      {.what = "the formats of times in headers",
       .operation = "HeaderTimes",
       .value =
           R"({"unixTime":1576540098,"httpTime":1576540098,"isoTime":1576540098,"plainTime":1576540098,"unixTarget":1576540098,"httpTarget":1576540098,"isoTarget":1576540098})",
       .body = "{}",
       .headers = {{"X-Unix", "1576540098"},
                   {"X-Http", "Mon, 16 Dec 2019 23:48:18 GMT"},
                   {"X-Iso", "2019-12-16T23:48:18Z"},
                   {"X-Plain", "Mon, 16 Dec 2019 23:48:18 GMT"},
                   {"X-Unix-Target", "1576540098"},
                   {"X-Http-Target", "Mon, 16 Dec 2019 23:48:18 GMT"},
                   {"X-Iso-Target", "2019-12-16T23:48:18Z"}}},
      {.what = "empty headers",
       .operation = "Headers",
       .value = R"({"text":"","texts":[]})",
       .body = "{}",
       .absent = {"X-Text", "X-Texts"}},
      {.what = "a header that would be two",
       .operation = "Headers",
       .value = R"({"text":"a\r\nX-Evil: b"})",
       .body = "{}",
       .headers = {{"X-Text", "a  X-Evil: b"}},
       .absent = {"X-Evil"}},
      {.what = "JSON in a header",
       .operation = "JsonHeader",
       .value = R"({"json":"true"})",
       .body = "{}",
       .headers = {{"X-Json", "dHJ1ZQ=="}}},
      {.what = "headers of a map",
       .operation = "PrefixHeaders",
       .value = R"({"foo":"Foo","rest":{"Abc":"Abc value","Def":"Def value"}})",
       .body = "{}",
       .headers = {{"X-Foo", "Foo"}, {"X-Foo-Abc", "Abc value"}, {"X-Foo-Def", "Def value"}}},
      {.what = "any headers of a map",
       .operation = "AllHeaders",
       .value = R"({"all":{"X-A":"1"},"named":"there"})",
       .body = "{}",
       .headers = {{"X-A", "1"}, {"hello", "there"}}},
      {.what = "a status",
       .operation = "Status",
       .value = R"({"status":202,"text":"a"})",
       .body = R"({"text":"a"})",
       .status = 202},
      {.what = "the operation's status", .operation = "Status", .value = "{}", .body = "{}", .status = 201},
      {.what = "what stands elsewhere in requests",
       .operation = "Mixed",
       .value = R"({"label":"l","query":1,"header":"h","body":"b"})",
       .body = R"({"body":"b"})",
       .headers = {{"X-Header", "h"}}},
      {.what = "bytes as the body",
       .operation = "PayloadBlob",
       .value = R"({"foo":"Foo","payload":"blobby blob blob"})",
       .body = "blobby blob blob",
       .headers = {{"X-Foo", "Foo"}}},
      {.what = "no bytes as the body",
       .operation = "PayloadBlob",
       .value = R"({"foo":"Foo"})",
       .headers = {{"X-Foo", "Foo"}}},
      {.what = "a text as the body",
       .operation = "PayloadText",
       .value = R"({"payload":"raw"})",
       .body = "raw",
       .headers = {{"Content-Type", "text/plain"}}},
      {.what = "an enum's value as the body",
       .operation = "PayloadColor",
       .value = R"({"payload":"Red"})",
       .body = "Red",
       .headers = {{"Content-Type", "text/plain"}}},
      {.what = "a structure as the body",
       .operation = "PayloadPair",
       .value = R"({"payload":{"left":"hello","r":1}})",
       .body = R"({"left":"hello","r":1})",
       .headers = {{"Content-Type", "application/json"}}},
      {.what = "a union as the body",
       .operation = "PayloadChoice",
       .value = R"({"payload":{"text":"hello"}})",
       .body = R"({"text":"hello"})"},
  };
  check_answers(kKind, service, cases);
}

TEST(RestJsonForms, ErrorsAreWritten) {
  Error held{"Held", "", 0};
  held.details = std::make_shared<const ErrorDetails>(
      ErrorDetails{{{"X-Header", "h\r\n"}, {"TopLevel", "Top level"}, {"count", "3"}}, {}});
  const ErrorCase cases[] = {
      {.what = "a message",
       .error = {"Refused", "Hi"},
       .body = R"({"Message":"Hi"})",
       .headers = {{"Content-Type", "application/json"}, {"X-Amzn-Errortype", "Refused"}}},
      {.what = "members, and one in a header",
       .error = held,
       .body = R"({"TopLevel":"Top level","count":3})",
       .status = 403,
       .headers = {{"X-Header", "h  "}, {"X-Amzn-Errortype", "Held"}}},
      {.what = "no members",
       .error = {"Held", ""},
       .body = "{}",
       .status = 403,
       .headers = {{"X-Amzn-Errortype", "Held"}}},
      {.what = "a fault",
       .error = {"Broken", "x"},
       .body = R"({"message":"x"})",
       .status = 500,
       .headers = {{"X-Amzn-Errortype", "Broken"}}},
  };
  check_errors(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

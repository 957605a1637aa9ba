// AWS Query: every form of the model "query_forms".

#include "models/query_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::query_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kQuery;

/// A request to Tell.
RequestCase says(std::string what, std::string parameters, std::string told) {
  return {.what = std::move(what),
          .operation = "Tell",
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
          .body = "Action=Tell&Version=2026-01-01&" + parameters,
          .told = std::move(told)};
}
RequestCase refuses(std::string what, std::string parameters, std::string error = "MalformedInput") {
  return {.what = std::move(what), .operation = "Tell", .body = "Action=Tell&" + parameters, .error = std::move(error)};
}
RequestCase breaks(std::string what, std::string parameters) {
  return {.what = std::move(what), .operation = "Check", .body = std::move(parameters), .error = "ValidationError"};
}

/// An answer of Tell with these elements in it.
AnswerCase tells(std::string what, std::string value, const std::string& elements) {
  return {.what = std::move(what),
          .operation = "Tell",
          .value = std::move(value),
          .body = "<?xml version=\"1.0\"?>\n<TellResponse xmlns=\"https://forms.example/\"><TellResult>" + elements +
                  "</TellResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></TellResponse>\n",
          .headers = {{"Content-Type", "text/xml"}}};
}

ErrorCase error_of(std::string what, Error error, bool sender, const std::string& elements, int status) {
  return {
      .what = std::move(what),
      .error = std::move(error),
      .body = std::string("<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"https://forms.example/\"><Error><Type>") +
              (sender ? "Sender" : "Receiver") + "</Type>" + elements +
              "</Error><RequestId>id</RequestId></ErrorResponse>\n",
      .status = status,
      .headers = {{"Content-Type", "text/xml"}}};
}

TEST(QueryForms, RequestsAreRead) {
  const RequestCase cases[] = {
      says("no parameters", "", "{}"),
      says("texts", "text=val1&Other=val2", R"({"text":"val1","renamed":"val2"})"),
      says("escapes", "text=%25%3A%2F+a%20b%2Bc%F0%9F%98%B9%0A", "{\"text\":\"%:/ a b+c😹\\n\"}"),
      says("an empty text", "text=", R"({"text":""})"),
      says("a text without its sign", "text", R"({"text":""})"),
      says("the member's own name where it has another", "renamed=a", "{}"),
      says("numbers", "number=10&large=-9223372036854775808&single=1.5&Dribble=10.8",
           R"({"number":10,"large":-9223372036854775808,"single":1.5,"ratio":10.8})"),
      says("numbers with exponents", "single=1e-3&Dribble=1.5E%2B10", R"({"single":0.001,"ratio":1.5E10})"),
      says("no number", "single=NaN&Dribble=NaN", R"({"single":"NaN","ratio":"NaN"})"),
      says("infinity", "single=Infinity&Dribble=-Infinity", R"({"single":"Infinity","ratio":"-Infinity"})"),
      says("true", "flag=true", R"({"flag":true})"),
      says("false", "flag=false", R"({"flag":false})"),
      says("bytes", "bytes=dmFsdWU%3D", R"({"bytes":"value"})"),
      says("an enum's value", "color=Red", R"({"color":"Red"})"),
      says("a token", "token=00000000-0000-4000-8000-000000000123",
           R"({"token":"00000000-0000-4000-8000-000000000123"})"),
      says("times",
           "time=2015-01-25T08%3A00%3A00Z&isoTime=2015-01-25T08%3A00%3A00.123Z&httpTime=Sun%2C+25+Jan+2015+08%3A00%"
           "3A00+GMT&"
           "unixTime=1422172800&unixTarget=1422172800.5",
           R"({"time":"2015-01-25T08:00:00Z","isoTime":"2015-01-25T08:00:00.123Z","httpTime":"2015-01-25T08:00:00Z",)"
           R"("unixTime":"2015-01-25T08:00:00Z","unixTarget":"2015-01-25T08:00:00.500Z"})"),
      says("a list", "texts.member.1=foo&texts.member.2=bar&texts.member.3=baz", R"({"texts":["foo","bar","baz"]})"),
      says("a list of more than nine",
           "texts.member.1=1&texts.member.2=2&texts.member.3=3&texts.member.4=4&texts.member.5=5&texts.member.6=6&"
           "texts.member.7=7&texts.member.8=8&texts.member.9=9&texts.member.10=10&texts.member.11=11",
           R"({"texts":["1","2","3","4","5","6","7","8","9","10","11"]})"),
      says("an empty list", "texts=", R"({"texts":[]})"),
      says("lists of scalars",
           "numbers.member.1=1&flags.member.1=true&flags.member.2=false&times.member.1=2014-04-29T18%3A30%3A38Z&colors."
           "member.1=0",
           R"({"numbers":[1],"flags":[true,false],"times":["2014-04-29T18:30:38Z"],"colors":["0"]})"),
      says("a list of structures", "pairs.member.1.left=hello&pairs.member.2.left=hola&pairs.member.2.R=2",
           R"({"pairs":[{"left":"hello"},{"left":"hola","right":2}]})"),
      says("a list of lists", "rows.member.1.member.1=a&rows.member.1.member.2=b&rows.member.2.member.1=c",
           R"({"rows":[["a","b"],["c"]]})"),
      says("a list's elements by another name", "items.item.1=A&items.item.2=B", R"({"items":["A","B"]})"),
      says("a list by another name", "Renewed.item.1=A", R"({"newName":["A"]})"),
      says("a flattened list", "flat.1=A&flat.2=B", R"({"flat":["A","B"]})"),
      says("a flattened list by another name", "Hi.1=A&Hi.2=B", R"({"flatNamed":["A","B"]})"),
      says("a flattened list whose element has a name", "item.1=A&item.2=B", R"({"flatItems":["A","B"]})"),
      says("a flattened list of structures", "flatPairs.1.left=a&flatPairs.2.R=2",
           R"({"flatPairs":[{"left":"a"},{"right":2}]})"),
      says("a map", "table.entry.1.key=foo&table.entry.1.value=Foo&table.entry.2.key=bar&table.entry.2.value=Bar",
           R"({"table":{"bar":"Bar","foo":"Foo"}})"),
      says("an empty map", "table=", R"({"table":{}})"),
      says("a map by another name", "Foo.entry.1.key=foo&Foo.entry.1.value=Foo", R"({"newTable":{"foo":"Foo"}})"),
      says("a map of structures",
           "named.entry.1.key=foo&named.entry.1.value.left=Foo&named.entry.2.key=bar&named.entry.2.value.R=2",
           R"({"named":{"bar":{"right":2},"foo":{"left":"Foo"}}})"),
      says("a map whose parts have names",
           "keyed.entry.1.K=foo&keyed.entry.1.V=Foo&keyed.entry.2.K=bar&keyed.entry.2.V=Bar",
           R"({"keyed":{"bar":"Bar","foo":"Foo"}})"),
      says("a flattened map", "flatTable.1.key=foo&flatTable.1.value=Foo&flatTable.2.key=bar&flatTable.2.value=Bar",
           R"({"flatTable":{"bar":"Bar","foo":"Foo"}})"),
      says("a flattened map by another name", "Hey.1.K=foo&Hey.1.V=Foo&Hey.2.K=bar&Hey.2.V=Bar",
           R"({"flatKeyed":{"bar":"Bar","foo":"Foo"}})"),
      says("a map of lists",
           "lists.entry.1.key=foo&lists.entry.1.value.member.1=A&lists.entry.1.value.member.2=B&lists.entry.2.key=bar&"
           "lists.entry.2.value.member.1=C",
           R"({"lists":{"bar":["C"],"foo":["A","B"]}})"),
      says("a map of maps", "deep.entry.1.yek=foo&deep.entry.1.eulav.entry.1.K=bar&deep.entry.1.eulav.entry.1.V=baz",
           R"({"deep":{"foo":{"bar":"baz"}}})"),
      says("a structure", "pair.left=foo&pair.R=2", R"({"pair":{"left":"foo","right":2}})"),
      says("a union", "choice.pair.left=foo", R"({"choice":{"pair":{"left":"foo"}}})"),
      says(
          "a structure within its own kind",
          "tree.name=0&tree.child.name=1&tree.child.child.child.name=3&tree.children.member.1.name=4&tree.children."
          "member.2.child.name=5&"
          "tree.byName.entry.1.key=foo&tree.byName.entry.1.value.name=6",
          R"({"tree":{"name":"0","child":{"name":"1","child":{"child":{"name":"3"}}},"children":[{"name":"4"},{"child":{"name":"5"}}],)"
          R"("byName":{"foo":{"name":"6"}}}})"),
      says("unknown parameters", "Unknown=1&Unknown.member.1=2&text=a&=x&&", R"({"text":"a"})"),
      says("the first of two", "text=a&text=b", R"({"text":"a"})"),
      says("a page's empty token", "NextToken=&text=a", R"({"text":"a"})"),
      says("names that are alike", "texts.member.10=x&texts.members.1=y&text=a&textx=b", R"({"text":"a","texts":[]})"),
      {.what = "in the query string",
       .operation = "Tell",
       .line = "GET /?Action=Tell&text=a%20b&number=1",
       .told = R"({"text":"a b","number":1})"},
      {.what = "no input", .operation = "Rest", .body = "Action=Rest&Version=2026-01-01", .told = "{}"},
      {.what = "a list that must be there is empty",
       .operation = "Check",
       .body = "must=a",
       .told = R"({"must":"a","some":[]})"},
  };
  check_requests(kKind, service, cases);
}

TEST(QueryForms, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing",
       .operation = "Rest",
       .value = "{}",
       .body = "<?xml version=\"1.0\"?>\n<RestResponse "
               "xmlns=\"https://forms.example/\"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></"
               "RestResponse>\n"},
      {.what = "an output without members",
       .operation = "Check",
       .value = "{}",
       .body = "<?xml version=\"1.0\"?>\n<CheckResponse "
               "xmlns=\"https://forms.example/\"><CheckResult/><ResponseMetadata><RequestId>id</RequestId></"
               "ResponseMetadata></CheckResponse>\n"},
      tells(
          "scalars",
          R"({"text":"s","Other":"","number":3,"large":4,"single":5.5,"Dribble":6.5,"flag":true,"bytes":"dmFsdWU=","color":"0"})",
          "<text>s</text><Other></Other><number>3</number><large>4</large><single>5.5</single><Dribble>6.5</"
          "Dribble><flag>true</flag>"
          "<bytes>dmFsdWU=</bytes><color>0</color>"),
      tells("false", R"({"flag":false})", "<flag>false</flag>"),
      tells("what is escaped", R"({"text":"<&>\"'\r\n"})", "<text>&lt;&amp;&gt;&quot;'&#xD;\n</text>"),
      tells("what is no number", R"({"single":"NaN","Dribble":"-Infinity"})",
            "<single>NaN</single><Dribble>-Infinity</Dribble>"),
      tells(
          "times",
          R"({"time":1398796238,"isoTime":1398796238.456,"httpTime":1398796238,"unixTime":1398796238,"unixTarget":1398796238})",
          "<time>2014-04-29T18:30:38Z</time><isoTime>2014-04-29T18:30:38.456Z</isoTime><httpTime>Tue, 29 Apr 2014 "
          "18:30:38 GMT</httpTime>"
          "<unixTime>1398796238</unixTime><unixTarget>1398796238</unixTarget>"),
      tells(
          "lists",
          R"({"texts":["foo","bar"],"numbers":[1,2],"flags":[true,false],"times":[1398796238],"colors":["Red"],"rows":[["foo"],["baz","qux"]]})",
          "<texts><member>foo</member><member>bar</member></texts><numbers><member>1</member><member>2</member></"
          "numbers>"
          "<flags><member>true</member><member>false</member></flags><times><member>2014-04-29T18:30:38Z</member></"
          "times>"
          "<colors><member>Red</member></colors><rows><member><member>foo</member></member><member><member>baz</member>"
          "<member>qux</member></member></rows>"),
      tells("an empty list", R"({"texts":[]})", "<texts></texts>"),
      tells("lists by other names", R"({"pairs":[{"left":"1","R":2}],"items":["a"],"Renewed":["b"]})",
            "<pairs><member><left>1</left><R>2</R></member></pairs><items><item>a</item></items><Renewed><item>b</"
            "item></Renewed>"),
      tells("flattened lists", R"({"flat":["hi","bye"],"Hi":["yep","nope"],"flatPairs":[{"left":"5"},{"R":6}]})",
            "<flat>hi</flat><flat>bye</flat><Hi>yep</Hi><Hi>nope</Hi><flatPairs><left>5</left></"
            "flatPairs><flatPairs><R>6</R></flatPairs>"),
      tells(
          "maps",
          R"({"table":{"a":"A","b":"B"},"named":{"k":{"left":"there"}},"keyed":{"a":"A"},"lists":{"x":["y"]},"colored":{"Red":"Green"}})",
          "<table><entry><key>a</key><value>A</value></entry><entry><key>b</key><value>B</value></entry></table>"
          "<named><entry><key>k</key><value><left>there</left></value></entry></named><keyed><entry><K>a</K><V>A</V></"
          "entry></keyed>"
          "<lists><entry><key>x</key><value><member>y</member></value></entry></lists><colored><entry><key>Red</"
          "key><value>Green</value></entry></colored>"),
      tells("an empty map", R"({"table":{}})", "<table></table>"),
      tells("flattened maps", R"({"flatTable":{"a":"A","b":"B"},"Hey":{"a":"A","b":"B"}})",
            "<flatTable><key>a</key><value>A</value></flatTable><flatTable><key>b</key><value>B</value></"
            "flatTable><Hey><K>a</K><V>A</V></Hey>"
            "<Hey><K>b</K><V>B</V></Hey>"),
      tells("a map of maps", R"({"deep":{"foo":{"bar":"baz"}}})",
            "<deep><entry><yek>foo</yek><eulav><entry><K>bar</K><V>baz</V></entry></eulav></entry></deep>"),
      tells("structures", R"({"pair":{"R":1},"nothing":{},"choice":{"text":"a"}})",
            "<pair><R>1</R></pair><nothing></nothing><choice><text>a</text></choice>"),
      tells(
          "a structure within its own kind",
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"}],"byName":{"k":{"name":"4"}}}})",
          "<tree><name>0</name><child><name>1</name><child><name>2</name></child></child><children><member><name>3</"
          "name></member></children>"
          "<byName><entry><key>k</key><value><name>4</name></value></entry></byName></tree>"),
      tells("namespaces", R"({"spaced":{"text":"Foo","texts":["Bar","Baz"]},"flatSpaced":["a","b"]})",
            "<spaced><text xmlns:baz=\"http://baz.example\">Foo</text><texts xmlns=\"http://qux.example\"><member "
            "xmlns=\"http://bux.example\">Bar"
            "</member><member xmlns=\"http://bux.example\">Baz</member></texts></spaced><flatSpaced "
            "xmlns=\"http://bux.example\">a</flatSpaced>"
            "<flatSpaced xmlns=\"http://bux.example\">b</flatSpaced>"),
  };
  check_answers(kKind, service, cases);
}

TEST(QueryForms, ErrorsAreWritten) {
  Error counted{"Counted", "m", 0};
  counted.details =
      std::make_shared<const ErrorDetails>(ErrorDetails{{{"Reason", "<r>"}, {"Count", "3"}, {"Else", "x"}}, {}});
  const ErrorCase cases[] = {
      error_of("a message", {"Refused", "<Hi>"}, true, "<Code>Refused</Code><Message>&lt;Hi&gt;</Message>", 400),
      error_of("a code and status of its own", {"Custom", "Hi"}, true, "<Code>Customized</Code><Message>Hi</Message>",
               402),
      error_of("members", counted, true,
               "<Code>Counted</Code><Message>m</Message><Reason>&lt;r&gt;</Reason><Count>3</Count>", 429),
      error_of("a fault", {"Broken", "x"}, false, "<Code>Broken</Code><Message>x</Message>", 500),
      error_of("an error that the model does not know", {"Throttling", "x", 503}, false,
               "<Code>Throttling</Code><Message>x</Message>", 503),
  };
  check_errors(kKind, service, cases);
}

TEST(QueryForms, MalformedRequestsAreRefused) {
  std::string deep = "tree";
  for (int i = 0; i < 100'000; ++i) deep += ".child";
  std::vector<RequestCase> cases = {
      refuses("a broken escape", "text=%zz", "MalformedQueryString"),
      refuses("half an escape", "text=%4", "MalformedQueryString"),
      refuses("a broken escape in a name", "%zz=a", "MalformedQueryString"),
      refuses("no UTF-8", "text=%FF", "MalformedQueryString"),
      refuses("a map without a key", "table.entry.1.value=a"),
      refuses("nested too deep", deep + ".name=a"),
  };
  for (const char* value : {"", "x", "1.5", "1e3", "0x10", "2147483648", "-2147483649", "123000000000000000000000",
                            "+1", " 1", "true", "NaN"}) {
    cases.push_back(refuses("no integer", std::string("number=") + value));
    cases.push_back(refuses("no integer in a list", std::string("numbers.member.1=") + value));
  }
  for (const char* value : {"", "x", "9223372036854775808", "-9223372036854775809", "1.0"}) {
    cases.push_back(refuses("no long", std::string("large=") + value));
  }
  for (const char* value : {"", "x", "0x10", "1,5", "1.2.3", "--1", "e5"}) {
    cases.push_back(refuses("no number", std::string("single=") + value));
    cases.push_back(refuses("no number", std::string("Dribble=") + value));
  }
  for (const char* value : {"", "x", "yes", "1", "0", "on", "truee"})
    cases.push_back(refuses("no truth", std::string("flag=") + value));
  for (const char* value : {"xyz", "YmxvYg%3D", "%5B%5D%5B%5D", "-_%3D%3D"})
    cases.push_back(refuses("bad bytes", std::string("bytes=") + value));
  for (const char* value : {"", "x", "2015-13-25T08%3A00%3A00Z", "2015-01-25T08%3A00%3A00", "2015-01-25+08%3A00%3A00Z",
                            "1422172800", "Sun"}) {
    cases.push_back(refuses("no time", std::string("time=") + value));
  }
  for (const char* value : {"", "x", "NaN", "Infinity", "1e300"})
    cases.push_back(refuses("no time", std::string("unixTime=") + value));
  check_requests(kKind, service, cases);
}

TEST(QueryForms, ConstraintsAreChecked) {
  const RequestCase cases[] = {breaks("a member that must be there", "some.member.1=a"),
                               breaks("a short text", "must=m&short=a"),
                               breaks("a long text", "must=m&short=abcde"),
                               breaks("a pattern", "must=m&word=ABC"),
                               breaks("an enum", "must=m&color=Blue"),
                               breaks("a small number", "must=m&number=0"),
                               breaks("a large number", "must=m&number=11")};
  check_requests(kKind, service, cases);
}

// Where we take what need not be taken, because AWS's older services do.
TEST(QueryForms, WhatIsTakenThatNeedNotBe) {
  const RequestCase cases[] = {
      says("truths as Python writes them", "flag=True", R"({"flag":true})"),
      says("and in capitals", "flag=FALSE", R"({"flag":false})"),
      says("a date alone", "time=2015-01-25", R"({"time":"2015-01-25T00:00:00Z"})"),
      says("times in other formats", "time=Sun%2C+25+Jan+2015+08%3A00%3A00+GMT&unixTime=2015-01-25T08%3A00%3A00Z",
           R"({"time":"2015-01-25T08:00:00Z","unixTime":"2015-01-25T08:00:00Z"})"),
      says("a list ends at its first gap", "texts.member.1=a&texts.member.3=c", R"({"texts":["a"]})"),
  };
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

// REST XML: answers in every form of the model "rest_xml_forms".

#include <gtest/gtest.h>

#include "models/rest_xml_forms.h"
#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::rest_xml_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRestXml;
const std::string kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An answer of Body with these elements in it.
AnswerCase tells(std::string what, std::string value, const std::string& elements) {
  return {.what = std::move(what),
          .operation = "Body",
          .value = std::move(value),
          .body = kHead + "<BodyForms>" + elements + "</BodyForms>",
          .headers = {{"Content-Type", "application/xml"}}};
}

TEST(RestXmlAnswers, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing", .operation = "Rest", .value = "{}", .absent = {"Content-Type"}},
      {.what = "an output without members", .operation = "Check", .value = "{}", .absent = {"Content-Type"}},
      tells("no members", "{}", ""),
      tells("scalars",
            R"({"text":"s","number":3,"large":4,"single":5.5,"ratio":6.5,"flag":false,"bytes":"dmFsdWU=","color":"0"})",
            "<text>s</text><number>3</number><large>4</large><single>5.5</single><Dribble>6.5</Dribble><flag>false</"
            "flag><bytes>dmFsdWU=</bytes><color>0</color>"),
      tells("escapes", R"({"text":"escaped data: &lt;\r\n<>\"'"})",
            "<text>escaped data: &amp;lt;&#xD;\n&lt;&gt;&quot;'</text>"),
      tells("white space", R"({"text":"  string with white    space  "})",
            "<text>  string with white    space  </text>"),
      tells("what is no number", R"({"single":"NaN","ratio":"Infinity"})",
            "<single>NaN</single><Dribble>Infinity</Dribble>"),
      tells(
          "times",
          R"({"time":1398796238,"isoTime":1398796238,"httpTime":1398796238,"unixTime":1398796238,"unixTarget":1398796238,"isoTarget":946845296.123})",
          "<time>2014-04-29T18:30:38Z</time><isoTime>2014-04-29T18:30:38Z</isoTime><httpTime>Tue, 29 Apr 2014 18:30:38 "
          "GMT</httpTime><unixTime>1398796238</unixTime><unixTarget>1398796238</"
          "unixTarget><isoTarget>2000-01-02T20:34:56.123Z</isoTarget>"),
      tells("structures and maps, before lists",
            R"({"texts":["foo"],"table":{"a":"A"},"pair":{"left":"x"},"choice":{"text":"a"},"nothing":{}})",
            "<table><entry><key>a</key><value>A</value></entry></table><pair><left>x</left></pair><nothing></"
            "nothing><choice><text>a</text></choice><texts><member>foo</member></texts>"),
      tells(
          "lists",
          R"({"numbers":[1,2],"flags":[true],"times":[1398796238],"colors":["Red"],"rows":[["a"],["b","c"]],"pairs":[{"right":1}],"items":["i"],"newName":["j"],"flat":["hi","bye"],"flatNamed":["yep"],"flatPairs":[{"left":"5"}]})",
          "<numbers><member>1</member><member>2</member></numbers><flags><member>true</member></"
          "flags><times><member>2014-04-29T18:30:38Z</member></times><colors><member>Red</member></colors>"
          "<rows><member><member>a</member></member><member><member>b</member><member>c</member></member></"
          "rows><pairs><member><r>1</r></member></pairs><items><item>i</item></items><renamed><item>j</item></renamed>"
          "<flat>hi</flat><flat>bye</flat><custom>yep</custom><flatPairs><left>5</left></flatPairs>"),
      tells("empty lists and maps", R"({"texts":[],"table":{}})", "<table></table><texts></texts>"),
      tells("flattened lists' namespaces", R"({"flatSpaced":["a","b"],"flatUnspaced":["c"]})",
            "<flatSpaced xmlns=\"http://bux.example\">a</flatSpaced><flatSpaced "
            "xmlns=\"http://bux.example\">b</flatSpaced><flatUnspaced>c</flatUnspaced>"),
      tells(
          "maps",
          R"({"named":{"k":{"left":"x"}},"lists":{"x":["y"]},"newTable":{"a":"b"},"keyed":{"a":"A"},"colored":{"Red":"Green"},"deep":{"foo":{"bar":"baz"}}})",
          "<named><entry><key>k</key><value><left>x</left></value></entry></named><lists><entry><key>x</"
          "key><value><member>y</member></value></entry></lists><Foo><entry><key>a</key><value>b</value></entry></Foo>"
          "<keyed><entry><K>a</K><V>A</V></entry></keyed><colored><entry><key>Red</key><value>Green</value></entry></"
          "colored><deep><entry><yek>foo</yek><eulav><entry><K>bar</K><V>baz</V></entry></eulav></entry></deep>"),
      tells("flattened maps",
            R"({"flatTable":{"a":"A","b":"B"},"flatKeyed":{"a":"A","b":"B"},"flatDeep":{"bar":{"foo":"baz"}}})",
            "<flatTable><key>a</key><value>A</value></flatTable><flatTable><key>b</key><value>B</value></"
            "flatTable><KVP><K>a</K><V>A</V></KVP><KVP><K>b</K><V>B</V></KVP><flatDeep><yek>bar</"
            "yek><eulav><entry><K>foo</K><V>baz</V></entry></eulav></flatDeep>"),
      tells(
          "a structure within its own kind",
          R"({"tree":{"name":"0","child":{"child":{"name":"2"}},"children":[{"name":"3"}],"byName":{"k":{"name":"4"}}}})",
          "<tree><name>0</name><child><child><name>2</name></child></child><children><member><name>3</name></member></"
          "children><byName><entry><key>k</key><value><name>4</name></value></entry></byName></tree>"),
      {.what = "an attribute",
       .operation = "Attributes",
       .value = R"({"foo":"hi","attr":"<test&mock>"})",
       .body = kHead + "<AttributeForms test=\"&lt;test&amp;mock&gt;\"><foo>hi</foo></AttributeForms>"},
      {.what = "an attribute of the body's member",
       .operation = "PayloadAttributes",
       .value = R"({"payload":{"foo":"hi","attr":"test"}})",
       .body = kHead + "<AttributeForms test=\"test\"><foo>hi</foo></AttributeForms>"},
      {.what = "a prefix in a name",
       .operation = "Names",
       .value = R"({"renamed":"name"})",
       .body = kHead + "<NameForms><xsi:some>name</xsi:some></NameForms>"},
      {.what = "namespaces",
       .operation = "Spaced",
       .value = R"({"nested":{"text":"Foo","texts":["Bar","Baz"]}})",
       .body =
           kHead +
           "<SpacedForms xmlns=\"http://foo.example\"><nested><text xmlns:baz=\"http://baz.example\">Foo</text><texts "
           "xmlns=\"http://qux.example\"><member xmlns=\"http://bux.example\">Bar</member>"
           "<member xmlns=\"http://bux.example\">Baz</member></texts></nested></SpacedForms>"},
      {.what = "texts in headers",
       .operation = "Headers",
       .value = R"({"text":"Hello","texts":["a","b,c","\"d\""],"color":"Red","colors":["Red","0"]})",
       .headers =
           {{"X-Text", "Hello"}, {"X-Texts", R"(a, "b,c", "\"d\"")"}, {"X-Color", "Red"}, {"X-Colors", "Red, 0"}},
       .absent = {"X-Number", "Content-Type"}},
      {.what = "scalars in headers",
       .operation = "Headers",
       .value =
           R"({"number":123,"large":-4,"single":1.1,"ratio":"NaN","yes":true,"no":false,"numbers":[1,2],"flags":[true,false],"times":[1576540098,1576540098]})",
       .headers = {{"X-Number", "123"},
                   {"X-Large", "-4"},
                   {"X-Single", "1.1"},
                   {"X-Ratio", "NaN"},
                   {"X-Yes", "true"},
                   {"X-No", "false"},
                   {"X-Numbers", "1, 2"},
                   {"X-Flags", "true, false"},
                   {"X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:18 GMT"}}},
      {.what = "the formats of times in headers",
       .operation = "HeaderTimes",
       .value =
           R"({"unixTime":1576540098,"httpTime":1576540098,"isoTime":1576540098,"plainTime":1576540098,"unixTarget":1576540098})",
       .headers = {{"X-Unix", "1576540098"},
                   {"X-Http", "Mon, 16 Dec 2019 23:48:18 GMT"},
                   {"X-Iso", "2019-12-16T23:48:18Z"},
                   {"X-Plain", "Mon, 16 Dec 2019 23:48:18 GMT"},
                   {"X-Unix-Target", "1576540098"}}},
      {.what = "empty headers",
       .operation = "Headers",
       .value = R"({"text":"","texts":[]})",
       .absent = {"X-Text", "X-Texts"}},
      {.what = "a header that would be two",
       .operation = "Headers",
       .value = R"({"text":"a\r\nX-Evil: b"})",
       .headers = {{"X-Text", "a  X-Evil: b"}},
       .absent = {"X-Evil"}},
      {.what = "JSON in a header",
       .operation = "JsonHeader",
       .value = R"({"json":"true"})",
       .headers = {{"X-Json", "dHJ1ZQ=="}}},
      {.what = "headers of a map",
       .operation = "PrefixHeaders",
       .value = R"({"foo":"Foo","rest":{"Abc":"Abc value"}})",
       .headers = {{"X-Foo", "Foo"}, {"X-Foo-Abc", "Abc value"}}},
      {.what = "a status",
       .operation = "Status",
       .value = R"({"status":202,"text":"a"})",
       .body = kHead + "<StatusForms><text>a</text></StatusForms>",
       .status = 202},
      {.what = "the operation's status",
       .operation = "Status",
       .value = "{}",
       .body = kHead + "<StatusForms></StatusForms>",
       .status = 201},
      {.what = "what stands elsewhere in requests",
       .operation = "Mixed",
       .value = R"({"label":"l","query":1,"header":"h","body":"b"})",
       .body = kHead + "<MixedForms><body>b</body></MixedForms>",
       .headers = {{"X-Header", "h"}}},
      {.what = "bytes as the body",
       .operation = "PayloadBlob",
       .value = R"({"foo":"Foo","payload":"YmxvYmJ5IGJsb2IgYmxvYg=="})",
       .body = "blobby blob blob",
       .headers = {{"X-Foo", "Foo"}},
       .absent = {"Content-Type"}},
      {.what = "no bytes as the body",
       .operation = "PayloadBlob",
       .value = R"({"foo":"Foo"})",
       .headers = {{"X-Foo", "Foo"}}},
      {.what = "a text as the body",
       .operation = "PayloadText",
       .value = R"({"payload":"raw <text>"})",
       .body = "raw <text>"},
      {.what = "an enum's value as the body",
       .operation = "PayloadColor",
       .value = R"({"payload":"Red"})",
       .body = "Red"},
      {.what = "a structure as the body",
       .operation = "PayloadPair",
       .value = R"({"payload":{"left":"hello","right":1}})",
       .body = kHead + "<Pair><left>hello</left><r>1</r></Pair>",
       .headers = {{"Content-Type", "application/xml"}}},
      {.what = "a union as the body",
       .operation = "PayloadChoice",
       .value = R"({"payload":{"text":"hello"}})",
       .body = kHead + "<Choice><text>hello</text></Choice>"},
      {.what = "a body by another name",
       .operation = "PayloadNamed",
       .value = R"({"payload":{"left":"a"}})",
       .body = kHead + "<Hello><left>a</left></Hello>"},
      {.what = "a body with a namespace",
       .operation = "PayloadSpaced",
       .value = R"({"payload":{"name":"a"}})",
       .body = kHead + "<InSpace xmlns=\"http://foo.example\"><name>a</name></InSpace>"},
      {.what = "a body with a namespace's prefix",
       .operation = "PayloadPrefixed",
       .value = R"({"payload":{"name":"a"}})",
       .body = kHead + "<Prefixed xmlns:baz=\"http://foo.example\"><name>a</name></Prefixed>"},
  };
  check_answers(kKind, service, cases);
}

TEST(RestXmlAnswers, ErrorsAreWritten) {
  Error held{"Held", "m", 0};
  held.details = std::make_shared<const ErrorDetails>(
      ErrorDetails{{{"X-Header", "h"}, {"TopLevel", "<Top>"}, {"count", "3"}}, {}});
  const std::string end = "<RequestId>id</RequestId><HostId>aWQ=</HostId></Error>";
  const ErrorCase cases[] = {
      {.what = "a message",
       .error = {"Refused", "Hi"},
       .body = kHead + "<Error><Code>Refused</Code><Message>Hi</Message>" + end,
       .headers = {{"Content-Type", "application/xml"}}},
      {.what = "members, and one in a header",
       .error = held,
       .body =
           kHead + "<Error><Code>Held</Code><Message>m</Message><TopLevel>&lt;Top&gt;</TopLevel><count>3</count>" + end,
       .status = 403,
       .headers = {{"X-Header", "h"}}},
      {.what = "a fault",
       .error = {"Broken", "x"},
       .body = kHead + "<Error><Code>Broken</Code><Message>x</Message>" + end,
       .status = 500},
      {.what = "an error that the model does not know",
       .error = {"SlowDown", "x", 503},
       .body = kHead + "<Error><Code>SlowDown</Code><Message>x</Message>" + end,
       .status = 503},
  };
  check_errors(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

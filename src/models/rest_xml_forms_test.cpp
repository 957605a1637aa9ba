// REST XML: requests in every form of the model "rest_xml_forms".

#include "models/rest_xml_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::rest_xml_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRestXml;

/// A request to Body with these elements in it.
RequestCase says(std::string what, const std::string& elements, std::string told) {
  return {.what = std::move(what),
          .operation = "Body",
          .line = "POST /body",
          .headers = {{"Content-Type", "application/xml"}},
          .body = "<BodyForms>" + elements + "</BodyForms>",
          .told = std::move(told)};
}
RequestCase sends(std::string what, std::string operation, std::string line, std::string body, std::string told) {
  return {.what = std::move(what),
          .operation = std::move(operation),
          .line = std::move(line),
          .body = std::move(body),
          .told = std::move(told)};
}

TEST(RestXmlForms, BodiesAreRead) {
  const RequestCase cases[] = {
      sends("no body", "Body", "POST /body", "", "{}"),
      says("no elements", "", "{}"),
      sends("an element closed at once", "Body", "POST /body", "<BodyForms/>", "{}"),
      sends("a declaration, comments and white space", "Body", "POST /body",
            "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<!--a--><BodyForms>\n  "
            "<!--b--><text>string</text>\n</BodyForms>\n",
            R"({"text":"string"})"),
      sends("a namespace", "Body", "POST /body",
            R"(<x:BodyForms xmlns:x="http://x.example"><x:text>a</x:text></x:BodyForms>)", R"({"text":"a"})"),
      sends("any name of the outermost element", "Body", "POST /body", "<Else><text>a</text></Else>",
            R"({"text":"a"})"),
      says("scalars",
           "<text>s</text><number>3</number><large>4</large><single>5.5</single><Dribble>6.5</Dribble><flag>true</"
           "flag><bytes>dmFsdWU=</bytes><color>0</color>",
           R"({"text":"s","number":3,"large":4,"single":5.5,"ratio":6.5,"flag":true,"bytes":"value","color":"0"})"),
      says("false", "<flag>false</flag>", R"({"flag":false})"),
      says("escapes", "<text>&lt;string&gt; &amp;lt;&#xD;&#10;&quot;&apos;</text>",
           "{\"text\":\"<string> &lt;\\r\\n\\\"'\"}"),
      says("white space in texts", "<text>string with white    space</text>",
           R"({"text":"string with white    space"})"),
      says("only white space", "<text>  </text>", R"({"text":"  "})"),
      says("raw characters", "<text>a<![CDATA[<b>]]>c<!--d-->e</text>", R"({"text":"a<b>ce"})"),
      says("empty texts", "<text/><bytes></bytes>", R"({"text":"","bytes":""})"),
      says("no number", "<single>NaN</single><Dribble>-Infinity</Dribble>", R"({"single":"NaN","ratio":"-Infinity"})"),
      says(
          "times",
          "<time>2014-04-29T18:30:38Z</time><isoTime>2014-04-29T18:30:38.5Z</isoTime><httpTime>Tue, 29 Apr 2014 "
          "18:30:38 GMT</httpTime><unixTime>1398796238</unixTime><unixTarget>1398796238</unixTarget>"
          "<isoTarget>2019-12-16T22:48:18-01:00</isoTarget>",
          R"({"time":"2014-04-29T18:30:38Z","isoTime":"2014-04-29T18:30:38.500Z","httpTime":"2014-04-29T18:30:38Z","unixTime":"2014-04-29T18:30:38Z","unixTarget":"2014-04-29T18:30:38Z","isoTarget":"2019-12-16T23:48:18Z"})"),
      says(
          "lists",
          "<texts><member>foo</member><member>bar</member></texts><numbers><member>1</member></"
          "numbers><flags><member>true</member><member>false</member></flags>"
          "<times><member>2014-04-29T18:30:38Z</member></times><colors><member>Red</member></"
          "colors><rows><member><member>foo</member></member><member><member>baz</member><member>qux</member></"
          "member></rows>",
          R"({"texts":["foo","bar"],"numbers":[1],"flags":[true,false],"times":["2014-04-29T18:30:38Z"],"colors":["Red"],"rows":[["foo"],["baz","qux"]]})"),
      says("an empty list", "<texts/>", R"({"texts":[]})"),
      says("lists by other names",
           "<pairs><member><left>1</left><r>2</r></member></pairs><items><item>a</item></items><renamed><item>b</"
           "item></renamed>",
           R"({"pairs":[{"left":"1","right":2}],"items":["a"],"newName":["b"]})"),
      says("flattened lists",
           "<flat>hi</flat><custom>yep</custom><flat>bye</flat><custom>nope</custom><flatPairs><left>5</left></"
           "flatPairs><flatPairs><r>6</r></flatPairs>",
           R"({"flat":["hi","bye"],"flatNamed":["yep","nope"],"flatPairs":[{"left":"5"},{"right":6}]})"),
      says(
          "a flattened list with a namespace",
          R"(<flatSpaced xmlns="http://bux.example">a</flatSpaced><flatSpaced xmlns="http://bux.example">b</flatSpaced>)",
          R"({"flatSpaced":["a","b"]})"),
      says(
          "maps",
          "<table><entry><key>foo</key><value>there</value></entry><entry><key>baz</key><value>bye</value></entry></"
          "table><named><entry><key>k</key><value><left>x</left></value></entry></named>"
          "<lists><entry><key>x</key><value><member>y</member></value></entry></lists><colored><entry><key>Red</"
          "key><value>Green</value></entry></colored>",
          R"({"table":{"baz":"bye","foo":"there"},"named":{"k":{"left":"x"}},"lists":{"x":["y"]},"colored":{"Red":"Green"}})"),
      says("an empty map", "<table></table>", R"({"table":{}})"),
      says("maps by other names",
           "<Foo><entry><key>a</key><value>b</value></entry></Foo><keyed><entry><K>foo</K><V>there</V></entry></keyed>",
           R"({"newTable":{"a":"b"},"keyed":{"foo":"there"}})"),
      says("flattened maps",
           "<flatTable><key>foo</key><value>Foo</value></flatTable><flatTable><key>baz</key><value>Baz</value></"
           "flatTable><KVP><K>a</K><V>A</V></KVP><KVP><K>b</K><V>B</V></KVP>",
           R"({"flatTable":{"baz":"Baz","foo":"Foo"},"flatKeyed":{"a":"A","b":"B"}})"),
      says("maps of maps",
           "<deep><entry><yek>foo</yek><eulav><entry><K>bar</K><V>baz</V></entry></eulav></entry></"
           "deep><flatDeep><yek>bar</yek><eulav><entry><K>foo</K><V>baz</V></entry></eulav></flatDeep>",
           R"({"deep":{"foo":{"bar":"baz"}},"flatDeep":{"bar":{"foo":"baz"}}})"),
      says("structures", "<pair><left>a</left><r>1</r></pair><nothing/>",
           R"({"pair":{"left":"a","right":1},"nothing":{}})"),
      says(
          "a structure within its own kind",
          "<tree><name>0</name><child><name>1</name><child><name>2</name></child></child><children><member><name>3</"
          "name></member></children><byName><entry><key>k</key><value><name>4</name></value></entry></byName></tree>",
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"}],"byName":{"k":{"name":"4"}}}})"),
      says("a union's text", "<choice><text>a</text></choice>", R"({"choice":{"text":"a"}})"),
      says("a union's truth", "<choice><flag>false</flag></choice>", R"({"choice":{"flag":false}})"),
      says("a union's time", "<choice><time>2014-04-29T18:30:38Z</time></choice>",
           R"({"choice":{"time":"2014-04-29T18:30:38Z"}})"),
      says("a union's list", "<choice><texts><member>a</member></texts></choice>", R"({"choice":{"texts":["a"]}})"),
      says("a union's structure", "<choice><pair><left>a</left></pair></choice>",
           R"({"choice":{"pair":{"left":"a"}}})"),
      sends("an attribute", "Attributes", "PUT /attributes",
            R"(<AttributeForms test="test"><foo>hi</foo></AttributeForms>)", R"({"foo":"hi","attr":"test"})"),
      sends("escapes in an attribute", "Attributes", "PUT /attributes",
            R"(<AttributeForms test="&lt;test&amp;mock&gt;"><foo>hi</foo></AttributeForms>)",
            R"({"foo":"hi","attr":"<test&mock>"})"),
      sends("an attribute of the body's member", "PayloadAttributes", "PUT /payload-attributes",
            R"(<AttributeForms test="test"><foo>hi</foo></AttributeForms>)",
            R"({"payload":{"foo":"hi","attr":"test"}})"),
      sends("a prefix in a name", "Names", "POST /names",
            R"(<NameForms xmlns:xsi="https://example.com"><xsi:some>name</xsi:some><plain>t</plain></NameForms>)",
            R"({"renamed":"name","text":"t"})"),
      sends(
          "namespaces", "Spaced", "POST /spaced",
          R"(<SpacedForms xmlns="http://foo.example"><nested><text xmlns:baz="http://baz.example">Foo</text><texts xmlns="http://qux.example"><member xmlns="http://bux.example">Bar</member></texts></nested></SpacedForms>)",
          R"({"nested":{"text":"Foo","texts":["Bar"]}})"),
      {.what = "bytes as the body",
       .operation = "PayloadBlob",
       .line = "POST /payload-blob",
       .headers = {{"X-Foo", "Foo"}},
       .body = "blobby blob blob",
       .told = R"({"foo":"Foo","payload":"blobby blob blob"})"},
      headers("no bytes as the body", {{"X-Foo", "Foo"}}, R"({"foo":"Foo"})", "PayloadBlob", "POST /payload-blob"),
      sends("a text as the body", "PayloadText", "POST /payload-text", "raw <text>", R"({"payload":"raw <text>"})"),
      sends("an enum's value as the body", "PayloadColor", "POST /payload-color", "Red", R"({"payload":"Red"})"),
      sends("a structure as the body", "PayloadPair", "PUT /payload-pair", "<Pair><left>hello</left><r>1</r></Pair>",
            R"({"payload":{"left":"hello","right":1}})"),
      sends("no structure as the body", "PayloadPair", "PUT /payload-pair", "", "{}"),
      sends("a union as the body", "PayloadChoice", "PUT /payload-choice", "<Choice><text>hello</text></Choice>",
            R"({"payload":{"text":"hello"}})"),
      sends("a body by another name", "PayloadNamed", "PUT /payload-named", "<Hello><left>a</left></Hello>",
            R"({"payload":{"left":"a"}})"),
      sends("a body with a namespace", "PayloadSpaced", "PUT /payload-spaced",
            R"(<InSpace xmlns="http://foo.example"><name>a</name></InSpace>)", R"({"payload":{"name":"a"}})"),
      sends("a body with a namespace's prefix", "PayloadPrefixed", "PUT /payload-prefixed",
            R"(<Prefixed xmlns:baz="http://foo.example"><name>a</name></Prefixed>)", R"({"payload":{"name":"a"}})"),
      sends("no input", "Rest", "POST /rest", "", "{}"),
      {.what = "members of all places",
       .operation = "Mixed",
       .line = "POST /mixed/l?q=1",
       .headers = {{"X-Header", "h"}},
       .body = "<MixedForms><body>b</body><pair><r>1</r></pair></MixedForms>",
       .told = R"({"label":"l","query":1,"header":"h","body":"b","pair":{"right":1}})"},
  };
  check_requests(kKind, service, cases);
}

TEST(RestXmlForms, PlacesAreRead) {
  const RequestCase cases[] = {
      headers("texts", {{"X-Text", "Hello"}, {"X-Texts", R"(a, "b,c", "\"d\"")"}},
              R"({"text":"Hello","texts":["a","b,c","\"d\""]})"),
      headers("a list in two headers", {{"X-Texts", "a"}, {"X-Texts", "b"}}, R"({"texts":["a","b"]})"),
      headers(
          "numbers",
          {{"X-Number", "123"}, {"X-Large", "-123"}, {"X-Single", "1.1"}, {"X-Ratio", "NaN"}, {"X-Numbers", "1, 2, 3"}},
          R"({"number":123,"large":-123,"single":1.1,"ratio":"NaN","numbers":[1,2,3]})"),
      headers("truths", {{"X-Yes", "true"}, {"X-No", "false"}, {"X-Flags", "true, false"}},
              R"({"yes":true,"no":false,"flags":[true,false]})"),
      headers("times", {{"X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:19 GMT"}},
              R"({"times":["2019-12-16T23:48:18Z","2019-12-16T23:48:19Z"]})"),
      headers("enums", {{"X-Color", "Red"}, {"X-Colors", "Red, 0"}}, R"({"color":"Red","colors":["Red","0"]})"),
      headers("empty ones", {{"X-Text", ""}, {"X-Number", ""}}, "{}"),
      headers(
          "the formats of times",
          {{"X-Unix", "1576540098"},
           {"X-Http", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Iso", "2019-12-16T23:48:18Z"},
           {"X-Plain", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Unix-Target", "1576540098"},
           {"X-Http-Target", "Mon, 16 Dec 2019 23:48:18 GMT"},
           {"X-Iso-Target", "2019-12-16T23:48:18Z"}},
          R"({"unixTime":"2019-12-16T23:48:18Z","httpTime":"2019-12-16T23:48:18Z","isoTime":"2019-12-16T23:48:18Z","plainTime":"2019-12-16T23:48:18Z","unixTarget":"2019-12-16T23:48:18Z","httpTarget":"2019-12-16T23:48:18Z","isoTarget":"2019-12-16T23:48:18Z"})",
          "HeaderTimes", "POST /header-times"),
      headers("JSON in base64", {{"X-Json", "dHJ1ZQ=="}}, R"({"json":"true"})", "JsonHeader", "GET /json-header"),
      headers("headers that begin alike, whose names are in lower case",
              {{"X-Foo", "Foo"}, {"X-Foo-Abc", "Abc value"}, {"x-foo-def", "Def value"}},
              R"({"foo":"Foo","rest":{"abc":"Abc value","def":"Def value"}})", "PrefixHeaders", "GET /prefix-headers"),
      headers("all headers", {{"x-a", "1"}, {"hello", "there"}},
              R"({"all":{"hello":"there","x-a":"1"},"named":"there"})", "AllHeaders", "GET /all-headers"),
      sends(
          "labels", "Labels", "GET /labels/%25%3A%2F%3F%23/1/2/4.1/-Infinity/true/2019-12-16T23%3A48%3A18Z", "",
          R"({"text":"%:/?#","number":1,"large":2,"single":4.1,"ratio":"-Infinity","flag":true,"time":"2019-12-16T23:48:18Z"})"),
      sends(
          "times in labels", "LabelTimes",
          "GET "
          "/label-times/1576540098/Mon%2C%2016%20Dec%202019%2023%3A48%3A18%20GMT/2019-12-16T23%3A48%3A18Z/"
          "2019-12-16T23%3A48%3A18Z/1576540098",
          "",
          R"({"unixTime":"2019-12-16T23:48:18Z","httpTime":"2019-12-16T23:48:18Z","isoTime":"2019-12-16T23:48:18Z","plainTime":"2019-12-16T23:48:18Z","unixTarget":"2019-12-16T23:48:18Z"})"),
      sends("a label that takes slashes", "Greedy", "GET /greedy/foo/hello/baz/there/guy", "",
            R"({"text":"hello","rest":"there/guy"})"),
      sends(
          "all kinds of parameters", "Query",
          "GET "
          "/query?Text=Hello%20there&Texts=a&Texts=b&Number=3&Numbers=1&Numbers=2&Large=4&Single=1.1&Ratio=NaN&Ratios="
          "1.1&Ratios=2.1&Flag=true&Flags=true&Flags=false&Time=1970-01-01T00%3A00%3A01Z&"
          "Times=1970-01-01T00%3A00%3A01Z&Times=1970-01-01T00%3A00%3A02Z&UnixTime=1576540098&Color=Red&Colors=Red&"
          "Colors=0",
          "",
          R"({"text":"Hello there","texts":["a","b"],"number":3,"numbers":[1,2],"large":4,"single":1.1,"ratio":"NaN","ratios":[1.1,2.1],"flag":true,"flags":[true,false],"time":"1970-01-01T00:00:01Z",)"
          R"("times":["1970-01-01T00:00:01Z","1970-01-01T00:00:02Z"],"unixTime":"2019-12-16T23:48:18Z","color":"Red","colors":["Red","0"]})"),
      sends("an empty text", "Query", "GET /query?Text=", "", R"({"text":""})"),
      sends("escapes in names", "Query", "GET /query?%54ext=a", "", R"({"text":"a"})"),
      sends("all parameters in a map", "QueryTable", "POST /query-table?bar=named&qux=fromMap", "",
            R"({"foo":"named","rest":{"bar":"named","qux":"fromMap"}})"),
      sends("all parameters in a map of lists", "QueryLists", "POST /query-lists?corge=named&baz=bar&baz=qux", "",
            R"({"qux":"named","rest":{"baz":["bar","qux"],"corge":["named"]}})"),
      sends("parameters of the operation itself", "Constant", "GET /constant/hi?foo=bar&hello&baz=bam", "",
            R"({"hello":"hi","baz":"bam"})"),
  };
  check_requests(kKind, service, cases);
}

// Where we take what need not be taken, because S3 does.
TEST(RestXmlForms, WhatIsTakenThatNeedNotBe) {
  const RequestCase cases[] = {
      says("truths as Python writes them", "<flag>True</flag>", R"({"flag":true})"),
      says("a date alone", "<time>2015-01-25</time>", R"({"time":"2015-01-25T00:00:00Z"})"),
      says("times in other formats",
           "<time>Tue, 29 Apr 2014 18:30:38 GMT</time><unixTime>2014-04-29T18:30:38Z</unixTime>",
           R"({"time":"2014-04-29T18:30:38Z","unixTime":"2014-04-29T18:30:38Z"})"),
      sends("empty parameters that are no texts", "Query", "GET /query?Number=&Flag=", "", "{}"),
  };
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

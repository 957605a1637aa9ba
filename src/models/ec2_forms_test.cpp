// EC2's way of AWS Query: every form of the model "ec2_forms".

#include "models/ec2_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::ec2_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kEc2Query;

/// A request to Tell.
RequestCase says(std::string what, std::string parameters, std::string told) {
  return {.what = std::move(what),
          .operation = "Tell",
          .body = "Action=Tell&Version=2026-01-01&" + parameters,
          .told = std::move(told)};
}
RequestCase refuses(std::string what, std::string parameters) {
  return {.what = std::move(what), .operation = "Tell", .body = std::move(parameters), .error = "MalformedInput"};
}

/// An answer of Tell with these elements in it.
AnswerCase tells(std::string what, std::string value, const std::string& elements) {
  return {.what = std::move(what),
          .operation = "Tell",
          .value = std::move(value),
          .body = "<?xml version=\"1.0\"?>\n<TellResponse xmlns=\"https://forms.example/\"><requestId>id</requestId>" +
                  elements + "</TellResponse>\n",
          .headers = {{"Content-Type", "text/xml"}}};
}

TEST(Ec2Forms, RequestsAreRead) {
  const RequestCase cases[] = {
      says("no parameters", "", "{}"),
      says("texts", "Text=val1&Whole=val2", R"({"text":"val1","Whole":"val2"})"),
      says("a name of its own in forms", "A=Hi", R"({"queryNamed":"Hi"})"),
      says("that goes before XML's", "B=Hi&XmlOnly=x", R"({"bothNamed":"Hi"})"),
      says("XML's name, with a capital", "C=Hi", R"({"xmlNamed":"Hi"})"),
      says("names without their capitals are others", "text=a&c=b", "{}"),
      says("scalars", "Number=10&Large=4&Single=1.5&Dribble=10.8&Flag=true&Bytes=dmFsdWU%3D&Color=Red",
           R"({"number":10,"large":4,"single":1.5,"ratio":10.8,"flag":true,"bytes":"value","color":"Red"})"),
      says("false", "Flag=false", R"({"flag":false})"),
      says(
          "times",
          "Time=2015-01-25T08%3A00%3A00Z&UnixTime=1422172800&HttpTime=Sun%2C+25+Jan+2015+08%3A00%3A00+GMT&UnixTarget="
          "1422172800",
          R"({"time":"2015-01-25T08:00:00Z","unixTime":"2015-01-25T08:00:00Z","httpTime":"2015-01-25T08:00:00Z","unixTarget":"2015-01-25T08:00:00Z"})"),
      says(
          "lists, which are flat",
          "Texts.1=foo&Texts.2=bar&Numbers.1=1&Flags.1=true&Flags.2=false&Times.1=2014-04-29T18%3A30%3A38Z&Colors.1=0",
          R"({"texts":["foo","bar"],"numbers":[1],"flags":[true,false],"times":["2014-04-29T18:30:38Z"],"colors":["0"]})"),
      says("an empty list", "Texts=", R"({"texts":[]})"),
      says("a list whose elements have a name", "Items.1=A&Items.2=B", R"({"items":["A","B"]})"),
      says("a list by another name", "Hi.1=A&Hi.2=B", R"({"newName":["A","B"]})"),
      says("a flattened list", "Flat.1=A&Custom.1=B", R"({"flat":["A"],"flatNamed":["B"]})"),
      says("a list of structures", "PairSet.1.Left=hello&PairSet.2.R=2", R"({"pairs":[{"left":"hello"},{"right":2}]})"),
      says("a list of lists", "Rows.1.1=a&Rows.1.2=b&Rows.2.1=c", R"({"rows":[["a","b"],["c"]]})"),
      says("a structure", "Pair.Left=foo&Pair.R=2", R"({"pair":{"left":"foo","right":2}})"),
      says("a structure with a list", "Holder.Texts.1=A&Holder.Texts.2=B", R"({"holder":{"texts":["A","B"]}})"),
      says("a structure within its own kind", "Tree.Name=foo&Tree.Flag=true&Tree.Child.Name=baz",
           R"({"tree":{"name":"foo","flag":true,"child":{"name":"baz"}}})"),
      {.what = "no input", .operation = "Rest", .body = "Action=Rest&Version=2026-01-01", .told = "{}"},
  };
  check_requests(kKind, service, cases);
}

TEST(Ec2Forms, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing",
       .operation = "Rest",
       .value = "{}",
       .body = "<?xml version=\"1.0\"?>\n<RestResponse "
               "xmlns=\"https://forms.example/\"><requestId>id</requestId></RestResponse>\n"},
      tells(
          "scalars",
          R"({"text":"s","Whole":"","queryNamed":"a","xmlOnly":"b","c":"d","number":3,"large":4,"single":5.5,"dribble":6.5,"flag":false,"bytes":"dmFsdWU=","color":"0"})",
          "<text>s</text><Whole></Whole><queryNamed>a</queryNamed><xmlOnly>b</xmlOnly><c>d</c><number>3</"
          "number><large>4</large><single>5.5</single>"
          "<dribble>6.5</dribble><flag>false</flag><bytes>dmFsdWU=</bytes><color>0</color>"),
      tells("times", R"({"time":1398796238,"unixTime":1398796238,"httpTime":1398796238,"unixTarget":1398796238})",
            "<time>2014-04-29T18:30:38Z</time><unixTime>1398796238</unixTime><httpTime>Tue, 29 Apr 2014 18:30:38 "
            "GMT</httpTime><unixTarget>1398796238</unixTarget>"),
      tells("a time's fraction", R"({"time":946845296.123})", "<time>2000-01-02T20:34:56.123Z</time>"),
      tells(
          "lists",
          R"({"texts":["foo","bar"],"numbers":[1],"flags":[true,false],"times":[1398796238],"colors":["Red"],"rows":[["foo"],["baz"]],"items":["a"],"hi":["b"],"pairSet":[{"left":"1","r":2}]})",
          "<texts><member>foo</member><member>bar</member></texts><numbers><member>1</member></"
          "numbers><flags><member>true</member><member>false</member></flags>"
          "<times><member>2014-04-29T18:30:38Z</member></times><colors><member>Red</member></"
          "colors><rows><member><member>foo</member></member><member><member>baz</member></member></rows>"
          "<items><item>a</item></items><hi><item>b</item></hi><pairSet><item><left>1</left><r>2</r></item></pairSet>"),
      tells("flattened lists", R"({"flat":["hi","bye"],"custom":["yep","nope"]})",
            "<flat>hi</flat><flat>bye</flat><custom>yep</custom><custom>nope</custom>"),
      tells("a structure within its own kind",
            R"({"tree":{"name":"Foo1","child":{"flag":true,"child":{"name":"Foo2"}}}})",
            "<tree><name>Foo1</name><child><flag>true</flag><child><name>Foo2</name></child></child></tree>"),
      tells("namespaces", R"({"spaced":{"text":"Foo","texts":["Bar"]}})",
            "<spaced><text xmlns:baz=\"http://baz.example\">Foo</text><texts xmlns=\"http://qux.example\"><item "
            "xmlns=\"http://bux.example\">Bar</item></texts></spaced>"),
  };
  check_answers(kKind, service, cases);
}

TEST(Ec2Forms, ErrorsAreWritten) {
  Error counted{"Counted", "m", 0};
  counted.details = std::make_shared<const ErrorDetails>(ErrorDetails{{{"Reason", "r"}, {"Count", "3"}}, {}});
  const ErrorCase cases[] = {
      {.what = "a message",
       .error = {"Refused", "Hi"},
       .body = "<?xml "
               "version=\"1.0\"?>\n<Response><Errors><Error><Code>Refused</Code><Message>Hi</Message></Error></"
               "Errors><RequestID>id</RequestID></Response>\n",
       .headers = {{"Content-Type", "text/xml"}}},
      {.what = "members",
       .error = counted,
       .body = "<?xml "
               "version=\"1.0\"?>\n<Response><Errors><Error><Code>Counted</Code><Message>m</Message><Reason>r</"
               "Reason><Count>3</Count></Error></Errors>"
               "<RequestID>id</RequestID></Response>\n",
       .status = 429},
  };
  check_errors(kKind, service, cases);
}

TEST(Ec2Forms, MalformedRequestsAreRefused) {
  std::string deep = "Tree";
  for (int i = 0; i < 100'000; ++i) deep += ".Child";
  const RequestCase cases[] = {
      refuses("no integer", "Number=1.5"),         refuses("an integer too large", "Number=2147483648"),
      refuses("no number", "Dribble=x"),           refuses("no truth", "Flag=yes"),
      refuses("bad bytes", "Bytes=xyz"),           refuses("no time", "Time=1422172800"),
      refuses("no time in seconds", "UnixTime=x"), refuses("no integer in a list", "Numbers.1=x"),
      refuses("nested too deep", deep + ".Name=a")};
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

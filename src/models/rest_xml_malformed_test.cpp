// REST XML: requests that are refused.

#include <gtest/gtest.h>

#include "models/rest_xml_forms.h"
#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

const Service& service = models::rest_xml_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRestXml;

RequestCase refuses(std::string what, const std::string& elements) {
  return {.what = std::move(what),
          .operation = "Body",
          .line = "POST /body",
          .body = "<BodyForms>" + elements + "</BodyForms>",
          .error = "MalformedXML"};
}
RequestCase invalid(std::string what, std::string operation, std::string line, Headers headers = {}) {
  return {.what = std::move(what),
          .operation = std::move(operation),
          .line = std::move(line),
          .headers = std::move(headers),
          .error = "InvalidArgument"};
}

TEST(RestXmlMalformed, MalformedBodiesAreRefused) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<child>";
  for (int i = 0; i < 100; ++i) deep += "</child>";
  std::vector<RequestCase> cases = {
      refuses("an unknown element", "<else>a</else>"),
      refuses("an element twice", "<text>a</text><text>b</text>"),
      refuses("text between elements", "a<text>b</text>"),
      refuses("an element that is not closed", "<text>a"),
      refuses("elements that cross", "<pair><left>a</pair></left>"),
      refuses("an unknown entity", "<text>&else;</text>"),
      refuses("an ampersand", "<text>a & b</text>"),
      refuses("no character", "<text>&#0;</text>"),
      refuses("an entity that does not end", "<text>&lt</text>"),
      refuses("no UTF-8", "<text>\xff</text>"),
      refuses("no UTF-8 in a map's key", "<table><entry><key>\xff</key><value>a</value></entry></table>"),
      refuses("a map's key that is none of its enum",
              "<colored><entry><key>Blue</key><value>Red</value></entry></colored>"),
      refuses("an unknown entity in an attribute", "<text a=\"&else;\"/>"),
      refuses("an unknown element of a list", "<texts><item>a</item></texts>"),
      refuses("an entry without its key", "<table><entry><value>a</value></entry></table>"),
      refuses("an entry without its value", "<table><entry><key>a</key></entry></table>"),
      refuses("an unknown element of a map", "<table><else/></table>"),
      refuses("an unknown element of an entry", "<table><entry><key>a</key><value>b</value><else/></entry></table>"),
      refuses("another enum", "<color>Blue</color>"),
      refuses("another enum in a list", "<colors><member>Blue</member></colors>"),
      refuses("a union without members", "<choice/>"),
      refuses("a union of two", "<choice><text>a</text><number>1</number></choice>"),
      refuses("a union of what is unknown", "<choice><else>a</else></choice>"),
      refuses("nested too deep", "<tree>" + deep + "</tree>"),
      refuses("nested without end",
              [] {
                std::string open;
                for (int i = 0; i < 50'000; ++i) open += "<tree>";
                return open;
              }()),
      {.what = "no XML", .operation = "Body", .line = "POST /body", .body = "{}", .error = "MalformedXML"},
      {.what = "two documents",
       .operation = "Body",
       .line = "POST /body",
       .body = "<BodyForms/><BodyForms/>",
       .error = "MalformedXML"},
      {.what = "a document type",
       .operation = "Body",
       .line = "POST /body",
       .body = "<!DOCTYPE BodyForms [<!ENTITY a \"b\">]><BodyForms><text>&a;</text></BodyForms>",
       .error = "MalformedXML"},
      {.what = "only a declaration",
       .operation = "Body",
       .line = "POST /body",
       .body = "<?xml version=\"1.0\"?>",
       .error = "MalformedXML"},
  };
  for (const char* name : {"number", "large"}) {
    for (const char* value :
         {"", "x", "1.5", "true", "0x42", "2ABC", "NaN", "123000000000000000000000", "9223372036854775808"})
      cases.push_back(refuses("no whole number", std::string("<") + name + ">" + value + "</" + name + ">"));
  }
  for (const char* value : {"2147483648", "-2147483649"})
    cases.push_back(refuses("no integer", std::string("<number>") + value + "</number>"));
  for (const char* name : {"single", "Dribble"}) {
    for (const char* value : {"", "x", "true", "0x42", "2ABC", "1,5"})
      cases.push_back(refuses("no number", std::string("<") + name + ">" + value + "</" + name + ">"));
  }
  for (const char* value : {"", "yes", "1", "0", "on", "y"})
    cases.push_back(refuses("no truth", std::string("<flag>") + value + "</flag>"));
  for (const char* value : {"xyz", "YmxvYg=", "[][]", "-_=="})
    cases.push_back(refuses("bad bytes", std::string("<bytes>") + value + "</bytes>"));
  for (const char* value : {"", "x", "1515531081", "1996-12-19T16:39:57", "19961219T163957Z", "1996-12-19 16:39:57Z"})
    cases.push_back(refuses("no time", std::string("<time>") + value + "</time>"));
  const std::string whole = "<BodyForms><text>ab</text><texts><member>a</member></texts></BodyForms>";
  for (std::size_t size = 1; size < whole.size(); ++size)
    cases.push_back({.what = "cut short",
                     .operation = "Body",
                     .line = "POST /body",
                     .body = whole.substr(0, size),
                     .error = "MalformedXML"});
  check_requests(kKind, service, cases);
}

TEST(RestXmlMalformed, MalformedPlacesAreRefused) {
  const auto headed = [](std::string_view name, std::string_view value) {
    return invalid(std::string(name) + ": " + std::string(value), "Headers", "POST /headers", {{name, value}});
  };
  std::vector<RequestCase> cases = {
      headed("X-Numbers", "1, x"),
      headed("X-Color", "Blue"),
      headed("X-Colors", "Red, Blue"),
      headed("X-Times", "Mon, 16 Dec 2019 23:48:18 GMT, Mon"),
      invalid("no JSON", "JsonHeader", "GET /json-header", {{"X-Json", "xyz"}}),
      invalid("another enum", "Query", "GET /query?Color=Blue"),
      invalid("no truth", "Query", "GET /query?Flag=yes"),
      invalid("no time", "Query", "GET /query?Time=1515531081"),
      invalid("no number in a list", "Query", "GET /query?Ratios=1&Ratios=x"),
      invalid("a broken escape", "QueryTable", "POST /query-table?a=%zz"),
      invalid("no label", "Labels", "GET /labels/a/x/2/4.1/5.1/true/2019-12-16T23:48:18Z"),
      invalid("no time in a label", "Labels", "GET /labels/a/1/2/4.1/5.1/true/1515531081"),
      {.what = "a member that must be there",
       .operation = "Check",
       .line = "POST /check",
       .body = "<Checked/>",
       .error = "MalformedXML"},
  };
  for (const char* value : {"x", "1.5", "true", "0x42", "2147483648", "123000000000000000000000"}) {
    cases.push_back(headed("X-Number", value));
    cases.push_back(invalid(value, "Query", std::string("GET /query?Number=") + value));
  }
  for (const char* value : {"yes", "1", "on"}) cases.push_back(headed("X-Yes", value));
  for (const char* value : {"x", "1,5", "0x42"}) cases.push_back(headed("X-Ratio", value));
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

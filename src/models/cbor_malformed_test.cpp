// Smithy RPC v2 CBOR: requests that are refused.

#include <gtest/gtest.h>

#include "models/cbor_forms.h"
#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

using namespace std::string_literals;

const Service& service = models::cbor_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRpcV2Cbor;

RequestCase refuses(std::string what, std::string body) {
  return {.what = std::move(what), .operation = "Tell", .body = std::move(body), .error = "SerializationException"};
}
RequestCase breaks(std::string what, std::string body) {
  return {.what = std::move(what), .operation = "Check", .body = std::move(body), .error = "ValidationException"};
}

TEST(CborMalformed, MalformedRequestsAreRefused) {
  std::vector<RequestCase> cases = {
      refuses("a list", "\x80"s),
      refuses("a text", "aa"s),
      refuses("a number", "\x01"s),
      refuses("null", "\xF6"s),
      refuses("a text that is a number",
              "\xA1"
              "dtext\x01"s),
      refuses("a text of bytes",
              "\xA1"
              "dtextAa"s),
      refuses("bytes of text",
              "\xA1"
              "ebytesaa"s),
      refuses("a number that is a text",
              "\xA1"
              "fnumbera1"s),
      refuses("a number that is a truth",
              "\xA1"
              "fnumber\xF5"s),
      refuses("a number with a fraction",
              "\xA1"
              "fnumber\xFB?\xF8\x00\x00\x00\x00\x00\x00"s),
      refuses("a number too large",
              "\xA1"
              "fnumber\x1A\x80\x00\x00\x00"s),
      refuses("a number too small",
              "\xA1"
              "fnumber:\x80\x00\x00\x00"s),
      refuses("a long too large",
              "\xA1"
              "elarge\x1B\x80\x00\x00\x00\x00\x00\x00\x00"s),
      refuses("a long too small",
              "\xA1"
              "elarge;\x80\x00\x00\x00\x00\x00\x00\x00"s),
      refuses("no number for a long",
              "\xA1"
              "elarge\xFB\x7F\xF8\x00\x00\x00\x00\x00\x00"s),
      refuses("infinity for an integer",
              "\xA1"
              "fnumber\xFB\x7F\xF0\x00\x00\x00\x00\x00\x00"s),
      refuses("a double that is a text",
              "\xA1"
              "eratioa1"s),
      refuses("a truth that is a number",
              "\xA1"
              "dflag\x01"s),
      refuses("a truth that is a text",
              "\xA1"
              "dflagdtrue"s),
      refuses("a time that is a text",
              "\xA1"
              "dtime\xC0t2014-04-29T18:30:38Z"s),
      refuses("a time that is no number",
              "\xA1"
              "dtime\xC1\xFB\x7F\xF8\x00\x00\x00\x00\x00\x00"s),
      refuses("a time too far away",
              "\xA1"
              "dtime\xC1\xFB~7\xE4<\x88\x00u\x9C"s),
      refuses("a time in an unknown form",
              "\xA1"
              "dtime\xC1\xF5"s),
      refuses("a list that is a map",
              "\xA1"
              "etexts\xA0"s),
      refuses("a list that is a text",
              "\xA1"
              "etextsaa"s),
      refuses("a map that is a list",
              "\xA1"
              "etable\x80"s),
      refuses("a map's key that is no text",
              "\xA1"
              "etable\xA1\x01"
              "aa"s),
      refuses("a key that is no text", "\xA1\x01\x02"s),
      refuses("a structure that is a list",
              "\xA1"
              "dpair\x80"s),
      refuses("a union without members",
              "\xA1"
              "fchoice\xA0"s),
      refuses("a union of null",
              "\xA1"
              "fchoice\xBF"
              "dtext\xF6\xFF"s),
      refuses("a union of two",
              "\xA1"
              "fchoice\xA2"
              "dtextaafnumber\x01"s),
      refuses("a union of one and what is unknown",
              "\xBF"
              "fchoice\xBF"
              "dtextaagunknown\x01\xFF\xFF"s),
      refuses("a union of what is unknown",
              "\xA1"
              "fchoice\xA1gunknown\x01"s),
      refuses("a union that is a list",
              "\xA1"
              "fchoice\x81"
              "dtext"s),
      refuses("a text that is not UTF-8",
              "\xA1"
              "dtexta\xFF"s),
      refuses("chunks of another kind",
              "\xA1"
              "dtext\x7F"
              "Aa\xFF"s),
      refuses("chunks within chunks",
              "\xA1"
              "dtext\x7F\x7F"
              "aa\xFF\xFF"s),
      refuses("a break too early",
              "\xA1"
              "dtext\xFF"s),
      refuses("an odd map",
              "\xBF"
              "dtext\xFF"s),
      refuses("no break",
              "\xBF"
              "dtextaa"s),
      refuses("more than a map", "\xA0\xA0"s),
      refuses("reserved bits",
              "\xA1"
              "fnumber\x1C"s),
      refuses("a reserved simple value",
              "\xA1"
              "dtext\xF8\x10"s),
      refuses("nested too deep",
              "\xA1"
              "dtree\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "echild\xA1"
              "dnameax"s),
  };
  // {_ "text": "ab", "texts": ["a"]} cut anywhere.
  const std::string whole =
      "\xBF"
      "dtextbabetexts\x81"
      "aa\xFF"s;
  for (std::size_t size = 1; size < whole.size(); ++size) cases.push_back(refuses("cut short", whole.substr(0, size)));
  for (const char* endless : {"\x81", "\x9f", "\xa1\x61x", "\xbf\x61x", "\xc1"}) {
    std::string body = "\xa1\x61x";
    while (body.size() < 100'000) body += endless;
    cases.push_back(refuses("nested without end", body));
  }
  check_requests(kKind, service, cases);
}

TEST(CborMalformed, ConstraintsAreChecked) {
  const RequestCase cases[] = {
      breaks("a member that must be there", "\xA0"s),
      breaks("and is null",
             "\xA1"
             "dmust\xF6"s),
      breaks("a short text",
             "\xA2"
             "dmustameshortaa"s),
      breaks("many bytes",
             "\xA2"
             "dmustamebytesCabc"s),
      breaks("a pattern",
             "\xA2"
             "dmustamdwordaA"s),
      breaks("an enum",
             "\xA2"
             "dmustamecolordBlue"s),
      breaks("a small number",
             "\xA2"
             "dmustamfnumber\x00"s),
      breaks("a large double",
             "\xA2"
             "dmustameratio\xFB?\xF8\x00\x00\x00\x00\x00\x00"s),
      breaks("a long list",
             "\xA2"
             "dmustamcfew\x83"
             "aaabac"s),
      breaks("a map's key",
             "\xA2"
             "dmustametable\xA1"
             "aAcRed"s),
      breaks("a member of a structure",
             "\xA2"
             "dmustameinner\xA0"s),
  };
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

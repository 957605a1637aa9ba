// Smithy RPC v2 CBOR: requests in every form of the model "cbor_forms".

#include "models/cbor_forms.h"

#include <gtest/gtest.h>

#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

using namespace std::string_literals;

const Service& service = models::cbor_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRpcV2Cbor;

/// A request to Tell.
RequestCase says(std::string what, std::string body, std::string told) {
  return {.what = std::move(what), .operation = "Tell", .body = std::move(body), .told = std::move(told)};
}

TEST(CborForms, RequestsAreRead) {
  const RequestCase cases[] = {
      says("no body", "", "{}"),
      says("an empty map", "\xBF\xFF"s, R"({})"),
      says("an empty map with its length", "\xA0"s, R"({})"),
      says(
          "scalars",
          "\xBF"
          "dtextfsimplefnumber\x19\x01\x00"
          "elarge\x19&\x91"
          "fsingle\xFA@\xF4\x00\x00"
          "eratio\xFB?\xFE"
          "9X\x10"
          "bM\xD3"
          "dflag\xF4"
          "ebytesCfooecolorcRed\xFF"s,
          R"({"text":"simple","number":256,"large":9873,"single":7.625,"ratio":1.889,"flag":false,"bytes":"foo","color":"Red"})"),
      says(
          "scalars with a length",
          "\xA8"
          "dtextfsimplefnumber\x19\x01\x00"
          "elarge\x19&\x91"
          "fsingle\xFA@\xF4\x00\x00"
          "eratio\xFB?\xFE"
          "9X\x10"
          "bM\xD3"
          "dflag\xF4"
          "ebytesCfooecolorcRed"s,
          R"({"text":"simple","number":256,"large":9873,"single":7.625,"ratio":1.889,"flag":false,"bytes":"foo","color":"Red"})"),
      says("keys, texts and bytes in chunks",
           "\xA2\x7F"
           "btebxt\xFF\x7FuAn example of chunks,q cut at the comma\xFF"
           "ebytes_TAn example of bytes,H cut too\xFF"s,
           R"({"text":"An example of chunks, cut at the comma","bytes":"An example of bytes, cut too"})"),
      says("a renamed member",
           "\xA1"
           "eotheraa"s,
           R"({"renamed":"a"})"),
      says("no number",
           "\xBF"
           "fsingle\xFA\x7F\xC0\x00\x00"
           "eratio\xFB\x7F\xF8\x00\x00\x00\x00\x00\x00\xFF"s,
           R"({"single":"NaN","ratio":"NaN"})"),
      says("infinity",
           "\xBF"
           "fsingle\xFA\x7F\x80\x00\x00"
           "eratio\xFB\x7F\xF0\x00\x00\x00\x00\x00\x00\xFF"s,
           R"({"single":"Infinity","ratio":"Infinity"})"),
      says("minus infinity",
           "\xBF"
           "fsingle\xFA\xFF\x80\x00\x00"
           "eratio\xFB\xFF\xF0\x00\x00\x00\x00\x00\x00\xFF"s,
           R"({"single":"-Infinity","ratio":"-Infinity"})"),
      says("smaller forms of numbers",
           "\xBF"
           "eratio\xF9>\x00"
           "fsingle\xF9G\xA0"
           "fnumber\x18"
           "8elarge\x19\x01\x00\xFF"s,
           R"({"number":56,"large":256,"single":7.625,"ratio":1.5})"),
      says("larger forms of numbers",
           "\xA2"
           "fnumber\x1B\x00\x00\x00\x00\x00\x00\x00"
           "8elarge\x1A\x00\x00\x01\x00"s,
           R"({"number":56,"large":256})"),
      says("the ends of integers",
           "\xA2"
           "fnumber:\x7F\xFF\xFF\xFF"
           "elarge;\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s,
           R"({"number":-2147483648,"large":-9223372036854775808})"),
      says("the largest long",
           "\xA1"
           "elarge\x1B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s,
           R"({"large":9223372036854775807})"),
      says("halves below one",
           "\xA1"
           "eratio\xF9\x00\x01"s,
           R"({"ratio":5.960464477539063E-8})"),
      says("whole numbers for doubles",
           "\xA2"
           "fsingle\x05"
           "eratio "s,
           R"({"single":5.0,"ratio":-1.0})"),
      says("what is in tags",
           "\xA2"
           "dtext\xD8"
           "caafnumber\xC6\x0C"s,
           R"({"text":"a","number":12})"),
      says("times",
           "\xBF"
           "dtime\xC1\xFB"
           "A\xD4\xD7\xFB\xF3\x80\x00\x00gisoTime\xC1\x1AS_\xEF\xCEhhttpTime\xC1\xFA?\x80\x00\x00\xFF"s,
           R"({"time":"2014-04-29T18:30:38Z","isoTime":"2014-04-29T18:30:38Z","httpTime":"1970-01-01T00:00:01Z"})"),
      says("a time's fraction",
           "\xA1"
           "dtime\xC1\xFB"
           "A\xCC"
           "7\xDB"
           "8\x0F\xBEw"s,
           R"({"time":"2000-01-02T20:34:56.123Z"})"),
      says("a time before 1970",
           "\xA1"
           "dtime\xC1 "s,
           R"({"time":"1969-12-31T23:59:59Z"})"),
      says(
          "lists",
          "\xA8"
          "etexts\x82"
          "cfoocbargnumbers\x82\x01\x02"
          "eflags\x82\xF5\xF4"
          "etimes\x81\xC1\xFB"
          "A\xD4\xD7\xFB\xF3\x80\x00\x00"
          "fcolors\x82"
          "cReda0eblobs\x82"
          "CfooCbardrows\x82\x82"
          "cfoocbar\x81"
          "cbazepairs\x82\xA2"
          "dlefta1ar\x02\xA0"s,
          R"({"texts":["foo","bar"],"numbers":[1,2],"flags":[true,false],"times":["2014-04-29T18:30:38Z"],"colors":["Red","0"],"blobs":["foo","bar"],"rows":[["foo","bar"],["baz"]],"pairs":[{"left":"1","right":2},{}]})"),
      says(
          "lists to their breaks",
          "\xBF"
          "etexts\x9F"
          "cfoocbar\xFFgnumbers\x9F\x01\x02\xFF"
          "eflags\x9F\xF5\xF4\xFF"
          "etimes\x9F\xC1\xFB"
          "A\xD4\xD7\xFB\xF3\x80\x00\x00\xFF"
          "fcolors\x9F"
          "cReda0\xFF"
          "eblobs\x9F"
          "CfooCbar\xFF"
          "drows\x9F\x9F"
          "cfoocbar\xFF\x9F"
          "cbaz\xFF\xFF"
          "epairs\x9F\xBF"
          "dlefta1ar\x02\xFF\xBF\xFF\xFF\xFF"s,
          R"({"texts":["foo","bar"],"numbers":[1,2],"flags":[true,false],"times":["2014-04-29T18:30:38Z"],"colors":["Red","0"],"blobs":["foo","bar"],"rows":[["foo","bar"],["baz"]],"pairs":[{"left":"1","right":2},{}]})"),
      says("an empty list",
           "\xBF"
           "etexts\x9F\xFF\xFF"s,
           R"({"texts":[]})"),
      says("an empty list with its length",
           "\xA1"
           "etexts\x80"s,
           R"({"texts":[]})"),
      says("chunks within lists",
           "\xBF"
           "etexts\x9F\x7F"
           "ba,b b\xFF\x7F"
           "ac\xFF"
           "ad\xFF\xFF"s,
           R"({"texts":["a, b","c","d"]})"),
      says("chunks within a list with its length",
           "\xA1"
           "etexts\x83\x7F"
           "ba,b b\xFF\x7F"
           "ac\xFF"
           "ad"s,
           R"({"texts":["a, b","c","d"]})"),
      says(
          "maps",
          "\xA6"
          "etable\xA1"
          "aaabfcounts\xA1"
          "ax\x00gflagged\xA1"
          "ax\xF4"
          "elists\xA2"
          "ax\x80"
          "ay\x82"
          "aaabenamed\xA2"
          "cfoo\xA1"
          "dleftetheredtail\xA0"
          "fnested\xA1"
          "an\xA1"
          "aaab"s,
          R"({"table":{"a":"b"},"counts":{"x":0},"flagged":{"x":false},"lists":{"x":[],"y":["a","b"]},"named":{"foo":{"left":"there"},"tail":{}},"nested":{"n":{"a":"b"}}})"),
      says(
          "maps to their breaks",
          "\xBF"
          "etable\xBF"
          "aaab\xFF"
          "fcounts\xBF"
          "ax\x00\xFFgflagged\xBF"
          "ax\xF4\xFF"
          "elists\xBF"
          "ax\x9F\xFF"
          "ay\x9F"
          "aaab\xFF\xFF"
          "enamed\xBF"
          "cfoo\xBF"
          "dleftethere\xFF"
          "dtail\xBF\xFF\xFF"
          "fnested\xBF"
          "an\xBF"
          "aaab\xFF\xFF\xFF"s,
          R"({"table":{"a":"b"},"counts":{"x":0},"flagged":{"x":false},"lists":{"x":[],"y":["a","b"]},"named":{"foo":{"left":"there"},"tail":{}},"nested":{"n":{"a":"b"}}})"),
      says("structures",
           "\xA2"
           "dpair\xA2"
           "dleftaaar\x02gnothing\xA0"s,
           R"({"pair":{"left":"a","right":2},"nothing":{}})"),
      says(
          "a structure within its own kind",
          "\xA1"
          "dtree\xA4"
          "dnamea0echild\xA2"
          "dnamea1echild\xA1"
          "dnamea2hchildren\x81\xA1"
          "dnamea3fbyName\xA1"
          "ak\xA1"
          "dnamea4"s,
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"}],"byName":{"k":{"name":"4"}}}})"),
      says(
          "and to its breaks",
          "\xBF"
          "dtree\xBF"
          "dnamea0echild\xBF"
          "dnamea1echild\xBF"
          "dnamea2\xFF\xFFhchildren\x9F\xBF"
          "dnamea3\xFF\xFF"
          "fbyName\xBF"
          "ak\xBF"
          "dnamea4\xFF\xFF\xFF\xFF"s,
          R"({"tree":{"name":"0","child":{"name":"1","child":{"name":"2"}},"children":[{"name":"3"}],"byName":{"k":{"name":"4"}}}})"),
      says("a union's text",
           "\xA1"
           "fchoice\xA1"
           "dtextcfoo"s,
           R"({"choice":{"text":"foo"}})"),
      says("a union's number",
           "\xA1"
           "fchoice\xA1"
           "fnumber\x01"s,
           R"({"choice":{"number":1}})"),
      says("a union's flag",
           "\xA1"
           "fchoice\xA1"
           "dflag\xF5"s,
           R"({"choice":{"flag":true}})"),
      says("a union's bytes",
           "\xA1"
           "fchoice\xA1"
           "ebytesCfoo"s,
           R"({"choice":{"bytes":"foo"}})"),
      says("a union's time",
           "\xA1"
           "fchoice\xA1"
           "dtime\xC1\x1AS_\xEF\xCE"s,
           R"({"choice":{"time":"2014-04-29T18:30:38Z"}})"),
      says("a union's color",
           "\xA1"
           "fchoice\xA1"
           "ecolorcRed"s,
           R"({"choice":{"color":"Red"}})"),
      says("a union's texts",
           "\xA1"
           "fchoice\xA1"
           "etexts\x81"
           "aa"s,
           R"({"choice":{"texts":["a"]}})"),
      says("a union's table",
           "\xA1"
           "fchoice\xA1"
           "etable\xA1"
           "aaab"s,
           R"({"choice":{"table":{"a":"b"}}})"),
      says("a union's pair",
           "\xA1"
           "fchoice\xA1"
           "dpair\xA1"
           "dleftaa"s,
           R"({"choice":{"pair":{"left":"a"}}})"),
      says("null members",
           "\xBF"
           "dtext\xF6"
           "etexts\xF6"
           "etable\xF6"
           "dpair\xF6"
           "fchoice\xF6"
           "fnumber\xF7\xFF"s,
           R"({})"),
      says("unknown members",
           "\xBF"
           "dtextaaeextra\xBF"
           "dlist\x9F\x01\x02\x03\xFF\xFFhdefinite\xA3"
           "dlist\x83\x01\x02\x03"
           "fchunks\x7Fnthat has, beenh chunked\xFF"
           "fnumber\x19'\x0F"
           "dflag\xF5kother fieldgskipped\xFF"s,
           R"({"text":"a","flag":true})"),
      says("a page's empty token", "\xA2iNextToken`dtextaa"s, R"({"text":"a"})"),
      {.what = "no input", .operation = "Rest", .told = "{}"},
      {.what = "no input, but a map", .operation = "Rest", .body = "\xBF\xFF"s, .told = "{}"},
  };
  check_requests(kKind, service, cases);
}

// Where we take what Smithy's servers may refuse.
TEST(CborForms, WhatIsTakenThatNeedNotBe) {
  const RequestCase cases[] = {
      says("nulls in lists and maps are passed over",
           "\xBF"
           "etexts\x9F"
           "aa\xF6\xFF"
           "etable\xBF"
           "aa\xF6"
           "abac\xFF\xFF"s,
           R"({"texts":["a"],"table":{"b":"c"}})"),
      says("whole numbers told as floats",
           "\xA2"
           "fnumber\xFB@(\x00\x00\x00\x00\x00\x00"
           "elarge\xF9"
           "B\x00"s,
           R"({"number":12,"large":3})"),
      says("numbers of any length",
           "\xA1"
           "fnumber\xC2"
           "B\x00*"s,
           R"({"number":42})"),
      says("times without their tag",
           "\xA1"
           "dtime\x1AS_\xEF\xCE"s,
           R"({"time":"2014-04-29T18:30:38Z"})"),
      says("the last of two",
           "\xA2"
           "dtextaadtextab"s,
           R"({"text":"b"})"),
  };
  check_requests(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

// Smithy RPC v2 CBOR: answers in every form of the model "cbor_forms".

#include <gtest/gtest.h>

#include "models/cbor_forms.h"
#include "models/wire_case.h"

namespace signalbox::wire {
namespace {

using namespace std::string_literals;

const Service& service = models::cbor_forms::kService;
constexpr ProtocolKind kKind = ProtocolKind::kRpcV2Cbor;

TEST(CborAnswers, AnswersAreWritten) {
  const AnswerCase cases[] = {
      {.what = "nothing",
       .operation = "Rest",
       .value = "{}",
       .headers = {{"smithy-protocol", "rpc-v2-cbor"}},
       .absent = {"Content-Type"}},
      {.what = "no members",
       .operation = "Tell",
       .value = "{}",
       .body = "\xBF\xFF"s,
       .headers = {{"smithy-protocol", "rpc-v2-cbor"}, {"Content-Type", "application/cbor"}}},
      {.what = "an output without members", .operation = "Check", .value = R"({})", .body = "\xBF\xFF"s},
      {.what = "scalars",
       .operation = "Tell",
       .value =
           R"({"text":"simple","other":"r","number":-256,"large":1234567890123,"single":7.625,"ratio":1.889,"flag":true,"bytes":"Zm9v","color":"Red"})",
       .body = "\xBF"
               "dtextfsimpleeotherarfnumber8\xFF"
               "elarge\x1B\x00\x00\x01\x1Fq\xFB\x04\xCB"
               "fsingle\xFB@\x1E\x80\x00\x00\x00\x00\x00"
               "eratio\xFB?\xFE"
               "9X\x10"
               "bM\xD3"
               "dflag\xF5"
               "ebytesCfooecolorcRed\xFF"s},
      {.what = "what is no number",
       .operation = "Tell",
       .value = R"({"single":"NaN","ratio":"-Infinity"})",
       .body = "\xBF"
               "fsingle\xFB\x7F\xF8\x00\x00\x00\x00\x00\x00"
               "eratio\xFB\xFF\xF0\x00\x00\x00\x00\x00\x00\xFF"s},
      {.what = "times",
       .operation = "Tell",
       .value = R"({"time":1398796238,"isoTime":946845296.123})",
       .body = "\xBF"
               "dtime\xC1\xFB"
               "A\xD4\xD7\xFB\xF3\x80\x00\x00gisoTime\xC1\xFB"
               "A\xCC"
               "7\xDB"
               "8\x0F\xBEw\xFF"s},
      {.what = "lists",
       .operation = "Tell",
       .value =
           R"({"texts":["foo","bar"],"numbers":[1,2],"flags":[true,false],"times":[1398796238],"colors":["Red"],"blobs":["Zm9v"],"rows":[["foo"],[]],"pairs":[{"left":"1","r":2}]})",
       .body = "\xBF"
               "etexts\x9F"
               "cfoocbar\xFFgnumbers\x9F\x01\x02\xFF"
               "eflags\x9F\xF5\xF4\xFF"
               "etimes\x9F\xC1\xFB"
               "A\xD4\xD7\xFB\xF3\x80\x00\x00\xFF"
               "fcolors\x9F"
               "cRed\xFF"
               "eblobs\x9F"
               "Cfoo\xFF"
               "drows\x9F\x9F"
               "cfoo\xFF\x9F\xFF\xFF"
               "epairs\x9F\xBF"
               "dlefta1ar\x02\xFF\xFF\xFF"s},
      {.what = "an empty list",
       .operation = "Tell",
       .value = R"({"texts":[]})",
       .body = "\xBF"
               "etexts\x9F\xFF\xFF"s},
      {.what = "maps",
       .operation = "Tell",
       .value =
           R"({"table":{"a":"b"},"counts":{"x":0},"flagged":{"x":false},"lists":{"x":[]},"named":{"k":{}},"nested":{"n":{}}})",
       .body = "\xBF"
               "etable\xBF"
               "aaab\xFF"
               "fcounts\xBF"
               "ax\x00\xFFgflagged\xBF"
               "ax\xF4\xFF"
               "elists\xBF"
               "ax\x9F\xFF\xFF"
               "enamed\xBF"
               "ak\xBF\xFF\xFF"
               "fnested\xBF"
               "an\xBF\xFF\xFF\xFF"s},
      {.what = "structures",
       .operation = "Tell",
       .value = R"({"pair":{"left":"a"},"nothing":{},"choice":{"text":"foo"}})",
       .body = "\xBF"
               "dpair\xBF"
               "dleftaa\xFFgnothing\xBF\xFF"
               "fchoice\xBF"
               "dtextcfoo\xFF\xFF"s},
      {.what = "a structure within its own kind",
       .operation = "Tell",
       .value = R"({"tree":{"name":"0","child":{"name":"1"},"children":[{"name":"2"}],"byName":{"k":{"name":"3"}}}})",
       .body = "\xBF"
               "dtree\xBF"
               "dnamea0echild\xBF"
               "dnamea1\xFFhchildren\x9F\xBF"
               "dnamea2\xFF\xFF"
               "fbyName\xBF"
               "ak\xBF"
               "dnamea3\xFF\xFF\xFF\xFF"s},
  };
  check_answers(kKind, service, cases);
}

TEST(CborAnswers, ErrorsAreWritten) {
  Error counted{"Counted", "m", 0};
  counted.details =
      std::make_shared<const ErrorDetails>(ErrorDetails{{{"Reason", "r"}, {"Count", "3"}, {"Again", "true"}}, {}});
  const ErrorCase cases[] = {
      {.what = "a message",
       .error = {"Refused", "Hi"},
       .body = "\xA2"
               "f__typegRefusedgmessagebHi"s,
       .headers = {{"smithy-protocol", "rpc-v2-cbor"},
                   {"Content-Type", "application/cbor"},
                   {"x-amzn-query-error", "Refused;Sender"}}},
      {.what = "no message",
       .error = {"Refused", ""},
       .body = "\xA1"
               "f__typegRefused"s},
      {.what = "members",
       .error = counted,
       .body = "\xA5"
               "f__typegCountedgMessageamfReasonareCount\x03"
               "eAgain\xF5"s,
       .status = 429,
       .headers = {{"x-amzn-query-error", "Forms.Counted;Sender"}}},
      {.what = "a fault",
       .error = {"Broken", "x"},
       .body = "\xA2"
               "f__typefBrokengmessageax"s,
       .status = 500,
       .headers = {{"x-amzn-query-error", "Broken;Receiver"}}},
  };
  check_errors(kKind, service, cases);
}

}  // namespace
}  // namespace signalbox::wire

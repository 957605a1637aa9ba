#include "services/events/target_input.h"

#include <gtest/gtest.h>

namespace signalbox::events {
namespace {

constexpr std::string_view kEvent =
    R"({"version":"0","id":"1","detail-type":"T","source":"s","account":"123456789012","time":"2017-04-28T17:56:40Z",)"
    R"("region":"us-east-1","resources":["r0","r1"],"detail":{"instance":"i-1","state":"RUNNING","count":3,"ok":true,)"
    R"("nothing":null,"map":{"a":"b"},"list":["x",2],"quote":"say \"hi\"\n","items":[{"n":"p"},{"n":"q"}]}})";

using Paths = std::map<std::string, std::string, std::less<>>;
const Paths kPaths = {{"instance", "$.detail.instance"},
                      {"state", "$.detail.state"},
                      {"count", "$.detail.count"},
                      {"ok", "$.detail.ok"},
                      {"nothing", "$.detail.nothing"},
                      {"map", "$.detail.map"},
                      {"list", "$.detail.list"},
                      {"quote", "$.detail.quote"},
                      {"missing", "$.detail.none"},
                      {"names", "$.detail.items[*].n"},
                      {"none-of-many", "$.detail.map[*].z"}};

std::string apply(const TargetInput& input) {
  json::Document document;
  const auto root = document.parse(kEvent);
  return input.apply({kEvent, *root, "2017-04-28T17:57:00Z", "arn:aws:events:us-east-1:123456789012:rule/r", "r"});
}

struct Template {
  const char* text;
  const char* made;
};

TEST(InputTransformer, FillsItsTemplate) {
  const Template cases[] = {
      {R"("instance <instance> is in <state>")", R"("instance i-1 is in RUNNING")"},
      {R"("instance \"<instance>\" is in <state>")", R"("instance \"i-1\" is in RUNNING")"},
      {R"({"instance" : <instance>, "state": <state>})", R"({"instance" : "i-1", "state": "RUNNING"})"},
      {R"({"text":"it is <state>","n":<count>,"b":<ok>,"z":<nothing>})",
       R"({"text":"it is RUNNING","n":3,"b":true,"z":null})"},
      {R"({"m":<map>,"l":[9,<list>]})", R"({"m":{"a":"b"},"l":[9,["x",2]]})"},
      {R"("m=<map> l=<list> n=<count>")", R"("m={a:b} l=[x,2] n=3")"},
      {R"({"q":<quote>})", R"({"q":"say \"hi\"\n"})"},
      {R"("missing: <missing>.")", R"("missing: .")"},
      {R"({"missing":<missing>})", R"({"missing":""})"},
      {R"({"names":<names>,"none":<none-of-many>})", R"({"names":["p","q"],"none":[]})"},
      {R"(<map>)", R"({"a":"b"})"},
      {R"(<instance>)", R"("i-1")"},
      {"\"<instance>\"\n\"<state>\"", "\"i-1\"\n\"RUNNING\""},
      {R"({"arn":<aws.events.rule-arn>,"rule":"<aws.events.rule-name>","at":<aws.events.event.ingestion-time>})",
       R"({"arn":"arn:aws:events:us-east-1:123456789012:rule/r","rule":"r","at":"2017-04-28T17:57:00Z"})"},
      {R"("1 < 2 and 3 > 2, <not a name>")", R"("1 < 2 and 3 > 2, <not a name>")"},
  };
  for (const Template& c : cases) {
    SCOPED_TRACE(c.text);
    TargetRecord record;
    record.transformer = Transformer{kPaths, c.text};
    const auto input = TargetInput::compile("t1", record);
    ASSERT_TRUE(input) << input.error().message;
    EXPECT_EQ(apply(*input), c.made);
  }
}

TEST(InputTransformer, GivesTheEventWithAndWithoutItsDetail) {
  TargetRecord record;
  record.transformer = Transformer{{}, R"({"head":<aws.events.event>,"all":<aws.events.event.json>})"};
  const auto input = TargetInput::compile("t1", record);
  ASSERT_TRUE(input) << input.error().message;
  std::string head = std::string(kEvent.substr(0, kEvent.find(R"(,"detail":)"))) + "}";
  head.replace(head.find("detail-type"), 11, "detailType");
  EXPECT_EQ(apply(*input), R"({"head":)" + head + R"(,"all":)" + std::string(kEvent) + "}");
}

struct Refused {
  Paths paths;
  const char* text;
  const char* message;
};

TEST(InputTransformer, RefusesWhatAwsRefuses) {
  const Refused cases[] = {
      {{}, R"("<x>")", "InputTemplate for target t1 contains invalid placeholder x."},
      {{{"x", "detail.x"}}, R"("<x>")", "InputPath for target t1 is invalid."},
      {{{"x", "$.detail['x']"}}, R"("<x>")", "InputPath for target t1 is invalid."},
      {{{"AWSx", "$.x"}}, R"("<AWSx>")", "InputPathsMap for target t1 contains reserved key AWSx."},
      {{},
       R"([<aws.events.event.json>])",
       "InputTemplate for target t1 contains placeholder aws.events.event.json valid only for JSON template."},
      {{},
       R"("<aws.events.event.json>")",
       "InputTemplate for target t1 contains placeholder aws.events.event.json valid only for JSON template."},
  };
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.text);
    TargetRecord record;
    record.transformer = Transformer{c.paths, c.text};
    const auto input = TargetInput::compile("t1", record);
    ASSERT_FALSE(input);
    EXPECT_EQ(input.error().code, "ValidationException");
    EXPECT_EQ(input.error().message, c.message);
  }
}

TEST(InputTransformer, RefusesTemplatesThatAreNotJson) {
  for (const char* text : {"plain text", R"({"a": )", R"({<k>: 1})", R"({"a": <k> <k>})", "\"one\"\ntwo"}) {
    SCOPED_TRACE(text);
    TargetRecord record;
    record.transformer = Transformer{{{"k", "$.source"}}, text};
    const auto input = TargetInput::compile("t1", record);
    ASSERT_FALSE(input);
    const std::string head = "Invalid InputTemplate for target t1 : [Source: (String)\"" + std::string(text);
    EXPECT_TRUE(input.error().message.starts_with(head)) << input.error().message;
    EXPECT_NE(input.error().message.find("; line: "), std::string::npos) << input.error().message;
  }
}

TEST(TargetInput, GivesTheEventTheInputOrTheSelectedPart) {
  TargetRecord whole;
  EXPECT_EQ(apply(*TargetInput::compile("t", whole)), kEvent);

  TargetRecord constant;
  constant.input = R"({ "fixed": 1 })";
  EXPECT_EQ(apply(*TargetInput::compile("t", constant)), R"({ "fixed": 1 })");

  for (const auto& [path, selected] : std::map<std::string, std::string>{{"$.detail.map", R"({"a":"b"})"},
                                                                         {"$.detail.instance", R"("i-1")"},
                                                                         {"$.detail.items[*].n", R"(["p","q"])"},
                                                                         {"$", std::string(kEvent)},
                                                                         {"$.detail.none", "null"}}) {
    TargetRecord record;
    record.input_path = path;
    EXPECT_EQ(apply(*TargetInput::compile("t", record)), selected);
  }
}

TEST(TargetInput, RefusesWhatAwsRefuses) {
  TargetRecord two;
  two.input = "{}";
  two.input_path = "$";
  EXPECT_EQ(TargetInput::compile("t", two).error().message,
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.");
  TargetRecord word;
  word.input = "word";
  EXPECT_TRUE(TargetInput::compile("t", word).error().message.starts_with("JSON syntax error in input for target t"));
  TargetRecord path;
  path.input_path = "detail";
  EXPECT_EQ(TargetInput::compile("t", path).error().message, "InputPath for target t is invalid.");
}

}  // namespace
}  // namespace signalbox::events

#include "services/pipes/input_template.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "services/pipes/event_view.h"

namespace signalbox::pipes {
namespace {

const Surroundings kSurroundings{"arn:p", "p", "arn:s", "arn:e", "arn:t", "2031-01-01T00:00:00Z"};

std::string message(std::string_view body) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("messageId", "m-1");
  writer.member("body", body);
  writer.member("eventSource", "aws:sqs");
  writer.end_object();
  return out;
}

std::string filled(std::string_view text, const std::string& event) {
  const auto compiled = InputTemplate::compile(text);
  if (!compiled) return compiled.error().message;
  const std::string view = opened(event);
  json::Document document;
  const auto root = document.parse(view);
  return compiled->apply(event, *root, kSurroundings);
}

TEST(EventView, OpensBodiesAndData) {
  EXPECT_EQ(opened(message(R"({"a": [1]})")), R"({"messageId":"m-1","body":{"a": [1]},"eventSource":"aws:sqs"})");
  EXPECT_EQ(opened(message("5")), R"({"messageId":"m-1","body":"5","eventSource":"aws:sqs"})");
  const auto record = [](std::string_view bytes) {
    return R"({"data":")" + to_base64(bytes) + R"(","eventSource":"aws:kinesis"})";
  };
  EXPECT_EQ(opened(record(R"([1,2])")), R"({"data":[1,2],"eventSource":"aws:kinesis"})");
  EXPECT_EQ(opened(record("text")), R"({"data":"text","eventSource":"aws:kinesis"})");
  EXPECT_EQ(opened(record("\xff")), record("\xff"));
  for (const char* other : {R"({"body":"{}"})", "[1]", "no json"}) EXPECT_EQ(opened(other), other);
}

TEST(InputTemplate, FillsJsonAndText) {
  const std::string event = message(R"({"s":"a \"q\"","n":5,"o":{"k":[1,{"x":2}]}})");
  const std::pair<const char*, const char*> cases[] = {
      {R"({"s":<$.body.s>,"n":<$.body.n>,"o":<$.body.o>})", R"({"s":"a \"q\"","n":5,"o":{"k":[1,{"x":2}]}})"},
      {R"({"t":"<$.body.s> <$.body.n> <$.body.o>"})", R"({"t":"a \"q\" 5 {\"k\":[1,{\"x\":2}]}"})"},
      {R"({"x":<$.body.o.k[1].x>,"none":<$.body.o.k[7]>,"all":<$.body.o.k[*]>})",
       R"({"x":2,"none":"","all":[1,{"x":2}]})"},
      {"<$.body.s>", R"(a "q")"},
      {"is <$.messageId> at <aws.pipes.event.ingestion-time>", "is m-1 at 2031-01-01T00:00:00Z"},
      {R"({"p":<aws.pipes.pipe-arn>,"t":"<aws.pipes.target-arn>"})", R"({"p":"arn:p","t":"arn:t"})"},
      {R"({"quote \" <$.messageId>": 1 < 2 > 0})", R"({"quote \" m-1": 1 < 2 > 0})"},
      {"<$.body[>", "InputTemplate contains the invalid variable <$.body[>."},
      {"<aws.pipes.none>", "InputTemplate contains the invalid variable <aws.pipes.none>."},
  };
  for (const auto& [text, made] : cases) EXPECT_EQ(filled(text, event), made) << text;
  EXPECT_EQ(filled("", event), event);
  EXPECT_EQ(filled("<aws.pipes.event>", event), event);
  EXPECT_EQ(filled("<aws.pipes.event.json>", event), opened(event));
}

TEST(Parameter, IsATextOrAPath) {
  json::Document document;
  const auto event = document.parse(R"({"a":{"b-c":"x","n":[1,2]}})");
  const auto value = [&](const std::string& text) {
    const auto parameter = Parameter::parse(text);
    return parameter ? parameter->apply(*event) : std::string("refused");
  };
  EXPECT_EQ(value("text"), "text");
  EXPECT_EQ(value("$5"), "$5");
  EXPECT_EQ(value("$.a.b-c"), "x");
  EXPECT_EQ(value("$.a.n[1]"), "2");
  EXPECT_EQ(value("$.a.n[*]"), "1,2");
  EXPECT_EQ(value("$.a.none"), "");
  for (const char* bad : {"$.", "$.a[", "$.a[x]", "$.a b", "$.a['b']"}) EXPECT_EQ(value(bad), "refused") << bad;
}

}  // namespace
}  // namespace signalbox::pipes

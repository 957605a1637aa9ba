// The codecs, routes and constraints on the models of real services.

#include <gtest/gtest.h>

#include "models/events.h"
#include "models/scheduler.h"
#include "models/sqs.h"
#include "wire/constraints.h"
#include "wire/protocol.h"
#include "wire/route.h"

namespace signalbox::wire {
namespace {

namespace events = models::events;
namespace scheduler = models::scheduler;
namespace sqs = models::sqs;

http::Request post(std::string_view body, std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers = std::move(headers);
  request.body = body;
  return request;
}

template <class In, class Out>
Result<In> decode(ProtocolKind kind, const OperationOf<In, Out>& operation, std::string_view body) {
  const auto request = post(body, {{"Content-Type", kind == ProtocolKind::kQuery ? "application/x-www-form-urlencoded"
                                                                                 : "application/x-amz-json-1.1"}});
  Result<AnyStructure> decoded = protocol(kind).decode(*operation.operation, request);
  if (!decoded) return std::unexpected(std::move(decoded).error());
  return std::move(decoded->as<In>());
}

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}

TEST(Models, EveryPatternCanBeChecked) {
  std::string bad;
  EXPECT_TRUE(patterns_are_usable(events::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(scheduler::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(sqs::kService, bad)) << bad;
}

TEST(JsonProtocol, ReadsWhatSdksSend) {
  const auto rule =
      decode(ProtocolKind::kJson11, events::kPutRule,
             R"({"Name":"r","Tags":[{"Key":"a","Value":"é\n"}],"EventPattern":null,"Unknown":{"x":[1]}})");
  ASSERT_EQ(error_of(rule), "");
  EXPECT_EQ(rule->name, "r");
  EXPECT_EQ(rule->tags->front().value, "é\n");
  EXPECT_FALSE(rule->event_pattern);
  const auto entries =
      decode(ProtocolKind::kJson11, events::kPutEvents,
             R"({"Entries":[{"Time":1493402200.5},{"Time":1.4934022e9},{"Time":"2017-04-28T17:56:40Z"}]})");
  ASSERT_EQ(error_of(entries), "");
  EXPECT_EQ(entries->entries->at(0).time, Time(Duration(1493402200500)));
  EXPECT_EQ(entries->entries->at(1).time, Time(Duration(1493402200000)));
  EXPECT_EQ(entries->entries->at(2).time, Time(Duration(1493402200000)));
  const auto sent = decode(
      ProtocolKind::kJson10, sqs::kSendMessage,
      R"({"QueueUrl":"u","MessageBody":"b","MessageAttributes":{"k":{"DataType":"Binary","BinaryValue":"AP8="}}})");
  ASSERT_EQ(error_of(sent), "");
  EXPECT_EQ(sent->message_attributes->at("k").binary_value, std::string("\0\xff", 2));
}

TEST(JsonProtocol, SaysWhatIsWrong) {
  struct {
    const char* body;
    const char* error;
  } cases[] = {
      {R"({"Name":5})", "SerializationException: NUMBER_VALUE can not be converted to a String"},
      {R"({"Name":true})", "SerializationException: TRUE_VALUE can not be converted to a String"},
      {R"({"Name":{}})", "SerializationException: Start of structure or map found where not expected."},
      {R"({"Name":[]})", "SerializationException: Start of list found where not expected."},
      {R"({"Name":"r","Tags":{}})", "SerializationException: Start of structure or map found where not expected."},
      {R"({})",
       "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member "
       "must "
       "not be null"},
      {R"({"Name":"r","Tags":[{"Key":"","Value":"v"}]})",
       "ValidationException: 1 validation error detected: Value '' at 'tags.1.member.key' failed to satisfy "
       "constraint: "
       "Member must have length greater than or equal to 1"},
      {R"({"Name":""})",
       "ValidationException: 2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member "
       "must "
       "have length greater than or equal to 1; Value '' at 'name' failed to satisfy constraint: Member must satisfy "
       "regular expression pattern: [\\.\\-_A-Za-z0-9]+"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(error_of(decode(ProtocolKind::kJson11, events::kPutRule, c.body)), c.error) << c.body;
  }
  for (const char* rubbish : {"", "{", "[]", "5", "{} {}", "{\"Name\":\"\xff\"}", "{\"Name\":\"\\ud800\"}x"}) {
    const auto decoded = decode(ProtocolKind::kJson11, events::kPutRule, rubbish);
    ASSERT_FALSE(decoded) << rubbish;
    EXPECT_TRUE(decoded.error().code == "SerializationException" || decoded.error().code == "ValidationException")
        << rubbish;
  }
}

TEST(JsonProtocol, WritesAnswersAndErrors) {
  sqs::SendMessageResult result;
  result.message_id = "i\"d";
  const auto answer = protocol(ProtocolKind::kJson10)
                          .encode(*sqs::kSendMessage.operation,
                                  AnyStructure(*sqs::kSendMessage.operation->output, result), "request-1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"MessageId":"i\"d"})");
  const auto error = protocol(ProtocolKind::kJson10)
                         .encode_error(sqs::kService, Error{"QueueDoesNotExist", "No \"queue\".", 0}, "request-1");
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.body, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No \"queue\"."})");
  bool compatible = false;
  for (const auto& [name, value] : error.headers) {
    compatible =
        compatible || (name == "x-amzn-query-error" && value == "AWS.SimpleQueueService.NonExistentQueue;Sender");
  }
  EXPECT_TRUE(compatible);
  const auto internal =
      protocol(ProtocolKind::kJson11).encode_error(events::kService, Error{"InternalFailure", "x", 500}, "request-1");
  EXPECT_EQ(internal.status, 500);
}

TEST(QueryProtocol, ReadsWhatOldSdksSend) {
  const auto sent =
      decode(ProtocolKind::kQuery, sqs::kSendMessageBatch,
             "Action=SendMessageBatch&QueueUrl=http%3A%2F%2Fh%2Fq&SendMessageBatchRequestEntry.1.Id=a&"
             "SendMessageBatchRequestEntry.1.MessageBody=x+y%2Bz&SendMessageBatchRequestEntry.1.DelaySeconds="
             "5&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=k&SendMessageBatchRequestEntry.1."
             "MessageAttribute.1.Value.DataType=Binary&SendMessageBatchRequestEntry.1.MessageAttribute.1."
             "Value.BinaryValue=AP8%3D&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2."
             "MessageBody=2");
  ASSERT_EQ(error_of(sent), "");
  ASSERT_EQ(sent->entries->size(), 2U);
  const auto& first = sent->entries->front();
  EXPECT_EQ(first.message_body, "x y+z");
  EXPECT_EQ(first.delay_seconds, 5);
  EXPECT_EQ(first.message_attributes->at("k").binary_value, std::string("\0\xff", 2));
  const auto made = decode(ProtocolKind::kQuery, sqs::kCreateQueue,
                           "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b");
  ASSERT_EQ(error_of(made), "");
  EXPECT_EQ(made->attributes->at("DelaySeconds"), "5");
  EXPECT_EQ(made->tags->at("a"), "b");
}

TEST(QueryProtocol, SaysWhatIsWrong) {
  struct {
    const char* body;
    const char* error;
  } cases[] = {
      {"", "MissingParameter: The request must contain the parameter QueueUrl."},
      {"QueueUrl=u&MaxNumberOfMessages=x", "MalformedInput: Value (x) for parameter MaxNumberOfMessages is invalid."},
      {"QueueUrl=u&MaxNumberOfMessages=99999999999",
       "MalformedInput: Value (99999999999) for parameter MaxNumberOfMessages is invalid."},
  };
  for (const auto& c : cases) EXPECT_EQ(error_of(decode(ProtocolKind::kQuery, sqs::kReceiveMessage, c.body)), c.error);
  EXPECT_FALSE(decode(ProtocolKind::kQuery, sqs::kReceiveMessage, "QueueUrl=%zz"));
}

TEST(QueryProtocol, WritesXml) {
  sqs::GetQueueAttributesResult result;
  result.attributes.emplace();
  (*result.attributes)["Policy"] = "<&>\"\r";
  const auto answer = protocol(ProtocolKind::kQuery)
                          .encode(*sqs::kGetQueueAttributes.operation,
                                  AnyStructure(*sqs::kGetQueueAttributes.operation->output, result), "request-1");
  EXPECT_NE(answer.body.find("<GetQueueAttributesResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">"),
            std::string::npos);
  EXPECT_NE(answer.body.find("<GetQueueAttributesResult><Attribute><Name>Policy</Name><Value>&lt;&amp;&gt;&quot;&#xD;"
                             "</Value></Attribute></GetQueueAttributesResult>"),
            std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata>"),
            std::string::npos);
}

TEST(Route, FindsServiceAndOperation) {
  const Service* const services[] = {&events::kService, &sqs::kService};
  struct {
    http::Request request;
    const char* expected;
  } cases[] = {
      {post("{}", {{"X-Amz-Target", "AWSEvents.PutEvents"}}), "PutEvents"},
      {post("{}", {{"X-Amz-Target", "AmazonSQS.SendMessage"}}), "SendMessage"},
      {post("{}", {{"X-Amz-Target", "AmazonSQS.Nothing"}}), "UnknownOperationException"},
      {post("{}", {{"X-Amz-Target", "Nothing"}}), "UnknownOperationException"},
      {post("{}", {{"X-Amz-Target", ""}}), "MissingAction"},
      {post("Action=SendMessage", {{"Content-Type", "application/x-www-form-urlencoded"}}), "SendMessage"},
      {post("Action=Nothing", {{"Content-Type", "application/x-www-form-urlencoded"}}), "InvalidAction"},
      {post("", {}), "MissingAction"},
  };
  for (const auto& c : cases) {
    const auto routed = route(services, c.request, "sqs");
    EXPECT_EQ(routed.operation ? std::string((*routed.operation)->name) : routed.operation.error().code, c.expected);
  }
}

}  // namespace
}  // namespace signalbox::wire

// The codecs, routes and constraints on the models of real services.

#include <gtest/gtest.h>

#include <algorithm>

#include "models/cloudtrail.h"
#include "models/cloudwatch.h"
#include "models/events.h"
#include "models/iam.h"
#include "models/kinesis.h"
#include "models/lambda.h"
#include "models/logs.h"
#include "models/pipes.h"
#include "models/s3.h"
#include "models/scheduler.h"
#include "models/sns.h"
#include "models/sqs.h"
#include "models/sts.h"
#include "wire/cbor.h"
#include "wire/constraints.h"
#include "wire/protocol.h"
#include "wire/route.h"

namespace signalbox::wire {
namespace {

namespace cloudwatch = models::cloudwatch;
namespace events = models::events;
namespace logs = models::logs;
namespace scheduler = models::scheduler;
namespace sns = models::sns;
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
  EXPECT_TRUE(patterns_are_usable(models::cloudtrail::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(cloudwatch::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(events::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(logs::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::kinesis::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::lambda::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::pipes::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::s3::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(scheduler::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(sns::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(sqs::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::iam::kService, bad)) << bad;
  EXPECT_TRUE(patterns_are_usable(models::sts::kService, bad)) << bad;
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
  const std::pair<const char*, const char*> parts[] = {
      {R"({"ResourceARN":"arn:a","TagKeys":["a","","b"]})",
       "Value '[a, , b]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have "
       "length less than or equal to 128, Member must have length greater than or equal to 1, Member must not be "
       "null]"},
      {R"({"ResourceARN":"arn:a","TagKeys":[]})", ""},
  };
  for (const auto& [body, error] : parts) {
    const auto decoded = decode(ProtocolKind::kJson11, events::kUntagResource, body);
    EXPECT_EQ(error_of(decoded),
              *error == '\0' ? "" : std::string("ValidationException: 1 validation error detected: ") + error);
  }
  const char* const map =
      R"({"Rule":"r","Targets":[{"Id":"t","Arn":"arn:a","InputTransformer":{"InputTemplate":"x","InputPathsMap":{"a b":"$.x"}}}]})";
  EXPECT_EQ(error_of(decode(ProtocolKind::kJson11, events::kPutTargets, map)),
            "ValidationException: 1 validation error detected: Value '{a b=$.x}' at "
            "'targets.1.member.inputTransformer.inputPathsMap' failed to satisfy constraint: Map keys must satisfy "
            "constraint: [Member must have length less than or equal to 256, Member must have length greater than or "
            "equal to 1, Member must satisfy regular expression pattern: [A-Za-z0-9\\_\\-]+, Member must not be "
            "null]");
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

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(RpcCborProtocol, ReadsWhatSdksSend) {
  std::string body;
  CborWriter w(body);
  w.begin_map(3);
  w.text("Namespace");
  w.text("App");
  w.text("Unknown");
  w.begin_array(2);
  w.begin_map(1);
  w.text("x");
  w.number(1);
  w.tag(7);
  w.bytes("b");
  w.text("MetricData");
  w.begin_array(1);
  w.begin_map(4);
  w.text("MetricName");
  w.text("Latency");
  w.text("Timestamp");
  w.tag(1);
  w.number(1493402200.5);
  w.text("Value");
  w.integer(-3);
  w.text("StorageResolution");
  w.integer(1);
  const auto put = decode(ProtocolKind::kRpcV2Cbor, cloudwatch::kPutMetricData, body);
  ASSERT_EQ(error_of(put), "");
  const auto& datum = put->metric_data->front();
  EXPECT_EQ(datum.timestamp, Time(Duration(1493402200500)));
  EXPECT_EQ(datum.value, -3.0);
  EXPECT_EQ(datum.storage_resolution, 1);
}

TEST(RpcCborProtocol, ReadsEveryFormOfAnItem) {
  struct {
    std::string value;
    double expected;
  } cases[] = {
      {bytes_of({0x17}), 23},
      {bytes_of({0x18, 0xff}), 255},
      {bytes_of({0x19, 0x01, 0x00}), 256},
      {bytes_of({0x1a, 0x00, 0x01, 0x00, 0x00}), 65536},
      {bytes_of({0x1b, 0, 0, 0, 1, 0, 0, 0, 0}), 4294967296.0},
      {bytes_of({0x38, 0x63}), -100},
      {bytes_of({0xf9, 0x3c, 0x00}), 1},
      {bytes_of({0xf9, 0xc4, 0x00}), -4},
      {bytes_of({0xf9, 0x00, 0x01}), 5.960464477539063e-8},
      {bytes_of({0xfa, 0x47, 0xc3, 0x50, 0x00}), 100000},
      {bytes_of({0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}), 1.1},
  };
  // {_ "AlarmName": (_ "a", "b"), "EvaluationPeriods": 1, "Threshold": value}
  const std::string start = bytes_of({0xbf, 0x69}) + "AlarmName" + bytes_of({0x7f, 0x61}) + "a" + bytes_of({0x61}) +
                            "b" + bytes_of({0xff, 0x71}) + "EvaluationPeriods" + bytes_of({0x01, 0x72}) +
                            "ComparisonOperator" + bytes_of({0x71}) + "LessThanThreshold" + bytes_of({0x69}) +
                            "Threshold";
  for (const auto& c : cases) {
    const auto alarm =
        decode(ProtocolKind::kRpcV2Cbor, cloudwatch::kPutMetricAlarm, start + c.value + bytes_of({0xff}));
    ASSERT_EQ(error_of(alarm), "") << c.expected;
    EXPECT_EQ(alarm->alarm_name, "ab");
    EXPECT_EQ(alarm->threshold, c.expected);
  }
}

TEST(RpcCborProtocol, SaysWhatIsWrong) {
  const std::string deep(100'000, static_cast<char>(0x81));
  const std::string unknown = bytes_of({0xa1, 0x61}) + "x";
  struct {
    std::string body;
    const char* error;
  } cases[] = {
      {bytes_of({0xff}), "SerializationException: Expected a map for DeleteAlarmsInput"},
      {bytes_of({0x80}), "SerializationException: Expected a map for DeleteAlarmsInput"},
      {bytes_of({0xa1}), "SerializationException: The body is not well-formed CBOR"},
      {bytes_of({0xa0, 0xa0}), "SerializationException: The body goes on after its structure"},
      {unknown + deep, "SerializationException: The body is not well-formed CBOR"},
      {unknown + bytes_of({0x7b, 255, 255, 255, 255, 255, 255, 255, 255}),
       "SerializationException: The body is not well-formed CBOR"},
      {unknown + bytes_of({0x9b, 255, 255, 255, 255, 255, 255, 255, 255}),
       "SerializationException: The body is not well-formed CBOR"},
      {bytes_of({0xa1, 0x6a}) + "AlarmNames" + bytes_of({0x81, 0x01}),
       "SerializationException: Expected a text for AlarmName"},
      {bytes_of({0xa1, 0x6a}) + "AlarmNames" + bytes_of({0x81, 0x61, 0xff}),
       "SerializationException: A text is not UTF-8"},
      {bytes_of({0xa1, 0x6a}) + "AlarmNames" + bytes_of({0xf6}),
       "ValidationError: 1 validation error detected: Value null at 'alarmNames' failed to satisfy constraint: Member "
       "must not be null"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(error_of(decode(ProtocolKind::kRpcV2Cbor, cloudwatch::kDeleteAlarms, c.body)), c.error);
  }
}

TEST(RpcCborProtocol, WritesAnswersAndErrors) {
  cloudwatch::GetMetricStatisticsOutput output;
  output.label = "L";
  auto& point = output.datapoints.emplace().emplace_back();
  point.timestamp = Time(Duration(1500));
  point.sum = 2;
  const auto& operation = *cloudwatch::kGetMetricStatistics.operation;
  const auto answer =
      protocol(ProtocolKind::kRpcV2Cbor).encode(operation, AnyStructure(*operation.output, output), "request-1");
  // Maps and lists without their lengths, as CloudWatch sends them.
  EXPECT_EQ(answer.body, bytes_of({0xbf, 0x65}) + "Label" + bytes_of({0x61}) + "L" + bytes_of({0x6a}) + "Datapoints" +
                             bytes_of({0x9f, 0xbf, 0x69}) + "Timestamp" +
                             bytes_of({0xc1, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x63}) + "Sum" +
                             bytes_of({0xfb, 0x40, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff}));
  const auto error = protocol(ProtocolKind::kRpcV2Cbor)
                         .encode_error(cloudwatch::kService, Error{"ResourceNotFound", "m", 0}, "request-1");
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.body, bytes_of({0xa2, 0x66}) + "__type" + bytes_of({0x78, 41}) +
                            "com.amazonaws.cloudwatch#ResourceNotFound" + bytes_of({0x67}) + "message" +
                            bytes_of({0x61}) + "m");
  const std::pair<std::string, std::string> header{"x-amzn-query-error", "ResourceNotFound;Sender"};
  EXPECT_EQ(std::ranges::count(error.headers, header), 1);
}

TEST(Route, FindsServiceAndOperation) {
  const Service* const services[] = {&events::kService, &sqs::kService, &cloudwatch::kService};
  const auto rpc = [](std::string_view path) {
    auto request = post("", {{"smithy-protocol", "rpc-v2-cbor"}});
    request.target = path;
    return request;
  };
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
      {rpc("/service/GraniteServiceVersion20100801/operation/PutMetricData"), "PutMetricData"},
      {rpc("/x/service/com.a.GraniteServiceVersion20100801/operation/PutMetricData"), "PutMetricData"},
      {rpc("/service/GraniteServiceVersion20100801/operation/Nothing"), "UnknownOperationException"},
      {rpc("/service/Nothing/operation/PutMetricData"), "UnknownOperationException"},
      {rpc("/operation/PutMetricData"), "UnknownOperationException"},
      {rpc("/"), "UnknownOperationException"},
  };
  for (const auto& c : cases) {
    const auto routed = route(services, c.request, "sqs");
    EXPECT_EQ(routed.operation ? std::string((*routed.operation)->name) : routed.operation.error().code, c.expected);
  }
}

}  // namespace
}  // namespace signalbox::wire

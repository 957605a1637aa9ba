// What stands on the wire, protocol by protocol, on the models of real services: cases as Smithy's protocol tests have
// them, and what AWS's own answers show.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/cloudtrail.h"
#include "models/cloudwatch.h"
#include "models/events.h"
#include "models/kinesis.h"
#include "models/lambda.h"
#include "models/logs.h"
#include "models/s3.h"
#include "models/sns.h"
#include "models/sqs.h"
#include "models/sts.h"
#include "wire/cbor.h"
#include "wire/number_text.h"
#include "wire/protocol.h"
#include "wire/route.h"

namespace signalbox::wire {
namespace {

namespace cloudwatch = models::cloudwatch;
namespace kinesis = models::kinesis;
namespace lambda = models::lambda;
namespace s3 = models::s3;
namespace sqs = models::sqs;
namespace sts = models::sts;

http::Request request_of(std::string_view method, std::string_view target, std::string_view body = {},
                         std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.headers = std::move(headers);
  request.body = body;
  return request;
}

template <class In, class Out>
Result<In> decode(ProtocolKind kind, const OperationOf<In, Out>& operation, const http::Request& request) {
  Result<AnyStructure> decoded = protocol(kind).decode(*operation.operation, request);
  if (!decoded) return std::unexpected(std::move(decoded).error());
  return std::move(decoded->as<In>());
}

template <class In, class Out>
std::string encoded(ProtocolKind kind, const OperationOf<In, Out>& operation, Out output) {
  return protocol(kind)
      .encode(*operation.operation, AnyStructure(*operation.operation->output, std::move(output)), "id")
      .body;
}

TEST(Doubles, AreWrittenAsJavaPrintsThem) {
  const struct {
    double value;
    std::string text;
  } cases[] = {{30, "30.0"},           {0, "0.0"},
               {-1.5, "-1.5"},         {0.001, "0.001"},
               {0.0001, "1.0E-4"},     {9999999, "9999999.0"},
               {1e7, "1.0E7"},         {1.25e10, "1.25E10"},
               {-1.5e-5, "-1.5E-5"},   {NAN, "NaN"},
               {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"}};
  for (const auto& c : cases) EXPECT_EQ(double_text(c.value), c.text);
  for (const char* bad : {"infinite", "0x10", "1,5", "", "1.5x"}) EXPECT_FALSE(double_of(bad)) << bad;
  EXPECT_EQ(double_of("1.0E7"), 1e7);
  EXPECT_EQ(double_of("-Infinity"), -INFINITY);
}

TEST(Traits, OfAReferenceGoBeforeTheShapes) {
  // TagSet is a plain list of "Tag"; within And it is flattened.
  const auto put = decode(ProtocolKind::kRestXml, s3::kPutBucketLifecycleConfiguration,
                          request_of("PUT", "/bkt?lifecycle",
                                     "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><And>"
                                     "<Prefix>p</Prefix><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key>"
                                     "<Value>2</Value></Tag></And></Filter><Expiration><Days>7</Days></Expiration>"
                                     "</Rule></LifecycleConfiguration>"));
  ASSERT_TRUE(put) << put.error().message;
  const auto& tags = *put->lifecycle_configuration->rules->front().filter->and_->tags;
  ASSERT_EQ(tags.size(), 2U);
  EXPECT_EQ(tags[1].value, "2");
  // SQS's names in forms are not its names in JSON.
  const auto form = decode(ProtocolKind::kQuery, sqs::kSetQueueAttributes,
                           request_of("POST", "/", "QueueUrl=u&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"));
  ASSERT_TRUE(form);
  EXPECT_EQ(form->attributes->at("DelaySeconds"), "5");
  const auto json = decode(ProtocolKind::kJson10, sqs::kSetQueueAttributes,
                           request_of("POST", "/", R"({"QueueUrl": "u", "Attributes": {"DelaySeconds": "5"}})"));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->attributes->at("DelaySeconds"), "5");
}

TEST(EmptyTokens, AreNone) {
  const auto json = decode(ProtocolKind::kJson11, models::logs::kDescribeLogGroups,
                           request_of("POST", "/", R"({"nextToken": "", "logGroupNamePrefix": "x"})"));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_FALSE(json->next_token);
  EXPECT_EQ(json->log_group_name_prefix, "x");
  const auto form = decode(ProtocolKind::kQuery, models::sns::kListTopics, request_of("POST", "/", "NextToken="));
  ASSERT_TRUE(form);
  EXPECT_FALSE(form->next_token);
  const auto rest = decode(ProtocolKind::kRestJson, lambda::kListFunctions,
                           request_of("GET", "/2015-03-31/functions/?Marker=&MaxItems=5"));
  ASSERT_TRUE(rest);
  EXPECT_FALSE(rest->marker);
  EXPECT_EQ(rest->max_items, 5);
  std::string cbor;
  CborWriter writer(cbor);
  writer.begin_map(1);
  writer.text("NextToken");
  writer.text("");
  const auto rpc = decode(ProtocolKind::kRpcV2Cbor, cloudwatch::kListMetrics, request_of("POST", "/", cbor));
  ASSERT_TRUE(rpc);
  EXPECT_FALSE(rpc->next_token);
}

TEST(Json, TakesTargetsWithAndWithoutTheNamespace) {
  const Service* const services[] = {&models::cloudtrail::kService, &kinesis::kService};
  const struct {
    const char* target;
    const char* operation;  // "" for none
  } cases[] = {{"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails", "DescribeTrails"},
               {"CloudTrail_20131101.DescribeTrails", "DescribeTrails"},
               {"v20131101.CloudTrail_20131101.DescribeTrails", ""},
               {"20131101.DescribeTrails", ""},
               {"CloudTrail_20131101.Nothing", ""},
               {".DescribeTrails", ""},
               {"DescribeTrails", ""},
               {"Kinesis_20131202.ListStreams", "ListStreams"}};
  for (const auto& c : cases) {
    const auto routed = route(
        services,
        request_of("POST", "/", "{}", {{"X-Amz-Target", c.target}, {"Content-Type", "application/x-amz-json-1.1"}}),
        "");
    ASSERT_EQ(routed.operation.has_value(), *c.operation != '\0') << c.target;
    if (routed.operation) {
      EXPECT_EQ((*routed.operation)->name, c.operation);
    }
  }
}

TEST(Json, ReadsNumbersThatJsonCannotSay) {
  const auto put = decode(ProtocolKind::kJson10, cloudwatch::kPutMetricData,
                          request_of("POST", "/",
                                     R"({"Namespace": "n", "MetricData": [{"MetricName": "a", "Value": "NaN"},)"
                                     R"({"MetricName": "b", "Value": "-Infinity"}]})"));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(std::isnan(*put->metric_data->at(0).value));
  EXPECT_EQ(put->metric_data->at(1).value, -INFINITY);
  EXPECT_FALSE(decode(ProtocolKind::kJson10, cloudwatch::kPutMetricData,
                      request_of("POST", "/", R"({"Namespace": "n", "MetricData": [{"Value": "1"}]})")));
}

TEST(Times, AreToldAsTheServiceTellsThem) {
  const Time whole{std::chrono::seconds(1'700'000'000)};
  cloudwatch::GetMetricStatisticsOutput statistics;
  cloudwatch::Datapoint& point = statistics.datapoints.emplace().emplace_back();
  point.timestamp = whole;
  point.sum = 41;
  const std::string xml = encoded(ProtocolKind::kQuery, cloudwatch::kGetMetricStatistics, statistics);
  EXPECT_NE(xml.find("<Timestamp>2023-11-14T22:13:20Z</Timestamp>"), std::string::npos) << xml;
  EXPECT_NE(xml.find("<Sum>41.0</Sum>"), std::string::npos) << xml;
  point.timestamp = whole + std::chrono::milliseconds(5);
  const std::string finer = encoded(ProtocolKind::kQuery, cloudwatch::kGetMetricStatistics, statistics);
  EXPECT_NE(finer.find("22:13:20.005Z"), std::string::npos) << finer;
  EXPECT_NE(encoded(ProtocolKind::kJson10, cloudwatch::kGetMetricStatistics, statistics).find("1700000000.005"),
            std::string::npos);
  // S3 has milliseconds always, STS never.
  s3::ListBucketsOutput buckets;
  buckets.owner.emplace().id = "o";
  s3::Bucket& bucket = buckets.buckets.emplace().emplace_back();
  bucket.name = "b";
  bucket.creation_date = whole;
  const std::string listed = encoded(ProtocolKind::kRestXml, s3::kListBuckets, buckets);
  EXPECT_NE(listed.find("2023-11-14T22:13:20.000Z"), std::string::npos) << listed;
  EXPECT_LT(listed.find("<Owner>"), listed.find("<Buckets>")) << "the Java SDK counts on it";
  sts::GetSessionTokenResponse token;
  token.credentials.emplace().expiration = whole + std::chrono::milliseconds(5);
  EXPECT_NE(encoded(ProtocolKind::kQuery, sts::kGetSessionToken, token).find("22:13:20Z"), std::string::npos);
}

TEST(Cbor, OfKinesisHasMillisecondsAndLengths) {
  kinesis::GetRecordsOutput output;
  const Time time{std::chrono::milliseconds(1'700'000'000'005)};
  output.records.emplace().emplace_back().approximate_arrival_timestamp = time;
  const std::string body = encoded(ProtocolKind::kCbor11, kinesis::kGetRecords, output);
  EXPECT_EQ(static_cast<unsigned char>(body[0]), 0xA1U);
  const std::string stamp("\xC1\x1B\x00\x00\x01\x8B\xCF\xE5\x68\x05", 10);  // tag 1, an integer of eight bytes
  EXPECT_NE(body.find(stamp), std::string::npos);
  // And reads it back: as the Java SDK sends it, tagged.
  std::string asked;
  CborWriter writer(asked);
  writer.begin_map(4);
  writer.text("StreamName");
  writer.text("s");
  writer.text("ShardId");
  writer.text("shardId-000000000000");
  writer.text("ShardIteratorType");
  writer.text("AT_TIMESTAMP");
  writer.text("Timestamp");
  asked += stamp;
  const auto read = decode(ProtocolKind::kCbor11, kinesis::kGetShardIterator, request_of("POST", "/", asked));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->timestamp, time);
}

TEST(Cbor, OfRpcV2HasNoLengths) {
  cloudwatch::ListMetricsOutput output;
  output.metrics.emplace();
  EXPECT_EQ(encoded(ProtocolKind::kRpcV2Cbor, cloudwatch::kListMetrics, output),
            std::string("\xBF\x67Metrics\x9F\xFF\xFF", 12));
}

TEST(Cbor, ReadsNumbersOfAnyForm) {
  const struct {
    std::string bytes;
    std::optional<std::int32_t> value;
  } cases[] = {{std::string("\xC2\x42\x00\x2A", 4), 42},                               // a bignum
               {std::string("\xC6\x0C", 2), 12},                                       // in a tag that says nothing
               {std::string("\xF9\x4A\x00", 3), 12},                                   // half a float
               {std::string("\xFB\x40\x28\x00\x00\x00\x00\x00\x00", 9), 12},           // a double that is whole
               {std::string("\xC2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", 11), {}},  // far too large
               {std::string("\xC3\x41\x04", 3), {}},                                   // -5: below the least
               {std::string("\xC6\xC6\xC6\xC6\xC6\x0C", 6), {}}};                      // tags without end
  for (const auto& c : cases) {
    const std::string body = "\xA1\x6AMaxRecords" + c.bytes;
    const auto read = decode(ProtocolKind::kRpcV2Cbor, cloudwatch::kDescribeAlarms, request_of("POST", "/", body));
    ASSERT_EQ(read.has_value(), c.value.has_value());
    EXPECT_EQ(read ? read->max_records : std::nullopt, c.value);
  }
}

TEST(Query, AnswersInJsonWhereThatIsAskedFor) {
  const Service* const services[] = {&models::sns::kService, &sqs::kService, &sts::kService};
  const auto routed =
      route(services, request_of("GET", "/000000000000/q?Action=ReceiveMessage", "", {{"Accept", "application/json"}}),
            "sqs");
  EXPECT_EQ(routed.protocol, ProtocolKind::kQueryJson);
  EXPECT_EQ(
      encoded(ProtocolKind::kQueryJson, sqs::kReceiveMessage, sqs::ReceiveMessageResult{}),
      R"({"ReceiveMessageResponse":{"ReceiveMessageResult":{"messages":null},"ResponseMetadata":{"RequestId":"id"}}})");
  EXPECT_EQ(protocol(ProtocolKind::kQueryJson).encode_error(sqs::kService, {"InvalidAction", "m", 400}, "id").body,
            R"({"Error":{"Code":"InvalidAction","Message":"m","Type":"Sender"},"RequestId":"id"})");
}

TEST(Query, TellsEmptyResultsAndErrorsAsAwsDoes) {
  const std::string none = encoded(ProtocolKind::kQuery, sqs::kReceiveMessage, sqs::ReceiveMessageResult{});
  EXPECT_NE(none.find("<ReceiveMessageResult/>"), std::string::npos) << none;
  const Error gone{"QueueDoesNotExist", "The specified queue does not exist."};
  const std::string of_sqs = protocol(ProtocolKind::kQuery).encode_error(sqs::kService, gone, "id").body;
  EXPECT_NE(of_sqs.find("does not exist for this wsdl version.</Message><Detail/>"), std::string::npos) << of_sqs;
  const std::string of_sns =
      protocol(ProtocolKind::kQuery).encode_error(models::sns::kService, {"NotFound", "x"}, "id").body;
  EXPECT_EQ(of_sns.find("Detail"), std::string::npos) << of_sns;
}

TEST(Routes, SayWhatIsOfNoProtocol) {
  const Service* const services[] = {&models::events::kService, &sqs::kService, &models::sns::kService};
  const struct {
    http::Request request;
    std::string_view signed_for;
    std::string code;
    int status;
    std::string message;
  } cases[] = {
      {request_of("GET", "/000000000000/q?Action=ListQueues"), "sqs", "InvalidAction", 400,
       "The action ListQueues is not valid for this endpoint."},
      {request_of("GET", "/000000000000/q"), "sqs", "UnknownOperationException", 404, ""},
      {request_of("POST", "/", "Action=Nothing"), "sns", "InvalidAction", 400,
       "Could not find operation Nothing for version 2010-03-31"},
      {request_of("POST", "/", "{}", {{"X-Amz-Target", "AWSEvents.ListRules"}, {"Content-Type", "text/plain"}}),
       "events", "UnknownOperationException", 404, ""},
      {request_of("POST", "/", "{}", {{"X-Amz-Target", "AWSEvents.Nothing"}}), "events", "UnknownOperationException",
       400, ""},
  };
  for (const auto& c : cases) {
    const Routed routed = route(services, c.request, c.signed_for);
    ASSERT_FALSE(routed.operation) << c.request.target;
    EXPECT_EQ(routed.operation.error().code, c.code);
    EXPECT_EQ(routed.operation.error().http_status, c.status);
    EXPECT_EQ(routed.operation.error().message, c.message);
  }
  EXPECT_EQ(
      protocol(ProtocolKind::kQuery).encode_error(sqs::kService, {"UnknownOperationException", "", 404}, "id").body,
      "<UnknownOperationException/>\n");
}

TEST(Routes, TakeNoQueryOfS3ForAForm) {
  const Service* const services[] = {&sqs::kService, &models::sns::kService, &s3::kService};
  const auto routed = [&](std::string_view target, std::string_view body) {
    return route(services, request_of("POST", target, body, {{"Content-Type", "application/x-www-form-urlencoded"}}),
                 {});
  };
  const Routed remove = routed("/bkt?delete", "<Delete/>");
  ASSERT_TRUE(remove.operation) << remove.operation.error().message;
  EXPECT_EQ((*remove.operation)->name, "DeleteObjects");
  const Routed receive = routed("/000000000000/q", "Action=ReceiveMessage");
  ASSERT_TRUE(receive.operation) << receive.operation.error().message;
  EXPECT_EQ((*receive.operation)->name, "ReceiveMessage");
  EXPECT_EQ(routed("/000000000000/q", "").operation.error().code, "MissingAction");
}

TEST(Errors, SpellTheirMembersAsTheirShapesDo) {
  const auto body = [](const Error& error) {
    return protocol(ProtocolKind::kRestJson).encode_error(lambda::kService, error, "id").body;
  };
  EXPECT_EQ(body({"ResourceNotFoundException", "m"}), R"({"Type":"User","Message":"m"})");
  EXPECT_EQ(body({"InvalidParameterValueException", "m"}), R"({"Type":"User","message":"m"})");
  EXPECT_EQ(body({"SerializationException", "m", 400}), R"({"message":"m"})");
  Error throttled{"TooManyRequestsException", "m"};
  throttled.details = std::make_shared<const ErrorDetails>(
      ErrorDetails{{{"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded"}, {"Retry-After", "1"}}, {}});
  const http::Response answer = protocol(ProtocolKind::kRestJson).encode_error(lambda::kService, throttled, "id");
  EXPECT_NE(answer.body.find(R"("Reason":"ReservedFunctionConcurrentInvocationLimitExceeded")"), std::string::npos);
  EXPECT_EQ(std::ranges::count(answer.headers, std::pair<std::string, std::string>("Retry-After", "1")), 1);
}

TEST(Enums, OfHeadersAreTakenAsS3TakesThem) {
  const auto any_case = decode(ProtocolKind::kRestXml, s3::kGetObject,
                               request_of("GET", "/bkt/k", "", {{"x-amz-checksum-mode", "enabled"}}));
  ASSERT_TRUE(any_case) << any_case.error().message;
  EXPECT_EQ(any_case->checksum_mode, "ENABLED");
  const auto bad = decode(ProtocolKind::kRestXml, s3::kListObjectsV2, request_of("GET", "/bkt?list-type=2&max-keys=x"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().details->elements.front().second, "max-keys");
  EXPECT_EQ(bad.error().message, "Provided max-keys not an integer or within integer range");
  const auto place = decode(
      ProtocolKind::kRestXml, s3::kCreateBucket,
      request_of(
          "PUT", "/bkt",
          "<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>"));
  EXPECT_TRUE(place) << "S3 itself says what is wrong with it";
}

}  // namespace
}  // namespace signalbox::wire

#include "services/lambda/url_messages.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace signalbox::lambda {
namespace {

TEST(UrlResponse, IsWhatTheFunctionReturned) {
  struct Case {
    const char* answer;
    int status;
    const char* body;
  };
  for (const Case& one : {
           Case{R"(["hello", 3, true])", 200, R"(["hello",3,true])"},
           Case{R"({"a": "b c", "d" : [1, 2]})", 200, R"({"a":"b c","d":[1,2]})"},
           Case{R"("just text")", 200, "just text"},
           Case{R"({"statusCode": 418, "body": "x"})", 418, "x"},
           Case{R"({"statusCode": "418", "body": "x"})", 418, "x"},
           Case{R"({"statusCode": 200, "body": {"a": 1}})", 200, R"({"a":1})"},
           Case{R"({"statusCode": 200, "body": "AAEC", "isBase64Encoded": true})", 200, "\0\1\2"},
           Case{R"({"statusCode": "teapot", "body": "x"})", 502, "Internal Server Error"},
           Case{R"({"statusCode": 9999})", 502, "Internal Server Error"},
       }) {
    const http::Response response = url_response(one.answer);
    EXPECT_EQ(response.status, one.status) << one.answer;
    EXPECT_TRUE(response.body.starts_with(one.body)) << response.body;
  }
}

TEST(UrlEvent, HasWhatAwsSays) {
  http::Request request;
  request.method = "GET";
  request.target = "/p?x=1";
  request.remote_address = "192.0.2.7";
  request.headers = {{"Host", "name.lambda-url.us-east-1.on.aws:4566"}, {"X-Forwarded-For", "203.0.113.1"}};
  constexpr Time kNow{std::chrono::seconds(1'584'039'838)};
  const std::string event = url_event(request, "name", "/p", {}, "id", "Root=1-0-0", kNow);
  json::Document document;
  const auto root = document.parse(event);
  ASSERT_TRUE(root);
  const auto headers = root->find("headers");
  EXPECT_EQ(headers->find("x-amzn-trace-id")->as_string(), "Root=1-0-0");
  EXPECT_EQ(headers->find("x-forwarded-for")->as_string(), "203.0.113.1");
  EXPECT_EQ(headers->find("x-forwarded-port")->as_string(), "4566");
  EXPECT_EQ(headers->find("x-forwarded-proto")->as_string(), "http");
  const auto context = root->find("requestContext");
  EXPECT_EQ(context->find("time")->as_string(), "12/Mar/2020:19:03:58 +0000");
  EXPECT_EQ(context->find("domainName")->as_string(), "name.lambda-url.us-east-1.on.aws");
  EXPECT_FALSE(context->find("authorizer"));
}

TEST(UrlEvent, SaysWhoCalls) {
  http::Request request;
  request.method = "GET";
  request.target = "/";
  const UrlCaller caller{"123456789012", "AKIAEXAMPLE", "arn:aws:iam::123456789012:user/ada", "AIDAEXAMPLE"};
  const std::string event = url_event(request, "name", "/", caller, "id", "Root=1-0-0", Time{});
  json::Document document;
  const auto root = document.parse(event);
  ASSERT_TRUE(root);
  const auto context = root->find("requestContext");
  EXPECT_EQ(context->find("accountId")->as_string(), caller.account);
  const auto iam = context->find("authorizer")->find("iam");
  EXPECT_EQ(iam->find("accessKey")->as_string(), caller.access_key);
  EXPECT_EQ(iam->find("accountId")->as_string(), caller.account);
  EXPECT_EQ(iam->find("callerId")->as_string(), caller.id);
  EXPECT_EQ(iam->find("userArn")->as_string(), caller.arn);
  EXPECT_EQ(iam->find("userId")->as_string(), caller.id);
  EXPECT_TRUE(iam->find("cognitoIdentity")->is_null());
}

}  // namespace
}  // namespace signalbox::lambda

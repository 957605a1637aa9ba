// Policy evaluations a second on one core.
//   policy_bench [SECONDS]     each line takes so long; default 1

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "policy/evaluate.h"

namespace {

using namespace signalbox::policy;

constexpr std::string_view kAccount = "111122223333";

Document parse(std::string_view text, DocumentKind kind) {
  auto document = Document::parse(text, kind);
  if (document) return *std::move(document);
  std::printf("%s\n", document.error().message.c_str());
  std::exit(1);
}

/// Prints how often a second the question is answered, and fails when the answer is not `expected`.
void measure(const char* what, const Request& request, const Policies& policies, bool expected, double seconds) {
  using Steady = std::chrono::steady_clock;
  const auto start = Steady::now();
  std::size_t count = 0;
  double elapsed = 0;
  do {
    for (int i = 0; i < 1000; ++i) {
      if (evaluate(request, policies).allowed() != expected) {
        std::printf("%s: WRONG ANSWER\n", what);
        std::exit(1);
      }
    }
    count += 1000;
    elapsed = std::chrono::duration<double>(Steady::now() - start).count();
  } while (elapsed < seconds);
  std::printf("%-66s %8.2f M/s %7.0f ns\n", what, static_cast<double>(count) / elapsed / 1e6,
              elapsed / static_cast<double>(count) * 1e9);
}

/// What the policies of a working user look like: a managed policy of many services, one of its own with a variable,
/// a guard with conditions.
constexpr std::string_view kDeveloper = R"({"Version":"2012-10-17","Statement":[
  {"Sid":"Compute","Effect":"Allow","Action":["ec2:Describe*","ec2:StartInstances","ec2:StopInstances","lambda:*",
    "ecs:List*","ecs:Describe*"],"Resource":"*"},
  {"Sid":"Data","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem","dynamodb:Query","dynamodb:UpdateItem"],
    "Resource":["arn:aws:dynamodb:*:111122223333:table/dev-*","arn:aws:dynamodb:*:111122223333:table/dev-*/index/*"]},
  {"Sid":"Messages","Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage","sns:Publish",
    "events:PutEvents"],"Resource":["arn:aws:sqs:*:111122223333:*","arn:aws:sns:*:111122223333:*",
    "arn:aws:events:*:111122223333:event-bus/*"]},
  {"Sid":"Logs","Effect":"Allow","Action":["logs:Get*","logs:FilterLogEvents","logs:Describe*"],"Resource":"*"},
  {"Sid":"Pass","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/dev-*",
    "Condition":{"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com","ecs-tasks.amazonaws.com"]}}}]})";
constexpr std::string_view kHome = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::homes",
    "Condition":{"StringLike":{"s3:prefix":["","home/${aws:username}/*"]}}},
  {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],
    "Resource":"arn:aws:s3:::homes/home/${aws:username}/*"}]})";
constexpr std::string_view kGuard = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","NotAction":["iam:*MFADevice","sts:GetSessionToken"],"Resource":"*",
    "Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}},
  {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24",
    "198.51.100.0/24","2001:db8::/32"]},"Bool":{"aws:ViaAWSService":"false"}}}]})";
constexpr std::string_view kBucket = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::homes","arn:aws:s3:::homes/*"],
    "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
  {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:role/backup"]},
    "Action":"s3:GetObject","Resource":"arn:aws:s3:::homes/*"}]})";

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  Request request;
  request.principal.type = PrincipalType::kUser;
  request.principal.arn = "arn:aws:iam::111122223333:user/ada";
  request.principal.account = kAccount;
  request.principal.user_id = "AIDAABCDEFGHIJKLMNOPQ";
  request.resource_account = kAccount;
  request.action = "s3:GetObject";
  request.resource = "arn:aws:s3:::homes/home/ada/2026/cat.png";

  const Document simple = parse(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::homes/*"}})",
      DocumentKind::kManaged);
  const Document* const one[] = {&simple};
  Policies policies;
  policies.identity = one;
  measure("simple: one statement, allowed", request, policies, true, seconds);
  request.action = "sqs:SendMessage";
  measure("simple: one statement, another action", request, policies, false, seconds);

  const Document developer = parse(kDeveloper, DocumentKind::kManaged);
  const Document home = parse(kHome, DocumentKind::kManaged);
  const Document guard = parse(kGuard, DocumentKind::kManaged);
  const Document bucket = parse(kBucket, DocumentKind::kResource);
  const Document* const three[] = {&developer, &home, &guard};
  policies.identity = three;
  Context context;
  for (const auto& [key, value] :
       {std::pair("aws:SourceIp", "203.0.113.7"), std::pair("aws:SecureTransport", "true"),
        std::pair("aws:MultiFactorAuthPresent", "true"), std::pair("aws:ViaAWSService", "false"),
        std::pair("aws:CurrentTime", "2026-11-24T09:00:00Z"), std::pair("aws:UserAgent", "x"),
        std::pair("aws:RequestedRegion", "us-east-1")}) {
    context.add(key, value);
  }
  request.context = &context;
  request.resource = "arn:aws:sqs:us-east-1:111122223333:orders";
  measure("realistic: 3 policies, 9 statements, 6 condition keys: SendMessage", request, policies, true, seconds);
  request.action = "s3:GetObject";
  request.resource = "arn:aws:s3:::homes/home/ada/2026/cat.png";
  policies.resource = &bucket;
  measure("the same, GetObject by ${aws:username}, with a bucket policy", request, policies, true, seconds);
  request.resource = "arn:aws:s3:::homes/home/bob/2026/cat.png";
  measure("the same, another's object: denied", request, policies, false, seconds);
}

#include "services/events/policy.h"

#include <gtest/gtest.h>

namespace signalbox::events {
namespace {

policy::Permission anyone(std::string sid) {
  return {std::move(sid), {"*"}, {"events:PutEvents"}, "arn:bus", {}};
}

TEST(Policy, AddsReplacesAndRemovesStatements) {
  auto policy = with_statement("", {"one",
                                    {"arn:aws:iam::111111111111:root"},
                                    {"events:PutEvents"},
                                    "arn:bus",
                                    policy::Permission::Condition{"StringEquals", "aws:PrincipalOrgID", "o-1"}});
  ASSERT_TRUE(policy);
  EXPECT_EQ(*policy,
            R"({"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow",)"
            R"("Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"events:PutEvents","Resource":"arn:bus",)"
            R"("Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]})");
  policy = with_statement(*policy, anyone("two"));
  policy = with_statement(*policy, anyone("one"));
  EXPECT_EQ(*policy,
            R"({"Version":"2012-10-17","Statement":[)"
            R"({"Sid":"two","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"arn:bus"},)"
            R"({"Sid":"one","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"arn:bus"}]})");
  EXPECT_EQ(without_statement(*policy, "three").error().code, "ResourceNotFoundException");
  policy = without_statement(*policy, "two");
  EXPECT_EQ(*without_statement(*policy, "one"), "");
}

TEST(Policy, IsBounded) {
  std::string policy;
  for (int i = 0;; ++i) {
    auto next = with_statement(policy, anyone("sid" + std::to_string(i)));
    if (!next) {
      EXPECT_EQ(next.error().code, "PolicyLengthExceededException");
      break;
    }
    policy = *next;
    ASSERT_LE(policy.size(), kMaxPolicyBytes);
  }
}

TEST(Policy, ChecksAWholePolicy) {
  EXPECT_EQ(
      *check_policy(R"({ "Statement": [ {"Effect":"Allow","Principal":"*","Action":"events:*","Resource":"*"} ]})"),
      R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"events:*","Resource":"*"}]})");
  EXPECT_EQ(check_policy(R"({"Statement":[{"Sid":"a","Effect":"Allow"}]})").error().message,
            "Parameter Policy is not valid. Reason: Missing required field Principal");
  for (const char* bad : {"", "[]", "{}", R"({"Statement":1})", "{"}) {
    EXPECT_EQ(check_policy(bad).error().code, "ValidationException") << bad;
  }
  EXPECT_FALSE(without_statement("", "a"));
}

}  // namespace
}  // namespace signalbox::events

#include "policy/statement_text.h"

#include <gtest/gtest.h>

#include "policy/document.h"

namespace signalbox::policy {
namespace {

TEST(StatementText, TakesPoliciesApartAndPutsThemTogether) {
  const auto texts = statement_texts(R"({ "Statement": [ { "Sid": "a", "x": [1, 2] }, {"y": 1} ] })");
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].sid, "a");
  EXPECT_EQ(texts[0].text, R"({"Sid":"a","x":[1,2]})");
  EXPECT_EQ(texts[1].sid, "");
  EXPECT_EQ(policy_text("i", texts),
            R"({"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"a","x":[1,2]},{"y":1}]})");
  EXPECT_EQ(statement_texts(R"({"Statement":{"Sid":"b"}})")[0].sid, "b");
  for (const char* none : {"", "[]", "{", "{}"}) EXPECT_TRUE(statement_texts(none).empty()) << none;
}

TEST(StatementText, WritesPermissionsThatAreGoodPolicies) {
  Permission permission{"s", {"*"}, {"events:PutEvents"}, "arn:aws:events:us-east-1:111122223333:event-bus/b", {}};
  EXPECT_EQ(statement_text(permission).text,
            R"({"Sid":"s","Effect":"Allow","Principal":"*","Action":"events:PutEvents",)"
            R"("Resource":"arn:aws:events:us-east-1:111122223333:event-bus/b"})");
  permission.principals = {"arn:aws:iam::1:root", "arn:aws:iam::2:root"};
  permission.condition = {"StringEquals", "aws:PrincipalOrgID", "o-1"};
  const StatementText text = statement_text(permission);
  EXPECT_EQ(text.text,
            R"({"Sid":"s","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:root"]},)"
            R"("Action":"events:PutEvents","Resource":"arn:aws:events:us-east-1:111122223333:event-bus/b",)"
            R"("Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})");
  EXPECT_TRUE(Document::parse(policy_text("", {text}), DocumentKind::kResource));
}

}  // namespace
}  // namespace signalbox::policy

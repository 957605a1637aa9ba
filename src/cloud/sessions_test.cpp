#include "cloud/sessions.h"

#include <gtest/gtest.h>

namespace signalbox::cloud {
namespace {

struct Parts {
  VirtualClock clock{Time(Duration(1493402200000))};
  SeededRandom random{7};
  Sealer sealer{Sealer::Key{1}};
  Callers callers;
  Authority authority{callers, clock};
  Sessions sessions{callers, authority, sealer, clock, random};
};

TEST(AccessKeys, HoldTheirAccount) {
  SeededRandom random(1);
  for (const char* account : {"000000000000", "123456789012", "549755813887", "999999999999"}) {
    const std::string key = new_access_key("AKIA", account, random);
    EXPECT_EQ(key.size(), 20U);
    EXPECT_EQ(account_of_access_key(key), account) << key;
  }
  for (const char* key : {"", "AKIA", "AKIA0000000000000000", "XXXXAAAAAAAAAAAAAAAA", "AKIAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(account_of_access_key(key), std::nullopt) << key;
  }
}

TEST(Sessions, TokensSayWhoTheyAreFor) {
  Parts parts;
  const auto issued = parts.sessions.assume({"arn:aws:iam::123456789012:role/x/r", "lambda.amazonaws.com", "s",
                                             "arn:aws:lambda:us-east-1:123456789012:function:f", "123456789012", true,
                                             std::chrono::minutes(15)});
  ASSERT_TRUE(issued);
  Parts restarted;
  const auto known = restarted.sessions.find(issued->access_key, issued->token);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->secret, issued->secret);
  EXPECT_EQ(known->principal.type, PrincipalType::kAssumedRole);
  EXPECT_EQ(known->principal.arn, "arn:aws:sts::123456789012:assumed-role/r/s");
  EXPECT_EQ(known->principal.session->issuer_arn, "arn:aws:iam::123456789012:role/x/r");
  EXPECT_EQ(known->principal.session->source_function, "arn:aws:lambda:us-east-1:123456789012:function:f");
  EXPECT_FALSE(restarted.sessions.is_over(*known));
  restarted.clock.advance(std::chrono::minutes(15));
  EXPECT_TRUE(restarted.sessions.is_over(*known));
  EXPECT_EQ(restarted.sessions.find("ASIAAAAAAAAAAAAAAAAA", issued->token), nullptr);
  EXPECT_EQ(restarted.sessions.find(issued->access_key, issued->token + "AAAA"), nullptr);
  EXPECT_EQ(restarted.sessions.find(issued->access_key, ""), nullptr);
}

TEST(Sessions, EnforceNeedsTheRole) {
  Parts parts;
  parts.authority.enforce();
  const auto refused = parts.sessions.assume({"arn:aws:iam::123456789012:role/r", "lambda.amazonaws.com", "", "", ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "AccessDeniedException");
}

}  // namespace
}  // namespace signalbox::cloud

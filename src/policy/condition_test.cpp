#include "policy/condition.h"

#include <gtest/gtest.h>

#include <sstream>

#include "policy/glob.h"

namespace signalbox::policy {
namespace {

TEST(Glob, MatchesWholeTexts) {
  struct Case {
    const char* pattern;
    const char* text;
    bool expected;
  };
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "abc", true},
      {"a*c", "abc", true},
      {"a*c", "ac", true},
      {"a*c", "acb", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"a?c", "a\u00e9c", true},
      {"a??c", "a\u00e9c", false},
      {"*a*b*", "xxaxxbxx", true},
      {"*ab", "aab", true},
      {"*abab", "ababab", true},
      {"a**b", "ab", true},
      {"*?", "", false},
      {"a*b*c", "abcbc", true},
      {"a*b*c", "abcb", false},
      {"A", "a", false},
  };
  for (const Case& c : cases) {
    std::string pattern;
    append_glob(pattern, c.pattern);
    EXPECT_EQ(glob_matches(pattern, c.text), c.expected) << c.pattern << " " << c.text;
  }
  EXPECT_TRUE(glob_matches_folded("putobject", "PutObject"));
}

TEST(Glob, TakesNoLongerForHostilePatterns) {
  std::string pattern, text(20000, 'a');
  for (int i = 0; i < 5000; ++i) append_glob(pattern, "a*");
  append_glob(pattern, "b");
  EXPECT_FALSE(glob_matches(pattern, text));  // exponential backtracking would never end
}

/// A request with `values` (comma-separated; "-" for none) under "test:key", by a tagged user.
bool met(const char* op, const char* policy_values, const std::string& values) {
  json::Document document;
  const auto parsed = document.parse(policy_values);
  EXPECT_TRUE(parsed) << policy_values;
  const auto condition = Condition::compile(op, "Test:Key", *parsed, true);
  EXPECT_TRUE(condition) << op << (condition ? "" : condition.error().message);
  if (!parsed || !condition) return false;
  Context context;
  if (values != "-") {
    std::istringstream list(values + ",");
    for (std::string value; std::getline(list, value, ',');) context.add("test:KEY", value);
  }
  const Tag tags[] = {{"Team", "blue*"}};
  Request request;
  request.principal = {
      PrincipalType::kUser, "arn:aws:iam::111122223333:user/path/ada", "111122223333", "", "AIDA1", "", "", tags};
  request.context = &context;
  std::string buffer;
  return condition->met(request, buffer);
}

TEST(Condition, OperatorsCompareAsDocumented) {
  struct Case {
    const char* op;
    const char* policy;
    const char* values;
    bool expected;
  };
  const Case cases[] = {
      {"StringEquals", R"("a")", "a", true},
      {"StringEquals", R"("a")", "A", false},
      {"StringEquals", R"(["a","b"])", "b", true},
      {"StringEquals", R"("a*")", "ab", false},
      {"StringEquals", R"("a")", "-", false},
      {"StringEquals", R"([])", "a", false},
      {"StringEquals", R"(10)", "10", true},
      {"stringequals", R"("a")", "a", true},
      {"StringNotEquals", R"("a")", "b", true},
      {"StringNotEquals", R"(["a","b"])", "b", false},
      {"StringNotEquals", R"("a")", "-", true},
      {"StringEqualsIgnoreCase", R"("aB")", "Ab", true},
      {"StringNotEqualsIgnoreCase", R"("aB")", "Ab", false},
      {"StringLike", R"("a*c?")", "abbcd", true},
      {"StringLike", R"("a*")", "ba", false},
      {"StringNotLike", R"("a*")", "ab", false},
      {"StringNotLike", R"("a*")", "b", true},
      {"StringEquals", R"("${aws:username}")", "ada", true},
      {"StringEquals", R"("${AWS:UserName}-x")", "ada-x", true},
      {"StringLike", R"("home/${aws:username}/*")", "home/ada/x", true},
      {"StringLike", R"("${aws:PrincipalTag/team}")", "blue*", true},
      {"StringLike", R"("${aws:PrincipalTag/team}")", "blues", false},  // what a variable brings in is no wildcard
      {"StringEquals", R"("${aws:PrincipalTag/none}")", "x", false},
      {"StringNotEquals", R"("${aws:PrincipalTag/none}")", "x", true},
      {"StringEquals", R"("${aws:PrincipalTag/none, 'all}'}")", "all}", true},
      {"StringEquals", R"("${aws:PrincipalTag/none,''}")", "", true},
      {"StringLike", R"("${*}${?}${$}{*")", "*?${x", true},
      {"StringLike", R"("${*}")", "x", false},
      {"StringEquals", R"("${*}")", "*", true},
      {"NumericEquals", R"("10")", "10.0", true},
      {"NumericEquals", R"(10)", "1e1", true},
      {"NumericNotEquals", R"("10")", "11", true},
      {"NumericLessThan", R"("10")", "9.5", true},
      {"NumericLessThan", R"("10")", "10", false},
      {"NumericLessThanEquals", R"("10")", "10", true},
      {"NumericGreaterThan", R"("10")", "10.01", true},
      {"NumericGreaterThanEquals", R"("10")", "x", false},
      {"NumericLessThan", R"("10")", "-", false},
      {"DateLessThan", R"("2020-04-01T00:00:00Z")", "2020-03-31T23:59:59Z", true},
      {"DateLessThan", R"("2020-04-01T00:00:00Z")", "2020-04-01T01:00:00+02:00", true},
      {"DateGreaterThan", R"("2020-04")", "2020-04-01T00:00:01Z", true},
      {"DateEquals", R"("2020-04-01T12:30Z")", "2020-04-01T12:30:00Z", true},
      {"DateEquals", R"("1585699200")", "2020-04-01", true},
      {"DateNotEquals", R"("2020")", "2021", true},
      {"DateGreaterThanEquals", R"("2020-04-01")", "1585699200", true},
      {"DateLessThanEquals", R"("2020-04-01")", "1585699201", false},
      {"Bool", R"("true")", "true", true},
      {"Bool", R"(true)", "True", true},
      {"Bool", R"("false")", "true", false},
      {"Bool", R"("false")", "-", false},
      {"BoolIfExists", R"("false")", "-", true},
      {"BinaryEquals", R"("QmluYXJ5")", "Binary", true},
      {"BinaryEquals", R"("QmluYXJ5")", "QmluYXJ5", true},
      {"BinaryEquals", R"("QmluYXJ5")", "binary", false},
      {"IpAddress", R"("203.0.113.0/24")", "203.0.113.255", true},
      {"IpAddress", R"("203.0.113.0/25")", "203.0.113.128", false},
      {"IpAddress", R"("203.0.113.7")", "203.0.113.7", true},
      {"IpAddress", R"("0.0.0.0/0")", "2001:db8::1", false},
      {"IpAddress", R"(["203.0.113.0/24","2001:DB8:1234:5678::/63"])", "2001:db8:1234:5679::1", true},
      {"NotIpAddress", R"("203.0.113.0/24")", "203.0.114.1", true},
      {"NotIpAddress", R"("203.0.113.0/24")", "-", true},
      {"ArnEquals", R"("arn:aws:sns:*:111122223333:t*")", "arn:aws:sns:us-east-1:111122223333:topic", true},
      {"ArnLike", R"("arn:aws:sns:*:topic")", "arn:aws:sns:us-east-1:111122223333:topic", false},
      {"ArnLike", R"("arn:aws:sns:*:*:${aws:username}")", "arn:aws:sns:us-east-1:1:ada", true},
      {"ArnLike", R"("arn:aws:*:*:*:*")", "no arn", false},
      {"ArnNotLike", R"("arn:aws:sns:*:*:*")", "arn:aws:sqs:us-east-1:1:q", true},
      {"ArnNotEquals", R"("arn:aws:sns:*:*:*")", "-", true},
      {"Null", R"("true")", "-", true},
      {"Null", R"("true")", "a", false},
      {"Null", R"(false)", "a", true},
      {"StringEqualsIfExists", R"("a")", "-", true},
      {"StringEqualsIfExists", R"("a")", "b", false},
      {"StringNotEqualsIfExists", R"("a")", "a", false},
      {"StringEquals", R"("a")", "b,a", true},
      {"StringNotEquals", R"("a")", "b,a", false},
      {"ForAllValues:StringEquals", R"(["a","b"])", "b,a", true},
      {"ForAllValues:StringEquals", R"(["a","b"])", "b,c", false},
      {"ForAllValues:StringEquals", R"("a")", "-", true},
      {"ForAllValues:StringEquals", R"("a")", "", true},
      {"ForAllValues:StringNotEquals", R"(["a","b"])", "c,d", true},
      {"ForAllValues:StringNotEquals", R"(["a","b"])", "c,a", false},
      {"ForAnyValue:StringEquals", R"(["a","b"])", "c,a", true},
      {"ForAnyValue:StringEquals", R"(["a","b"])", "c", false},
      {"ForAnyValue:StringEquals", R"("a")", "-", false},
      {"ForAnyValue:StringNotEquals", R"(["a","b"])", "a,c", true},
      {"ForAnyValue:StringNotEquals", R"(["a","b"])", "a,b", false},
      {"ForAnyValue:StringNotEquals", R"("a")", "-", false},
      {"ForAnyValue:StringLikeIfExists", R"("a*")", "-", true},
      {"ForAnyValue:IpAddress", R"("10.0.0.0/8")", "11.0.0.1,10.9.9.9", true},
  };
  for (const Case& c : cases) EXPECT_EQ(met(c.op, c.policy, c.values), c.expected) << c.op << c.policy << c.values;
}

TEST(Condition, VariablesAreTextInPoliciesOfTheOldVersion) {
  json::Document document;
  const auto condition = Condition::compile("StringEquals", "test:key", *document.parse(R"("${aws:username}")"), false);
  Context context;
  context.add("test:key", "${aws:username}");
  Request request;
  request.context = &context;
  std::string buffer;
  EXPECT_TRUE(condition->met(request, buffer));
}

TEST(ArnPattern, KeepsWildcardsWithinTheirParts) {
  struct Case {
    const char* pattern;
    const char* arn;
    bool expected;
  };
  const Case cases[] = {
      {"*", "arn:aws:s3:::b", true},
      {"*", "*", true},
      {"arn:aws:s3:::b", "arn:aws:s3:::b", true},
      {"arn:aws:s3:::b", "arn:aws:s3:::B", false},
      {"arn:aws:s3:::b/*", "arn:aws:s3:::b/k:x/y", true},
      {"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
      {"arn:aws:s3:::b*/x", "arn:aws:s3:::b1/y/x", true},
      {"arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:eu-west-1:111122223333:q", true},
      {"arn:aws:sqs:*:q", "arn:aws:sqs:eu-west-1:111122223333:q", false},
      {"arn:aws:sqs:us-*-1:*:q?", "arn:aws:sqs:us-east-1:1:q9", true},
      {"arn:aws:sqs", "arn:aws:sqs:eu-west-1:111122223333:q", true},
      {"arn:aws:sqs", "arn:aws:sns:eu-west-1:111122223333:q", false},
      {"arn:*:s3:::b", "arn:aws-cn:s3:::b", true},
      {"arn:aws:s3:::b", "*", false},
      {"arn:aws:s3:::${aws:PrincipalAccount}/*", "arn:aws:s3:::1/x", true},
      {"arn:aws:iam::${aws:PrincipalAccount}:role/*", "arn:aws:iam::1:role/x", true},
      {"arn:aws:iam::${aws:PrincipalAccount}:role/*", "arn:aws:iam::2:role/x", false},
      {"arn:aws:s3:::${aws:username}", "arn:aws:s3:::", false},
  };
  Request request;
  request.principal.type = PrincipalType::kRoot;
  request.principal.account = "1";
  std::string buffer;
  for (const Case& c : cases) {
    const auto pattern = ArnPattern::compile(c.pattern, true);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->matches(c.arn, request, buffer), c.expected) << c.pattern << " " << c.arn;
  }
}

}  // namespace
}  // namespace signalbox::policy

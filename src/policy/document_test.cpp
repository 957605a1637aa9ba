#include "policy/document.h"

#include <gtest/gtest.h>

#include "policy/validate.h"

namespace signalbox::policy {
namespace {

struct Case {
  const char* name;
  DocumentKind kind;
  std::string text;
  const char* error;  // "" when it is good
};

std::string with(std::string_view members) {
  return R"({"Version":"2012-10-17","Statement":[{)" + std::string(members) + "}]}";
}
std::string allow(std::string_view members) {
  return with(R"("Effect":"Allow",)" + std::string(members));
}
std::string trust(std::string_view members) {
  return allow(R"("Principal":"*",)" + std::string(members));
}

TEST(Document, IsRefusedInAwsWords) {
  constexpr auto kManaged = DocumentKind::kManaged;
  constexpr auto kInline = DocumentKind::kInline;
  constexpr auto kResource = DocumentKind::kResource;
  constexpr auto kTrust = DocumentKind::kTrust;
  constexpr auto kSyntax = "Syntax errors in policy.";
  constexpr auto kVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
  const std::string plain = R"("Action":"s3:Get*","Resource":"*")";
  const Case cases[] = {
      {"good", kManaged, allow(plain), ""},
      {"one statement, no array", kManaged,
       R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":["*"],"NotResource":["*"]}})", ""},
      {"old version", kManaged, R"({"Version":"2008-10-17","Statement":[]})",
       "Policy document must be version 2012-10-17 or greater."},
      {"no version", kManaged, R"({"Statement":[]})", "Policy document must be version 2012-10-17 or greater."},
      {"inline needs no version", kInline, R"({"Statement":[{"Effect":"Allow",)" + plain + "}]}", ""},
      {"unknown version", kInline, R"({"Version":"2020-01-01","Statement":[{"Effect":"Allow",)" + plain + "}]}",
       kSyntax},
      {"not JSON", kManaged, "{", kSyntax},
      {"not JSON, trust", kTrust, "{", "This policy contains invalid Json"},
      {"not an object", kManaged, "[]", kSyntax},
      {"empty", kManaged, "", kSyntax},
      {"no statement", kManaged, R"({"Version":"2012-10-17"})", kSyntax},
      {"no statement, trust", kTrust, R"({"Version":"2012-10-17"})", "Missing required field Statement"},
      {"no statements", kManaged, R"({"Version":"2012-10-17","Statement":[]})", kSyntax},
      {"unknown element", kManaged, allow(plain + R"(,"Comment":"x")"), kSyntax},
      {"element twice", kManaged, allow(plain + R"(,"Effect":"Deny")"), kSyntax},
      {"no effect", kManaged, with(plain), kSyntax},
      {"no effect, resource", kResource, with(R"("Principal":"*",)" + plain), "Missing required field Effect"},
      {"effect in lower case", kManaged, with(R"("Effect":"allow",)" + plain), "The policy failed legacy parsing"},
      {"effect of another kind", kManaged, with(R"("Effect":"Perhaps",)" + plain), kSyntax},
      {"no action", kManaged, allow(R"("Resource":"*")"), "Policy statement must contain actions."},
      {"no actions", kManaged, allow(R"("Action":[],"Resource":"*")"), "Policy statement must contain actions."},
      {"both actions", kManaged, allow(R"("NotAction":"s3:*",)" + plain), kSyntax},
      {"action a number", kManaged, allow(R"("Action":1,"Resource":"*")"), kSyntax},
      {"action without vendor", kManaged, allow(R"("Action":"GetObject","Resource":"*")"), kVendor},
      {"empty action", kManaged, allow(R"("Action":"","Resource":"*")"), kVendor},
      {"action of two colons", kManaged, allow(R"("Action":"s3:a:b","Resource":"*")"),
       "Actions/Condition can contain only one colon."},
      {"odd vendor", kManaged, allow(R"("Action":"s 3:Get","Resource":"*")"), "Vendor s 3 is not valid"},
      {"no resource", kManaged, allow(R"("Action":"s3:*")"), "Policy statement must contain resources."},
      {"resource no ARN", kManaged, allow(R"("Action":"s3:*","Resource":["*","bucket"])"),
       R"(Resource bucket must be in ARN format or "*".)"},
      {"partition", kManaged, allow(R"("Action":"s3:*","Resource":"arn:azure:s3:::b")"),
       R"(Partition "azure" is not valid for resource "arn:azure:s3:::b".)"},
      {"region in IAM", kManaged, allow(R"("Action":"iam:*","Resource":"arn:aws:iam:us-east-1:111122223333:user/x")"),
       "IAM resource arn:aws:iam:us-east-1:111122223333:user/x cannot contain region information."},
      {"region in S3", kManaged, allow(R"("Action":"s3:*","Resource":"arn:aws:s3:us-east-1::b")"),
       "Resource arn:aws:s3:us-east-1::b can not contain region information."},
      {"access point", kManaged,
       allow(R"("Action":"s3:*","Resource":"arn:aws:s3:us-east-1:111122223333:accesspoint/a")"), ""},
      {"part of an ARN", kManaged, allow(R"("Action":"sqs:*","Resource":"arn:aws:sqs")"), ""},
      {"principal", kManaged, allow(R"("Principal":"*",)" + plain), "Policy document should not specify a principal."},
      {"Sid twice", kManaged,
       R"({"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow",)" + plain +
           R"(},{"Sid":"a","Effect":"Allow",)" + plain + "}]}",
       "Statement IDs (SID) in a single policy must be unique."},
      {"Sid with a space", kInline, allow(R"("Sid":"a b",)" + plain),
       "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
       "[0-9A-Za-z]*"},
      {"Sid with a space, resource", kResource, allow(R"("Sid":"a b","Principal":"*",)" + plain), ""},
      {"unknown operator", kManaged, allow(plain + R"(,"Condition":{"StringIs":{"aws:x":"y"}})"),
       "Invalid Condition type : StringIs"},
      {"NullIfExists", kManaged, allow(plain + R"(,"Condition":{"NullIfExists":{"aws:x":"true"}})"),
       "Invalid Condition type : NullIfExists"},
      {"key without vendor", kManaged, allow(plain + R"(,"Condition":{"Bool":{"x":"true"}})"), ""},
      {"bad number", kManaged, allow(plain + R"(,"Condition":{"NumericEquals":{"s3:max-keys":"ten"}})"),
       "Invalid value for condition operator NumericEquals: ten"},
      {"bad date", kManaged, allow(plain + R"(,"Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}})"),
       "The policy failed legacy parsing"},
      {"bad address", kManaged, allow(plain + R"(,"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/33"]}})"),
       "Invalid value for condition operator IpAddress: 10.0.0.0/33"},
      {"bad null", kManaged, allow(plain + R"(,"Condition":{"Null":{"aws:x":"maybe"}})"),
       "Invalid value for condition operator Null: maybe"},
      {"condition nested", kManaged, allow(plain + R"(,"Condition":{"Bool":{"aws:x":{"y":"true"}}})"), kSyntax},
      {"condition a list", kManaged, allow(plain + R"(,"Condition":[])"), kSyntax},
      {"no end of a variable", kManaged, allow(R"("Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username")"),
       "Invalid policy variable in ${aws:username."},
      {"no principal", kResource, allow(plain), "Missing required field Principal"},
      {"principal *", kResource, allow(R"("Principal":"*",)" + plain), ""},
      {"principal text", kResource, allow(R"("Principal":"ada",)" + plain), R"(Invalid principal in policy: "ada")"},
      {"principal kinds", kResource,
       allow(R"("Principal":{"AWS":["*","111122223333","arn:aws:iam::111122223333:root","arn:aws:iam::1:role/a/b",
             "arn:aws:sts::1:assumed-role/r/s","arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
             "AROAABCDEFGHIJKLMNOPQ"],"Service":"events.amazonaws.com","CanonicalUser":"79a5",
             "Federated":["accounts.google.com"]},)" +
             plain),
       ""},
      {"principal with wildcard", kResource,
       allow(R"("Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},)" + plain),
       R"(Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*")"},
      {"principal a group", kResource, allow(R"("Principal":{"AWS":"arn:aws:iam::111122223333:group/g"},)" + plain),
       R"(Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g")"},
      {"principal no service", kResource, allow(R"("Principal":{"Service":"events"},)" + plain),
       R"(Invalid principal in policy: "SERVICE":"events")"},
      {"principal of no kind", kResource, allow(R"("Principal":{"User":"x"},)" + plain), kSyntax},
      {"principals none", kResource, allow(R"("Principal":{"AWS":[]},)" + plain), kSyntax},
      {"both principals", kResource, allow(R"("Principal":"*","NotPrincipal":"*",)" + plain), kSyntax},
      {"trust", kTrust, trust(R"("Action":["sts:AssumeRole","sts:TagSession"])"), ""},
      {"trust of resources", kTrust, trust(R"("Action":"sts:AssumeRole","Resource":"*")"),
       "Has prohibited field Resource"},
      {"trust of others", kTrust, trust(R"("Action":"s3:GetObject")"),
       "AssumeRole policy may only specify STS AssumeRole actions."},
      {"trust of all", kTrust, trust(R"("Action":"*")"), "AssumeRole policy may only specify STS AssumeRole actions."},
      {"trust without principal", kTrust, allow(R"("Action":"sts:AssumeRole")"), "Missing required field Principal"},
      {"too long", kResource, std::string(kMaxDocumentBytes + 1, ' '), "Policy document is larger than 32768 bytes."},
  };
  for (const Case& c : cases) {
    const auto document = Document::parse(c.text, c.kind);
    EXPECT_EQ(document ? "" : document.error().message, c.error) << c.name;
    if (!document) {
      EXPECT_EQ(document.error().code, "MalformedPolicyDocument") << c.name;
    }
  }
}

TEST(Document, OfIdentitiesIsCheckedForItsArns) {
  constexpr auto kLegacy = "The policy failed legacy parsing";
  constexpr auto kRegexes = "Resource vendor must be fully qualified and cannot contain regexes.";
  constexpr auto kPath =
      "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, "
      "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.";
  const std::pair<const char*, const char*> cases[] = {
      {"arn:aws:s3:::b/*", ""},
      {"arn:aws:sqs:*:*:q", ""},
      {"arn:aws:sqs:us-east-1", ""},
      {"arn:aws:s3::b", kLegacy},
      {"arn:aws::x", kLegacy},
      {"arn:aws:::::x", kLegacy},
      {"arn:aws", kRegexes},
      {"arn:aws:s*:::b", kRegexes},
      {"arn:aws:iam:::x", kPath},
      {"arn:aws:iam::111122223333:users/u", kPath},
      {"arn:aws:iam::111122223333:user/u", ""},
      {"arn:aws:iam::111122223333:*", ""},
      {"arn:aws:iam::111122223333:u*", ""},
      {"arn:aws:iam::111122223333:${aws:username}", ""},
      {"arn:error:s3:::b", R"(Partition "error" is not valid for resource "arn:error:s3:::b".)"},
      {"bucket", R"(Resource bucket must be in ARN format or "*".)"},
  };
  for (const auto& [resource, error] : cases) {
    for (const char* element : {"Resource", "NotResource"}) {
      const std::string text =
          allow(R"("Action":"s3:Get*",")" + std::string(element) + R"(":["*",")" + resource + R"("])");
      const auto document = validate(text, DocumentKind::kManaged);
      EXPECT_EQ(document ? "" : document.error().message, error) << resource;
    }
  }
  EXPECT_TRUE(validate(trust(R"("Action":"sts:AssumeRole")"), DocumentKind::kTrust));
  EXPECT_EQ(validate("{", DocumentKind::kInline).error().message, "Syntax errors in policy.");
}

TEST(Document, KnowsWhereItsStatementsStandAndWhatTheyRead) {
  const auto document = Document::parse(R"({
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/*"},
    {
      "Effect": "Deny", "Action": "*", "Resource": "*",
      "Condition": {"StringLike": {"s3:prefix": "${aws:PrincipalTag/Team, 'all'}*"}}
    }
  ]
})",
                                        DocumentKind::kManaged);
  ASSERT_TRUE(document);
  const auto statements = document->statements();
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].start.line, 4);
  EXPECT_EQ(statements[0].start.column, 5);
  EXPECT_EQ(statements[0].end.line, 4);
  EXPECT_EQ(statements[1].start.line, 5);
  EXPECT_EQ(statements[1].end.line, 8);
  EXPECT_EQ(statements[1].end.column, 6);
  const auto keys = document->context_keys();
  EXPECT_EQ(std::vector<std::string>(keys.begin(), keys.end()),
            (std::vector<std::string>{"aws:PrincipalTag/Team", "aws:username", "s3:prefix"}));
}

}  // namespace
}  // namespace signalbox::policy

#include "policy/evaluate.h"

#include <gtest/gtest.h>

#include <memory>

namespace signalbox::policy {
namespace {

constexpr std::string_view kAccount = "111122223333";
constexpr std::string_view kOther = "999900001111";
constexpr std::string_view kBucket = "arn:aws:s3:::photos/cat.png";

const Principal kUser = {
    PrincipalType::kUser, "arn:aws:iam::111122223333:user/ada", kAccount, "", "AIDABCDEFGHIJKLMNOPQR", "", "", {}};
const Principal kRoot = {PrincipalType::kRoot, "arn:aws:iam::111122223333:root", kAccount, "", kAccount, "", "", {}};
const Principal kSession = {PrincipalType::kAssumedRole,
                            "arn:aws:sts::111122223333:assumed-role/work/s1",
                            kAccount,
                            "arn:aws:iam::111122223333:role/team/work",
                            "AROAABCDEFGHIJKLMNOPQ:s1",
                            "",
                            "",
                            {},
                            "",
                            "AROAABCDEFGHIJKLMNOPQ"};
const Principal kFederated = {PrincipalType::kFederatedUser,
                              "arn:aws:sts::111122223333:federated-user/bob",
                              kAccount,
                              "arn:aws:iam::111122223333:user/ada",
                              "111122223333:bob",
                              "",
                              "",
                              {},
                              "",
                              "AIDABCDEFGHIJKLMNOPQR"};
const Principal kService = {PrincipalType::kService, "", "", "", "", "events.amazonaws.com", "", {}};
const Principal kAnonymous = {};

/// Policies in short: "A" allows s3:*, "D" denies it, "N" says nothing about it; "" is no policy.
std::string text_of(std::string_view what, std::string_view principal) {
  std::string text = R"({"Version":"2012-10-17","Statement":{"Sid":")" + std::string(what) + R"(","Effect":")";
  text += what == "D" ? "Deny" : "Allow";
  text += R"(","Action":")" + std::string(what == "N" ? "sqs:*" : "s3:*") + R"(","Resource":"*")";
  if (!principal.empty()) text += R"(,"Principal":)" + std::string(principal);
  return text + "}}";
}

class Scene {
 public:
  std::vector<const Document*> add(std::string_view what, DocumentKind kind, std::string_view principal = "") {
    if (what.empty()) return {};
    auto made = Document::parse(text_of(what, principal), kind);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    documents_.push_back(std::make_unique<Document>(*std::move(made)));
    return {documents_.back().get()};
  }

 private:
  std::vector<std::unique_ptr<Document>> documents_;
};

struct Case {
  const char* name;
  Principal principal;
  std::string_view owner;  // of the resource
  const char *identity, *boundary, *session, *scp;
  const char *resource, *grantee;
  Outcome outcome;
  PolicyType type;
};

TEST(Evaluate, DecidesAsTheUserGuideHasIt) {
  constexpr auto kAllowed = Outcome::kAllowed;
  constexpr auto kImplicit = Outcome::kImplicitDeny;
  constexpr auto kExplicit = Outcome::kExplicitDeny;
  constexpr auto kId = PolicyType::kIdentity;
  constexpr auto kRes = PolicyType::kResource;
  constexpr auto kBound = PolicyType::kBoundary;
  constexpr auto kSess = PolicyType::kSession;
  constexpr auto kScp = PolicyType::kServiceControl;
  const char* const kUserArn = R"({"AWS":"arn:aws:iam::111122223333:user/ada"})";
  const char* const kRoleArn = R"({"AWS":"arn:aws:iam::111122223333:role/team/work"})";
  const char* const kUserId = R"({"AWS":"AIDABCDEFGHIJKLMNOPQR"})";
  const char* const kRoleId = R"({"AWS":"AROAABCDEFGHIJKLMNOPQ"})";
  const char* const kSessionArn = R"({"AWS":"arn:aws:sts::111122223333:assumed-role/work/s1"})";
  const char* const kFederatedArn = R"({"AWS":"arn:aws:sts::111122223333:federated-user/bob"})";
  const char* const kAccountOnly = R"({"AWS":"111122223333"})";
  const char* const kEvents = R"({"Service":["sns.amazonaws.com","events.amazonaws.com"]})";
  const char* const kAll = R"("*")";
  const Case cases[] = {
      // Within an account.
      {"no policies", kUser, kAccount, "", "", "", "", "", "", kImplicit, kId},
      {"identity", kUser, kAccount, "A", "", "", "", "", "", kAllowed, kId},
      {"identity of others", kUser, kAccount, "N", "", "", "", "", "", kImplicit, kId},
      {"identity denies", kUser, kAccount, "D", "", "", "", "A", kUserArn, kExplicit, kId},
      {"resource alone", kUser, kAccount, "", "", "", "", "A", kUserArn, kAllowed, kRes},
      {"resource to the user's id", kUser, kAccount, "", "N", "", "", "A", kUserId, kAllowed, kRes},
      {"resource to everyone", kUser, kAccount, "", "", "", "", "A", kAll, kAllowed, kRes},
      {"resource to the account", kUser, kAccount, "", "", "", "", "A", kAccountOnly, kImplicit, kId},
      {"resource to the account and identity", kUser, kAccount, "A", "", "", "", "A", kAccountOnly, kAllowed, kId},
      {"resource to another", kUser, kAccount, "", "", "", "", "A", kRoleArn, kImplicit, kId},
      {"resource denies", kUser, kAccount, "A", "", "", "", "D", kAll, kExplicit, kRes},
      {"resource denies the account", kUser, kAccount, "A", "", "", "", "D", kAccountOnly, kExplicit, kRes},
      {"resource denies another", kUser, kAccount, "A", "", "", "", "D", kRoleArn, kAllowed, kId},
      {"resource silent", kUser, kAccount, "A", "", "", "", "N", kAll, kAllowed, kId},
      {"boundary allows", kUser, kAccount, "A", "A", "", "", "", "", kAllowed, kId},
      {"boundary is no grant", kUser, kAccount, "", "A", "", "", "", "", kImplicit, kId},
      {"boundary lacks", kUser, kAccount, "A", "N", "", "", "", "", kImplicit, kBound},
      {"boundary denies", kUser, kAccount, "A", "D", "", "", "", "", kExplicit, kBound},
      {"boundary lacks, resource to the user", kUser, kAccount, "", "N", "", "", "A", kUserArn, kAllowed, kRes},
      {"boundary denies, resource to the user", kUser, kAccount, "", "D", "", "", "A", kUserArn, kExplicit, kBound},
      {"boundary lacks, resource to the account", kUser, kAccount, "A", "N", "", "", "A", kAccountOnly, kImplicit,
       kBound},
      // Sessions.
      {"session policy allows", kSession, kAccount, "A", "", "A", "", "", "", kAllowed, kId},
      {"session policy lacks", kSession, kAccount, "A", "", "N", "", "", "", kImplicit, kSess},
      {"session policy is no grant", kSession, kAccount, "", "", "A", "", "", "", kImplicit, kId},
      {"session policy denies", kSession, kAccount, "A", "", "D", "", "", "", kExplicit, kSess},
      {"resource to the role", kSession, kAccount, "", "", "", "", "A", kRoleArn, kAllowed, kRes},
      {"resource to the role's id", kSession, kAccount, "", "", "", "", "A", kRoleId, kAllowed, kRes},
      {"resource to the role, boundary lacks", kSession, kAccount, "", "N", "", "", "A", kRoleArn, kImplicit, kBound},
      {"resource to the role, session lacks", kSession, kAccount, "", "", "N", "", "A", kRoleArn, kImplicit, kSess},
      {"resource to the session", kSession, kAccount, "", "N", "N", "", "A", kSessionArn, kAllowed, kRes},
      {"resource to the user who federated", kFederated, kAccount, "", "", "N", "", "A", kUserArn, kImplicit, kSess},
      {"resource to the id of the user who federated", kFederated, kAccount, "", "", "A", "", "A", kUserId, kAllowed,
       kRes},
      {"resource to the federated user", kFederated, kAccount, "", "N", "N", "", "A", kFederatedArn, kAllowed, kRes},
      // The root.
      {"root", kRoot, kAccount, "", "", "", "", "", "", kAllowed, kId},
      {"root and resource denies", kRoot, kAccount, "", "", "", "", "D", kAll, kExplicit, kRes},
      {"root elsewhere", kRoot, kOther, "", "", "", "", "", "", kImplicit, kRes},
      {"root elsewhere, named", kRoot, kOther, "", "", "", "", "A", kAccountOnly, kAllowed, kRes},
      {"root and organization", kRoot, kAccount, "", "", "", "N", "", "", kImplicit, kScp},
      // Service control policies.
      {"organization allows", kUser, kAccount, "A", "", "", "A", "", "", kAllowed, kId},
      {"organization lacks", kUser, kAccount, "A", "", "", "N", "A", kUserArn, kImplicit, kScp},
      {"organization denies", kUser, kAccount, "A", "", "", "D", "", "", kExplicit, kScp},
      // Across accounts: both must allow.
      {"across, both", kUser, kOther, "A", "", "", "", "A", kUserArn, kAllowed, kId},
      {"across, both by account", kUser, kOther, "A", "", "", "", "A", kAccountOnly, kAllowed, kId},
      {"across, both by account of another partition", kUser, kOther, "A", "", "", "", "A",
       R"({"AWS":"arn:aws-cn:iam::111122223333:root"})", kImplicit, kRes},
      {"across, identity alone", kUser, kOther, "A", "", "", "", "", "", kImplicit, kRes},
      {"across, resource alone", kUser, kOther, "", "", "", "", "A", kUserArn, kImplicit, kId},
      {"across, resource to all", kUser, kOther, "", "", "", "", "A", kAll, kImplicit, kId},
      {"across, boundary lacks", kUser, kOther, "A", "N", "", "", "A", kUserArn, kImplicit, kBound},
      {"across, session", kSession, kOther, "A", "", "N", "", "A", kSessionArn, kImplicit, kSess},
      {"across, resource denies", kUser, kOther, "A", "", "", "", "D", kAll, kExplicit, kRes},
      // Who has no policies of their own.
      {"service named", kService, kAccount, "", "", "", "", "A", kEvents, kAllowed, kRes},
      {"service by all", kService, kAccount, "", "", "", "", "A", kAll, kAllowed, kRes},
      {"service not named", kService, kAccount, "A", "", "", "", "A", kAccountOnly, kImplicit, kRes},
      {"service, no policy", kService, kAccount, "A", "", "", "", "", "", kImplicit, kRes},
      {"service denied", kService, kAccount, "", "", "", "", "D", kEvents, kExplicit, kRes},
      {"anonymous by all", kAnonymous, kAccount, "", "", "", "", "A", kAll, kAllowed, kRes},
      {"anonymous", kAnonymous, kAccount, "A", "", "", "", "A", kAccountOnly, kImplicit, kRes},
  };
  for (const Case& c : cases) {
    Scene scene;
    const auto identity = scene.add(c.identity, DocumentKind::kManaged);
    const auto boundary = scene.add(c.boundary, DocumentKind::kManaged);
    const auto session = scene.add(c.session, DocumentKind::kInline);
    const auto scp = scene.add(c.scp, DocumentKind::kInline);
    const auto all = scene.add("A", DocumentKind::kInline);
    const auto resource = scene.add(c.resource, DocumentKind::kResource, c.grantee);
    const Documents levels[] = {all, scp};
    Policies policies;
    policies.identity = identity;
    policies.boundary = boundary.empty() ? nullptr : boundary[0];
    policies.session = session;
    policies.resource = resource.empty() ? nullptr : resource[0];
    if (!scp.empty()) policies.service_control = levels;
    const Request request = {c.principal, "s3:GetObject", kBucket, c.owner, nullptr};
    const Decision decision = evaluate(request, policies);
    EXPECT_EQ(decision.outcome, c.outcome) << c.name;
    EXPECT_EQ(decision.type, c.type) << c.name;
    EXPECT_EQ(explain(request, policies).decision.statement, decision.statement) << c.name;
  }
}

Decision decide(const Principal& principal, const std::string& document, DocumentKind kind, std::string_view action,
                std::string_view resource, const Document* boundary = nullptr) {
  const auto parsed = Document::parse(document, kind);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  const Document* const list[] = {&*parsed};
  Policies policies;
  policies.boundary = boundary;
  if (kind == DocumentKind::kResource || kind == DocumentKind::kTrust) {
    policies.resource = list[0];
  } else {
    policies.identity = list;
  }
  Decision decision = evaluate({principal, action, resource, kAccount, nullptr}, policies);
  decision.statement = nullptr;  // gone with the document
  return decision;
}

TEST(Evaluate, ActionsAndResources) {
  const std::string policy = R"({"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","NotAction":["iam:*","s3:Delete*"],"NotResource":["arn:aws:s3:::secret","arn:aws:s3:::secret/*"]},
      {"Effect":"Deny","Action":"SQS:*","Resource":"arn:aws:sqs:*:*:*-dead"}]})";
  struct {
    const char *action, *resource;
    Outcome outcome;
  } const cases[] = {
      {"s3:GetObject", "arn:aws:s3:::open/x", Outcome::kAllowed},
      {"S3:getobject", "arn:aws:s3:::open/x", Outcome::kAllowed},
      {"s3:GetObject", "arn:aws:s3:::secret/x", Outcome::kImplicitDeny},
      {"s3:DeleteObject", "arn:aws:s3:::open/x", Outcome::kImplicitDeny},
      {"iam:GetUser", "*", Outcome::kImplicitDeny},
      {"sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q", Outcome::kAllowed},
      {"sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q-dead", Outcome::kExplicitDeny},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(decide(kUser, policy, DocumentKind::kManaged, c.action, c.resource).outcome, c.outcome)
        << c.action << " " << c.resource;
  }
}

TEST(Evaluate, TrustPoliciesMustAllow) {
  const auto trust = [](std::string_view principal) {
    return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" +
           std::string(principal) + "}}";
  };
  const auto outcome = [&](const Principal& who, std::string_view principal) {
    return decide(who, trust(principal), DocumentKind::kTrust, "sts:AssumeRole", "arn:aws:iam::111122223333:role/r");
  };
  EXPECT_TRUE(outcome(kUser, R"({"AWS":"arn:aws:iam::111122223333:user/ada"})").allowed());
  EXPECT_TRUE(outcome(kService, R"({"Service":"events.amazonaws.com"})").allowed());
  EXPECT_EQ(outcome(kUser, R"({"AWS":"111122223333"})").type, PolicyType::kIdentity);
  EXPECT_EQ(outcome(kUser, R"({"AWS":"999900001111"})").type, PolicyType::kTrust);
  EXPECT_EQ(outcome(kRoot, R"({"AWS":"999900001111"})").type, PolicyType::kTrust);
  const Principal google = {PrincipalType::kFederated, "", "", "", "", "accounts.google.com", "", {}};
  EXPECT_TRUE(outcome(google, R"({"Federated":"accounts.google.com"})").allowed());
  EXPECT_FALSE(outcome(google, R"({"Federated":"www.amazon.com"})").allowed());
}

TEST(Evaluate, ServicesMayBeNamedWithTheirRegion) {
  const auto lets = [](const char* named, std::string_view region) {
    const auto policy =
        Document::parse(text_of("A", R"({"Service":")" + std::string(named) + R"("})"), DocumentKind::kResource);
    Request request;
    request.principal = kService;
    request.principal.region = region;
    request.action = "s3:GetObject";
    request.resource = kBucket;
    return evaluate_resource_policy(request, *policy).allowed();
  };
  EXPECT_TRUE(lets("events.amazonaws.com", "us-east-1"));
  EXPECT_TRUE(lets("events.us-east-1.amazonaws.com", "us-east-1"));
  EXPECT_FALSE(lets("events.us-east-1.amazonaws.com", "eu-west-1"));
  EXPECT_FALSE(lets("events.us-east-1.amazonaws.com", ""));
  EXPECT_FALSE(lets("logs.us-east-1.amazonaws.com", "us-east-1"));
}

TEST(Evaluate, AllowWithNotPrincipalLetsNobodyInWhomItNames) {
  for (const char* named : {R"({"AWS":"111122223333"})", R"({"AWS":"arn:aws:iam::111122223333:user/ada"})"}) {
    const auto policy = Document::parse(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","NotPrincipal":)" +
            std::string(named) + "}}",
        DocumentKind::kResource);
    ASSERT_TRUE(policy);
    Request request;
    request.principal = kUser;
    request.action = "s3:GetObject";
    request.resource = kBucket;
    EXPECT_FALSE(evaluate_resource_policy(request, *policy).allowed()) << named;
    request.principal = kAnonymous;
    EXPECT_TRUE(evaluate_resource_policy(request, *policy).allowed()) << named;
  }
}

TEST(Evaluate, NotPrincipalLeavesOutWhoIsNamedWhole) {
  const auto outcome = [](const Principal& who, std::string_view names, const Document* boundary = nullptr) {
    const std::string text = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",
        "Resource":"*"},{"Effect":"Deny","NotPrincipal":{"AWS":)" +
                             std::string(names) + R"(},"Action":"s3:*","Resource":"*"}]})";
    return decide(who, text, DocumentKind::kResource, "s3:GetObject", kBucket, boundary).outcome;
  };
  EXPECT_EQ(outcome(kUser, R"(["arn:aws:iam::111122223333:user/ada","111122223333"])"), Outcome::kAllowed);
  EXPECT_EQ(outcome(kUser, R"(["arn:aws:iam::111122223333:user/ada"])"), Outcome::kExplicitDeny);
  EXPECT_EQ(outcome(kUser, R"(["111122223333"])"), Outcome::kExplicitDeny);
  EXPECT_EQ(outcome(kUser, R"(["AIDABCDEFGHIJKLMNOPQR","111122223333"])"), Outcome::kAllowed);
  EXPECT_EQ(outcome(kSession, R"(["111122223333","arn:aws:iam::111122223333:role/team/work",
      "arn:aws:sts::111122223333:assumed-role/work/s1"])"),
            Outcome::kAllowed);
  EXPECT_EQ(outcome(kSession, R"(["111122223333","AROAABCDEFGHIJKLMNOPQ",
      "arn:aws:sts::111122223333:assumed-role/work/s1"])"),
            Outcome::kAllowed);
  EXPECT_EQ(outcome(kAnonymous, R"(["111122223333"])"), Outcome::kExplicitDeny);
  const auto boundary = Document::parse(text_of("A", ""), DocumentKind::kManaged);
  EXPECT_EQ(outcome(kUser, R"(["arn:aws:iam::111122223333:user/ada","111122223333"])", &*boundary),
            Outcome::kExplicitDeny);
}

TEST(Evaluate, KeysThatFollowFromTheRequest) {
  const Tag tags[] = {{"Team", "blue"}};
  Principal tagged = kSession;
  tagged.tags = tags;
  struct {
    const Principal* who;
    const char* condition;
    bool allowed;
  } const cases[] = {
      {&kUser, R"("StringEquals":{"aws:username":"ada"})", true},
      {&kSession, R"("StringEquals":{"aws:username":"work"})", false},
      {&kSession, R"("ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/work"})", true},
      {&kUser, R"("ArnEquals":{"aws:principalarn":"arn:aws:iam::*:user/ada"})", true},
      {&kSession, R"("StringEquals":{"aws:userid":"AROAABCDEFGHIJKLMNOPQ:s1"})", true},
      {&kUser, R"("StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"})", true},
      {&kUser, R"("StringEquals":{"aws:PrincipalType":"User"})", true},
      {&tagged, R"("StringEquals":{"aws:PrincipalTag/team":"blue"})", true},
      {&kUser, R"("StringEquals":{"aws:PrincipalTag/team":"blue"})", false},
      {&kUser, R"("Bool":{"aws:PrincipalIsAWSService":"false"})", true},
      {&kUser, R"("Null":{"aws:PrincipalServiceName":"true"})", true},
  };
  for (const auto& c : cases) {
    const std::string text = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*",
        "Condition":{)" + std::string(c.condition) +
                             "}}}";
    EXPECT_EQ(decide(*c.who, text, DocumentKind::kManaged, "s3:GetObject", kBucket).allowed(), c.allowed)
        << c.condition;
  }
}

TEST(Evaluate, AResourcePolicyAloneIsEnoughWhereTheCallersSideIsNotAsked) {
  const auto policy = Document::parse(text_of("A", R"({"AWS":"111122223333"})"), DocumentKind::kResource);
  ASSERT_TRUE(policy);
  EXPECT_TRUE(evaluate_resource_policy({kSession, "s3:GetObject", kBucket, kOther, nullptr}, *policy).allowed());
  EXPECT_FALSE(evaluate_resource_policy({kSession, "sqs:SendMessage", kBucket, kOther, nullptr}, *policy).allowed());
  EXPECT_FALSE(evaluate_resource_policy({kService, "s3:GetObject", kBucket, kOther, nullptr}, *policy).allowed());
}

TEST(Evaluate, UnknownKeysNeitherAllowNorKeepFromDenying) {
  struct {
    const char *effect, *condition;
    Outcome when_absent, when_unknown;
  } const cases[] = {
      {"Allow", R"("StringEquals":{"aws:x":"1"})", Outcome::kImplicitDeny, Outcome::kImplicitDeny},
      {"Allow", R"("StringNotEquals":{"aws:x":"1"})", Outcome::kAllowed, Outcome::kImplicitDeny},
      {"Allow", R"("StringNotEquals":{"aws:username":"${aws:x}"})", Outcome::kAllowed, Outcome::kImplicitDeny},
      {"Allow", R"("StringEquals":{"aws:username":"${aws:x, 'ada'}"})", Outcome::kAllowed, Outcome::kAllowed},
      {"Allow", R"("StringEquals":{"aws:username":"ada"})", Outcome::kAllowed, Outcome::kAllowed},
      {"Deny", R"("StringEquals":{"aws:x":"1"})", Outcome::kImplicitDeny, Outcome::kExplicitDeny},
      {"Deny", R"("StringEquals":{"aws:x":"1","aws:username":"bob"})", Outcome::kImplicitDeny, Outcome::kImplicitDeny},
  };
  for (const auto& c : cases) {
    const auto document = Document::parse(R"({"Version":"2012-10-17","Statement":{"Effect":")" + std::string(c.effect) +
                                              R"(","Action":"*","Resource":"*","Condition":{)" + c.condition + "}}}",
                                          DocumentKind::kManaged);
    ASSERT_TRUE(document) << c.condition;
    const Document* const identity[] = {&*document};
    Policies policies;
    policies.identity = identity;
    Request request = {kUser, "s3:GetObject", kBucket, kAccount, nullptr};
    EXPECT_EQ(evaluate(request, policies).outcome, c.when_absent) << c.effect << c.condition;
    request.others_unknown = true;
    EXPECT_EQ(evaluate(request, policies).outcome, c.when_unknown) << c.effect << c.condition;
  }
}

TEST(Explain, ShowsWhatTheSimulatorShows) {
  const auto first = Document::parse(R"({"Version":"2012-10-17","Statement":[
      {"Sid":"one","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"aws:SourceIp":"true"}}},
      {"Sid":"two","Effect":"Allow","Action":"s3:Get*","Resource":"*"},
      {"Sid":"three","Effect":"Deny","Action":"s3:GetObjectAcl","Resource":"*"}]})",
                                     DocumentKind::kManaged);
  const auto boundary = Document::parse(text_of("N", ""), DocumentKind::kManaged);
  ASSERT_TRUE(first);
  const Document* const identity[] = {&*first};
  Policies policies;
  policies.identity = identity;
  const auto sids = [&](std::string_view action) {
    std::string text;
    for (const auto& match : explain({kUser, action, kBucket, kAccount, nullptr}, policies).matched) {
      text += match.statement->sid + " ";
    }
    return text;
  };
  EXPECT_EQ(sids("s3:GetObject"), "one two ");
  EXPECT_EQ(sids("s3:GetObjectAcl"), "three ");
  EXPECT_EQ(sids("sqs:SendMessage"), "");
  policies.boundary = &*boundary;
  const Explanation limited = explain({kUser, "s3:GetObject", kBucket, kAccount, nullptr}, policies);
  EXPECT_FALSE(limited.boundary_allows);
  EXPECT_TRUE(limited.matched.empty());
  EXPECT_EQ(limited.missing_context_keys, std::vector<std::string>{"aws:SourceIp"});
}

TEST(AccessDenied, IsWordedAsAwsDoes) {
  const Request request = {kUser, "s3:PutObjectAcl", kBucket, kAccount, nullptr};
  const std::string start =
      "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: s3:PutObjectAcl on resource: "
      "\"arn:aws:s3:::photos/cat.png\" ";
  const auto implicit = [&](PolicyType type) { return access_denied_message(request, {Outcome::kImplicitDeny, type}); };
  const auto explicitly = [&](PolicyType type) {
    return access_denied_message(request, {Outcome::kExplicitDeny, type});
  };
  const std::string end = " allows the s3:PutObjectAcl action";
  EXPECT_EQ(implicit(PolicyType::kIdentity), start + "because no identity-based policy" + end);
  EXPECT_EQ(implicit(PolicyType::kResource), start + "because no resource-based policy" + end);
  EXPECT_EQ(implicit(PolicyType::kBoundary), start + "because no permissions boundary" + end);
  EXPECT_EQ(implicit(PolicyType::kSession), start + "because no session policy" + end);
  EXPECT_EQ(implicit(PolicyType::kServiceControl), start + "because no service control policy" + end);
  EXPECT_EQ(implicit(PolicyType::kTrust), start + "because no role trust policy" + end);
  EXPECT_EQ(explicitly(PolicyType::kIdentity), start + "with an explicit deny in an identity-based policy");
  EXPECT_EQ(explicitly(PolicyType::kResource), start + "with an explicit deny in a resource-based policy");
  EXPECT_EQ(explicitly(PolicyType::kTrust), start + "with an explicit deny in the role trust policy");
  EXPECT_EQ(explicitly(PolicyType::kBoundary), start + "with an explicit deny in a permissions boundary");
  EXPECT_EQ(access_denied_message({kAnonymous, "s3:GetObject", "", "", nullptr}, {}),
            "User: anonymous is not authorized to perform: s3:GetObject because no identity-based policy allows the "
            "s3:GetObject action");
  EXPECT_EQ(access_denied_message({kAnonymous, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q", "", nullptr}, {}),
            "User: anonymous is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:1:q "
            "because no identity-based policy allows the sqs:SendMessage action");
}

}  // namespace
}  // namespace signalbox::policy

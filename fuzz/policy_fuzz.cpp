// Policy documents: the first line holds the kind of document and the request's action and resource, separated by
// spaces, the rest is the document.

#include <string>

#include "check.h"
#include "json/json.h"
#include "policy/evaluate.h"

namespace {

using namespace signalbox;

policy::DocumentKind kind_of(std::string_view word) {
  if (word == "inline") return policy::DocumentKind::kInline;
  if (word == "resource") return policy::DocumentKind::kResource;
  return word == "trust" ? policy::DocumentKind::kTrust : policy::DocumentKind::kManaged;
}

std::string take_word(std::string& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  std::string word = line.substr(0, end);
  line.erase(0, std::min(end + 1, line.size()));
  return word;
}

/// The policies with the document where its kind belongs.
policy::Policies place(const policy::Document& document, const policy::Document* const& slot) {
  policy::Policies policies;
  const auto kind = document.kind();
  if (kind == policy::DocumentKind::kResource || kind == policy::DocumentKind::kTrust) {
    policies.resource = slot;
  } else {
    policies.identity = policy::Documents(&slot, 1);
  }
  return policies;
}

void check_decision(const policy::Request& request, const policy::Policies& policies, const policy::Document& deny) {
  const policy::Decision decision = policy::evaluate(request, policies);
  const policy::Explanation explanation = policy::explain(request, policies);
  FUZZ_CHECK(explanation.decision.outcome == decision.outcome);
  FUZZ_CHECK(explanation.decision.statement == decision.statement);
  if (decision.outcome == policy::Outcome::kExplicitDeny) FUZZ_CHECK(!decision.statement->allows);
  if (decision.outcome == policy::Outcome::kImplicitDeny) FUZZ_CHECK(explanation.matched.empty());
  if (!decision.allowed()) FUZZ_CHECK(!policy::access_denied_message(request, decision).empty());
  // A denying session policy denies all that was allowed.
  const policy::Document* const denies[] = {&deny};
  policy::Policies with_deny = policies;
  with_deny.session = denies;
  if (request.principal.type == policy::PrincipalType::kUser) {
    FUZZ_CHECK(policy::evaluate(request, with_deny).outcome == policy::Outcome::kExplicitDeny);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = input.find('\n');
  if (line_end == input.npos) return 0;
  std::string line = input.substr(0, line_end);
  const std::string text = input.substr(line_end + 1);
  const policy::DocumentKind kind = kind_of(take_word(line));
  const std::string action = take_word(line);
  const auto document = policy::Document::parse(text, kind);
  if (!document) {
    FUZZ_CHECK(document.error().code == "MalformedPolicyDocument");
    FUZZ_CHECK(!document.error().message.empty());
    return 0;
  }
  static const auto deny =
      policy::Document::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})",
                              policy::DocumentKind::kManaged);
  // White space makes no difference.
  json::Document json;
  std::string minified;
  json::append_minified(minified, *json.parse(text));
  const auto again = policy::Document::parse(minified, kind);
  FUZZ_CHECK(again);

  policy::Context context;
  context.add("aws:SourceIp", "203.0.113.7");
  context.add("aws:CurrentTime", "2020-04-01T12:00:00Z");
  context.add("s3:prefix", "home/ada/");
  context.add("aws:TagKeys", "a");
  context.add("aws:TagKeys", "b*?");
  const policy::Tag tags[] = {{"Team", "bl*e"}};
  policy::Request request;
  request.action = action;
  request.resource = line;
  request.resource_account = "111122223333";
  request.context = &context;
  for (const auto type : {policy::PrincipalType::kUser, policy::PrincipalType::kAnonymous}) {
    request.principal = {};
    request.principal.type = type;
    if (type == policy::PrincipalType::kUser) {
      request.principal.arn = "arn:aws:iam::111122223333:user/ada";
      request.principal.account = "111122223333";
      request.principal.user_id = "AIDAABCDEFGHIJKLMNOPQ";
      request.principal.tags = tags;
    }
    const policy::Document* const first = &*document;
    const policy::Document* const second = &*again;
    const policy::Policies policies = place(*document, first);
    check_decision(request, policies, *deny);
    FUZZ_CHECK(policy::evaluate(request, policies).outcome == policy::evaluate(request, place(*again, second)).outcome);
  }
  return 0;
}

// The whole of the library in one page: a user's policy, a bucket's policy, two questions.

#include <cstdio>

#include "policy/evaluate.h"

int main() {
  using namespace signalbox::policy;
  const auto users = Document::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*Object",
      "Resource":"arn:aws:s3:::photos/${aws:username}/*"}})",
                                     DocumentKind::kManaged);
  const auto buckets = Document::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*",
      "Action":"s3:PutObject","Resource":"arn:aws:s3:::photos/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}})",
                                       DocumentKind::kResource);
  if (!users || !buckets) return 1;

  const Document* const identity[] = {&*users};
  Policies policies;
  policies.identity = identity;
  policies.resource = &*buckets;

  Context context;
  context.add("aws:SecureTransport", "false");
  Request request;
  request.principal.type = PrincipalType::kUser;
  request.principal.arn = "arn:aws:iam::111122223333:user/ada";
  request.principal.account = "111122223333";
  request.resource = "arn:aws:s3:::photos/ada/cat.png";
  request.resource_account = "111122223333";
  request.context = &context;
  for (const char* action : {"s3:GetObject", "s3:PutObject", "s3:PutObjectAcl"}) {
    request.action = action;
    const Decision decision = evaluate(request, policies);
    std::printf("%s\n", decision.allowed() ? "allowed" : access_denied_message(request, decision).c_str());
  }
}

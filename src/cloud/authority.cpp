#include "cloud/authority.h"

#include "base/time_text.h"
#include "cloud/access_table.h"
#include "cloud/scope.h"
#include "policy/evaluate.h"

namespace signalbox::cloud {
namespace {

PolicyPtr compiled(std::string_view text, policy::DocumentKind kind) {
  return std::make_shared<const policy::Document>(*policy::Document::parse(text, kind));
}

/// What an access control list says that grants something to everybody.
const policy::Document& policy_for_everyone() {
  static const PolicyPtr document =
      compiled(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}})",
               policy::DocumentKind::kResource);
  return *document;
}

/// The identity policies of who federated from the account's root.
const PolicyPtr& policy_of_everything() {
  static const PolicyPtr document =
      compiled(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
               policy::DocumentKind::kInline);
  return document;
}

/// The session policy of a federated user who was given none.
const PolicyPtr& policy_of_nothing() {
  static const PolicyPtr document =
      compiled(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"signalbox:Nothing","Resource":"*"}})",
               policy::DocumentKind::kInline);
  return document;
}

std::unexpected<Error> denied(std::string message) {
  return fail("AccessDeniedException", std::move(message));
}

/// One caller with all that applies to it, to ask for one access after another.
class Caller {
 public:
  Caller(const Call& call, const Callers& callers, const Clock& clock, bool verifying, bool enforcing);
  Caller(const Caller&) = delete;

  Result<void> may(const Access& access) const;

 private:
  void add_documents(const Callers& callers);
  policy::Context context_of(const Access& access) const;

  /// In other modes than enforce: whether nothing needs to be asked.
  bool is_free(const std::string& owner) const;

  const Call& call_;
  const bool verifying_;
  const bool enforcing_;
  const Time now_;
  std::vector<policy::Tag> tags_;
  std::shared_ptr<const Grants> grants_;
  std::vector<PolicyPtr> kept_;  // keeps what the views below point to
  std::vector<const policy::Document*> identity_;
  std::vector<const policy::Document*> session_;
  policy::Principal principal_;
};

Caller::Caller(const Call& call, const Callers& callers, const Clock& clock, bool verifying, bool enforcing)
    : call_(call), verifying_(verifying), enforcing_(enforcing), now_(clock.now()) {
  const Principal& who = call.principal;
  for (const auto& [key, value] : who.tags) tags_.push_back({key, value});
  principal_.type = who.type;
  principal_.arn = who.arn;
  principal_.account = who.account;
  principal_.user_id = who.id;
  principal_.tags = tags_;
  if (who.is_service()) {
    principal_.name = who.arn;
    principal_.region = call.scope.region;
  }
  if (who.session && who.type != PrincipalType::kUser) {
    principal_.source_arn = who.session->issuer_arn;
    principal_.source_id = who.session->issuer_id;
  }
  if (enforcing) add_documents(callers);
}

void Caller::add_documents(const Callers& callers) {
  const Principal& who = call_.principal;
  const Session* session = who.session.get();
  if (who.type == PrincipalType::kUser) {
    grants_ = callers.find_grants(who.account, who.id);
  } else if (session != nullptr && session->issuer_type == "Root") {
    if (who.type == PrincipalType::kFederatedUser) identity_.push_back(policy_of_everything().get());
  } else if (session != nullptr) {
    grants_ = callers.find_grants(session->issuer_account, session->issuer_id);
  }
  if (grants_) {
    for (const PolicyPtr& document : grants_->identity) identity_.push_back(document.get());
  }
  if (session == nullptr) return;
  if (session->compiled_policy) session_.push_back(session->compiled_policy.get());
  for (const std::string& arn : session->policy_arns) {
    PolicyPtr document = callers.find_policy(session->issuer_account, arn);
    session_.push_back(document ? document.get() : policy_of_nothing().get());
    if (document) kept_.push_back(std::move(document));
  }
  const bool federated = who.type == PrincipalType::kFederatedUser;
  if (federated && session_.empty()) session_.push_back(policy_of_nothing().get());
}

/// The keys of every request ("AWS global condition context keys" in the IAM User Guide), beside those that follow from
/// the principal.
policy::Context Caller::context_of(const Access& access) const {
  policy::Context context = access.keys;
  context.add("aws:currenttime", to_iso8601(now_));
  context.add("aws:epochtime",
              std::to_string(std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count()));
  context.add("aws:securetransport", call_.confidential ? "true" : "false");
  // A resource of one Region, or of none, says itself which: whoever signs could name any.
  const bool says_region = !context.find("aws:requestedregion").empty();
  if (!says_region && !call_.scope.region.empty()) context.add("aws:requestedregion", call_.scope.region);
  if (!call_.source_address.empty()) context.add("aws:sourceip", call_.source_address);
  if (!call_.user_agent.empty()) context.add("aws:useragent", call_.user_agent);
  if (!call_.referer.empty()) context.add("aws:referer", call_.referer);
  if (!call_.source_arn.empty()) context.add("aws:sourcearn", call_.source_arn);
  if (!call_.source_account.empty()) context.add("aws:sourceaccount", call_.source_account);
  // The key of topics' default policies. An alarm may so publish to its owner's topics; rules need a statement.
  const bool owned = call_.principal.is_service() && call_.principal.arn == "cloudwatch.amazonaws.com";
  if (owned) context.add("aws:sourceowner", call_.source_account);
  const bool via_service = !call_.invoked_by.empty() && !call_.principal.is_service();
  context.add("aws:viaawsservice", via_service ? "true" : "false");
  if (via_service) {
    context.add("aws:calledvia", call_.invoked_by);
    context.add("aws:calledviafirst", call_.invoked_by);
    context.add("aws:calledvialast", call_.invoked_by);
  }
  if (call_.principal.is_service()) context.add("aws:principalservicenameslist", call_.principal.arn);
  if (const Session* session = call_.principal.session.get()) {
    context.add("aws:tokenissuetime", to_iso8601(session->created));
    context.add("aws:multifactorauthpresent", session->mfa ? "true" : "false");
    if (!session->source_identity.empty()) context.add("aws:sourceidentity", session->source_identity);
    if (!session->source_function.empty()) context.add("lambda:sourcefunctionarn", session->source_function);
  }
  return context;
}

/// Services act as they are told to, in `verify` within the account that they do it for.
bool Caller::is_free(const std::string& owner) const {
  if (!call_.principal.is_service()) return false;
  return !verifying_ || owner.empty() || call_.source_account.empty() || owner == call_.source_account;
}

Result<void> Caller::may(const Access& access) const {
  std::string owner = access.account;
  if (owner.empty()) {
    const auto arn = Arn::parse(access.resource);
    if (arn) owner = arn->account;
  }
  const bool own = owner.empty() || owner == call_.principal.account;
  policy::Request request;
  request.principal = principal_;
  request.action = access.action;
  request.resource = access.resource;
  request.resource_account = owner;
  const policy::Context context = context_of(access);
  request.context = &context;
  // A trust policy names who may take a role on within the account, too.
  const bool is_trust = access.policy && access.policy->kind() == policy::DocumentKind::kTrust;
  if (!enforcing_) {
    if (!is_trust && is_free(owner)) return {};
    if (own && !is_trust) request.principal.type = PrincipalType::kRoot;
  }
  policy::Policies policies;
  policies.identity = identity_;
  policies.session = session_;
  policies.boundary = grants_ ? grants_->boundary.get() : nullptr;
  policies.resource = access.policy.get();
  const auto decide = [&] {
    const bool resource_side_only = !enforcing_ && (!own || is_trust);
    if (!resource_side_only) return policy::evaluate(request, policies);
    if (policies.resource != nullptr) return policy::evaluate_resource_policy(request, *policies.resource);
    const policy::PolicyType missing = is_trust ? policy::PolicyType::kTrust : policy::PolicyType::kResource;
    return policy::Decision{policy::Outcome::kImplicitDeny, missing, nullptr};
  };
  policy::Decision decision = decide();
  if (decision.outcome == policy::Outcome::kImplicitDeny && access.acl != AclGrant::kNone) {
    if (access.acl == AclGrant::kAccount && enforcing_) {
      policies.resource = nullptr;
      request.resource_account =
          request.principal.account;  // the list has allowed its part, as if it were the account's
    } else {
      policies.resource = &policy_for_everyone();
    }
    decision = decide();
    request.resource_account = owner;
  }
  if (decision.allowed()) return {};
  // S3 tells no more than that to those who did not sign, and to other accounts ("Troubleshoot access denied (403
  // Forbidden) errors in Amazon S3").
  const bool stranger = principal_.type == PrincipalType::kAnonymous || !own;
  if (stranger && access.action.starts_with("s3:")) return denied("Access Denied");
  return denied(policy::access_denied_message(request, decision));
}

/// The code of refusals: topics have one of their own.
const char* denial_of(const wire::Service& service) {
  constexpr const char* kOfTopics = "AuthorizationErrorException";
  return service.find_error(kOfTopics) != nullptr ? kOfTopics : "AccessDeniedException";
}

/// What temporary credentials cannot be used for ("Compare AWS STS credentials" in the IAM User Guide).
bool is_beyond_session(const Principal& who, const wire::Operation& operation) {
  if (!who.session || who.type == PrincipalType::kAssumedRole) return false;
  const bool sts = operation.service->id == "sts";
  if (sts && operation.name == "GetCallerIdentity") return false;
  if (who.type == PrincipalType::kFederatedUser) return sts || operation.service->id == "iam";
  if (sts) return operation.name != "AssumeRole";
  return operation.service->id == "iam" && !who.session->mfa;
}

/// Roles are passed within their account.
Result<void> check_passing(const Call& call, const Accesses& accesses, const char* denial) {
  for (const Access& access : accesses) {
    const auto role = access.action == "iam:PassRole" ? Arn::parse(access.resource) : std::nullopt;
    if (role && role->account != call.scope.account) return fail(denial, "Cross-account pass role is not allowed.");
  }
  return {};
}

}  // namespace

asio::awaitable<Result<void>> Authority::check(const Call& call, const wire::Operation& operation,
                                               const wire::AnyStructure& input) const {
  const char* const denial = denial_of(*operation.service);
  const auto found = describers_.find(&operation);
  if (found == describers_.end()) {
    co_return fail(denial, "Signalbox cannot tell whether " + std::string(operation.service->id) + ":" +
                               std::string(operation.name) + " is allowed, and so refuses it.");
  }
  if (enforcing_ && is_beyond_session(call.principal, operation)) {
    co_return fail(denial, "Cannot call " + std::string(operation.service->id == "sts" ? "this" : "IAM") +
                               " operation with these temporary credentials");
  }
  Result<Accesses> accesses = co_await found->second(call, input);
  if (!accesses) co_return std::unexpected(std::move(accesses).error());
  if (!enforcing_ && !asks_always(*operation.service)) co_return check_passing(call, *accesses, denial);
  if (accesses->empty()) {
    if (call.principal.is_anonymous()) co_return fail(denial, "Request is missing Authentication Token");
    co_return Result<void>();
  }
  const Caller caller(call, callers_, clock_, verifying_, enforcing_);
  for (const Access& access : *accesses) {
    Result<void> allowed = caller.may(access);
    if (!allowed) co_return fail(denial, std::move(allowed).error().message);
  }
  co_return Result<void>();
}

Result<void> Authority::decide(const Call& call, const Access& access) const {
  return Caller(call, callers_, clock_, verifying_, enforcing_).may(access);
}

asio::awaitable<Result<void>> Authority::may(Call call, Access access) const {
  if (!verifying_) co_return Result<void>();
  ResourceFacts known = co_await facts(access.resource);
  if (!access.policy) access.policy = std::move(known.policy);
  add_resource_tags(known, access.keys);
  co_return decide(call, access);
}

asio::awaitable<ResourceFacts> Authority::facts(std::string arn) const {
  const auto parsed = Arn::parse(arn);
  const auto finder = parsed ? finders_.find(parsed->service) : finders_.end();
  if (finder == finders_.end()) co_return ResourceFacts();
  co_return co_await finder->second(std::move(arn));
}

}  // namespace signalbox::cloud

#include "services/sts/sts.h"

#include <algorithm>

#include "cloud/sessions.h"
#include "services/sts/session_request.h"

namespace signalbox::sts {
namespace {

using cloud::Call;
using cloud::House;
using cloud::Principal;
using cloud::PrincipalType;
namespace asio = boost::asio;

constexpr std::chrono::seconds kLongestOfChain{3600};
constexpr std::chrono::seconds kLongestOfRoot{3600};
constexpr std::int32_t kDefaultOfRole = 3600;
constexpr std::int32_t kDefaultOfUser = 43200;

Result<m::GetCallerIdentityResponse> caller_identity(const Call& call) {
  return m::GetCallerIdentityResponse{call.principal.id, call.principal.account, call.principal.arn};
}

/// Errors: ValidationError.
Result<Duration> duration_of(const Call& call, const cloud::Role& role, std::optional<std::int32_t> asked) {
  const std::chrono::seconds wanted(asked.value_or(kDefaultOfRole));
  if (call.principal.type == PrincipalType::kAssumedRole && wanted > kLongestOfChain) {
    return invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (asked && wanted > role.max_session) {
    return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return Duration(wanted);
}

/// Whether the trust policy lets the caller, where the authority was not asked for that before: in verify.
bool is_trusted(const House& house, const Call& call, const cloud::Role& role, const m::AssumeRoleRequest& request) {
  if (!house.authority.verifying() || house.authority.enforcing()) return true;
  return std::ranges::all_of(accesses_of(call, role, request), [&](const cloud::Access& access) {
    return house.authority.decide(call, access).has_value();
  });
}

Result<m::AssumeRoleResponse> assume_role(const House& house, const Call& call, const m::AssumeRoleRequest& request) {
  Result<void> checked = refuse_mfa(request.serial_number || request.token_code);
  if (!checked) return std::unexpected(std::move(checked).error());
  if (request.provided_contexts) return invalid("ProvidedContexts is not supported.");
  if (house.authority.enforcing() && call.principal.type == PrincipalType::kRoot) {
    return fail("AccessDenied", "Roles may not be assumed by root accounts.", 403);
  }
  const auto arn = cloud::Arn::parse(*request.role_arn);
  if (!arn || arn->service != "iam" || !cloud::is_account_id(arn->account) || !arn->resource.starts_with("role/")) {
    return invalid(*request.role_arn + " is invalid");
  }
  const auto role = house.callers.find_role(*request.role_arn);
  if (!role || !is_trusted(house, call, *role, request)) {
    return fail("AccessDenied",
                "User: " + call.principal.arn +
                    " is not authorized to perform: sts:AssumeRole on resource: " + *request.role_arn,
                403);
  }
  const auto duration = duration_of(call, *role, request.duration_seconds);
  if (!duration) return std::unexpected(duration.error());
  auto session = std::make_shared<cloud::Session>();
  session->name = *request.role_session_name;
  session->issuer_type = "Role";
  session->issuer_arn = role->arn;
  session->issuer_id = role->id;
  session->issuer_account = role->account;
  session->issuer_name = role->name;
  session->created = house.clock.now();
  session->expires = session->created + *duration;
  const cloud::Session* before = call.principal.session.get();
  session->chained = call.principal.type == PrincipalType::kAssumedRole;
  if (before != nullptr) session->source_identity = before->source_identity;
  if (request.source_identity) {
    if (!session->source_identity.empty() && session->source_identity != *request.source_identity) {
      return invalid("SourceIdentity cannot be changed: it was set in the session before.");
    }
    session->source_identity = *request.source_identity;
  }
  checked = set_policies(house, *session, request.policy, request.policy_arns);
  if (checked) checked = set_tags(*session, before, request.tags, request.transitive_tag_keys);
  if (!checked) return std::unexpected(std::move(checked).error());
  Principal who;
  who.type = PrincipalType::kAssumedRole;
  who.arn = "arn:aws:sts::" + role->account + ":assumed-role/" + role->name + "/" + session->name;
  who.account = role->account;
  who.id = role->id + ":" + session->name;
  who.tags = session->tags;
  for (const auto& tag : role->tags) {
    const bool given = std::ranges::any_of(session->tags, [&](const auto& one) { return one.first == tag.first; });
    if (!given) who.tags.push_back(tag);
  }
  m::AssumeRoleResponse answer;
  answer.assumed_role_user = m::AssumedRoleUser{who.id, who.arn};
  if (const auto packed = packed_size(*session); packed > 0) answer.packed_policy_size = packed;
  if (!session->source_identity.empty()) answer.source_identity = session->source_identity;
  who.session = std::move(session);
  answer.credentials = shown(house.sessions.issue(who));
  return answer;
}

/// The session of a user, or of the root, that asks for one. Errors: AccessDenied for temporary credentials.
Result<std::shared_ptr<cloud::Session>> session_of(const House& house, const Call& call, std::string_view operation,
                                                   std::optional<std::int32_t> asked) {
  const Principal& who = call.principal;
  const bool root = who.type == PrincipalType::kRoot;
  if (who.session || (!root && who.type != PrincipalType::kUser)) {
    return fail("AccessDenied", "Cannot call " + std::string(operation) + " with session credentials", 403);
  }
  std::chrono::seconds duration(asked.value_or(kDefaultOfUser));
  if (root) duration = std::min(duration, kLongestOfRoot);
  auto session = std::make_shared<cloud::Session>();
  session->issuer_type = root ? "Root" : "IAMUser";
  session->issuer_arn = who.arn;
  session->issuer_id = who.id;
  session->issuer_account = who.account;
  session->issuer_name = who.user_name;
  session->created = house.clock.now();
  session->expires = session->created + duration;
  return session;
}

Result<m::GetSessionTokenResponse> session_token(const House& house, const Call& call,
                                                 const m::GetSessionTokenRequest& request) {
  Result<void> checked = refuse_mfa(request.serial_number || request.token_code);
  if (!checked) return std::unexpected(std::move(checked).error());
  auto session = session_of(house, call, "GetSessionToken", request.duration_seconds);
  if (!session) return std::unexpected(std::move(session).error());
  Principal who = call.principal;
  who.session = *std::move(session);
  return m::GetSessionTokenResponse{shown(house.sessions.issue(who))};
}

Result<m::GetFederationTokenResponse> federation_token(const House& house, const Call& call,
                                                       const m::GetFederationTokenRequest& request) {
  auto session = session_of(house, call, "GetFederationToken", request.duration_seconds);
  if (!session) return std::unexpected(std::move(session).error());
  (*session)->name = *request.name;
  Result<void> checked = set_policies(house, **session, request.policy, request.policy_arns);
  if (checked) checked = set_tags(**session, nullptr, request.tags, std::nullopt);
  if (!checked) return std::unexpected(std::move(checked).error());
  Principal who;
  who.type = PrincipalType::kFederatedUser;
  who.account = call.principal.account;
  who.arn = "arn:aws:sts::" + who.account + ":federated-user/" + *request.name;
  who.id = who.account + ":" + *request.name;
  who.tags = (*session)->tags;
  m::GetFederationTokenResponse answer;
  answer.federated_user = m::FederatedUser{who.id, who.arn};
  answer.packed_policy_size = packed_size(**session);
  who.session = *std::move(session);
  answer.credentials = shown(house.sessions.issue(who));
  return answer;
}

Result<m::GetAccessKeyInfoResponse> access_key_info(const m::GetAccessKeyInfoRequest& request) {
  const auto account = cloud::account_of_access_key(*request.access_key_id);
  if (!account) return invalid("Invalid AccessKeyId: " + *request.access_key_id);
  return m::GetAccessKeyInfoResponse{*account};
}

/// Tokens of this kind are for those who have the federation enabled, which IAM's operations here cannot.
asio::awaitable<Result<m::GetWebIdentityTokenResponse>> web_identity_token() {
  co_return fail("OutboundWebIdentityFederationDisabledException",
                 "The outbound web identity federation feature is not enabled for this account.", 403);
}

}  // namespace

Sts::Sts(const cloud::House& house) : house_(house) {
  auto& door = house.door;
  door.add_service(m::kService);
  door.handle(m::kGetCallerIdentity,
              [](const Call& call, const m::GetCallerIdentityRequest&)
                  -> asio::awaitable<Result<m::GetCallerIdentityResponse>> { co_return caller_identity(call); });
  door.handle(m::kAssumeRole,
              [this](const Call& call, m::AssumeRoleRequest request) -> asio::awaitable<Result<m::AssumeRoleResponse>> {
                co_return assume_role(house_, call, request);
              });
  door.handle(m::kGetSessionToken,
              [this](const Call& call,
                     m::GetSessionTokenRequest request) -> asio::awaitable<Result<m::GetSessionTokenResponse>> {
                co_return session_token(house_, call, request);
              });
  door.handle(m::kGetFederationToken,
              [this](const Call& call,
                     m::GetFederationTokenRequest request) -> asio::awaitable<Result<m::GetFederationTokenResponse>> {
                co_return federation_token(house_, call, request);
              });
  door.handle(
      m::kGetAccessKeyInfo,
      [](const Call&, m::GetAccessKeyInfoRequest request) -> asio::awaitable<Result<m::GetAccessKeyInfoResponse>> {
        co_return access_key_info(request);
      });
  door.handle(m::kGetWebIdentityToken,
              [](const Call&, const m::GetWebIdentityTokenRequest&) { return web_identity_token(); });
  describe_access(house_);
}

}  // namespace signalbox::sts

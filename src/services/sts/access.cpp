// "Actions, resources, and condition keys for AWS Security Token Service" in the Service Authorization Reference.

#include "cloud/access_table.h"
#include "services/sts/session_request.h"

namespace signalbox::sts {
namespace {

using cloud::Call;
namespace asio = boost::asio;

/// The role's trust policy decides along with the caller's own policies.
asio::awaitable<Result<cloud::Accesses>> of_assume_role(const cloud::House& house, const Call& call,
                                                        const wire::AnyStructure& in) {
  const auto& request = in.as<m::AssumeRoleRequest>();
  const auto role = house.callers.find_role(*request.role_arn);
  if (!role || call.principal.type == cloud::PrincipalType::kRoot) co_return cloud::Accesses();  // its handler refuses
  co_return accesses_of(call, *role, request);
}

asio::awaitable<Result<cloud::Accesses>> of_federation(const Call& call, const wire::AnyStructure& in) {
  const auto& request = in.as<m::GetFederationTokenRequest>();
  cloud::Access access;
  access.action = "sts:GetFederationToken";
  access.resource = "arn:aws:sts::" + call.scope.account + ":federated-user/" + *request.name;
  cloud::add_tag_keys(cloud::InputFields(in), access.keys);
  cloud::Accesses accesses{access};
  if (request.tags && !request.tags->empty()) {
    access.action = "sts:TagSession";
    accesses.push_back(access);
  }
  co_return accesses;
}

/// Of an operation that knows no resources.
asio::awaitable<Result<cloud::Accesses>> of_any(const char* action) {
  cloud::Access access;
  access.action = action;
  access.resource = "*";
  co_return cloud::Accesses{access};
}

}  // namespace

cloud::Accesses accesses_of(const Call& call, const cloud::Role& role, const m::AssumeRoleRequest& request) {
  cloud::Access access;
  access.action = "sts:AssumeRole";
  access.resource = role.arn;
  access.account = role.account;
  access.policy = role.trust;
  cloud::add_tag_keys(cloud::InputFields(*m::kAssumeRole.operation->input, &request), access.keys);
  access.keys.add("sts:RoleSessionName", *request.role_session_name);
  if (request.external_id) access.keys.add("sts:ExternalId", *request.external_id);
  const cloud::Session* const before = call.principal.session.get();  // what it hands on is set in the new one, too
  const std::string identity = request.source_identity.value_or(before == nullptr ? "" : before->source_identity);
  if (!identity.empty()) access.keys.add("sts:SourceIdentity", identity);
  for (const std::string& key : request.transitive_tag_keys.value_or(std::vector<std::string>{})) {
    access.keys.add("sts:TransitiveTagKeys", key);
  }
  for (const auto& [key, value] : role.tags) {
    access.keys.add("aws:ResourceTag/" + key, value);
    access.keys.add("iam:ResourceTag/" + key, value);
  }
  cloud::Accesses accesses{access};
  const auto also = [&](const char* action) {
    access.action = action;
    accesses.push_back(access);
  };
  const bool hands_on_tags = before != nullptr && !before->transitive_tag_keys.empty();
  if (hands_on_tags || (request.tags && !request.tags->empty())) also("sts:TagSession");
  if (!identity.empty()) also("sts:SetSourceIdentity");
  return accesses;
}

void describe_access(const cloud::House& house) {
  auto& authority = house.authority;
  // "No permissions are required to perform this operation", and explicit denials do not count.
  const auto nothing = [](const Call&, const wire::AnyStructure&) -> asio::awaitable<Result<cloud::Accesses>> {
    co_return cloud::Accesses();
  };
  authority.describe(m::kGetCallerIdentity, nothing);
  authority.describe(m::kGetSessionToken, nothing);
  authority.describe(m::kAssumeRole, [&house](const Call& call, const wire::AnyStructure& input) {
    return of_assume_role(house, call, input);
  });
  authority.describe(m::kGetFederationToken, of_federation);
  authority.describe(m::kGetAccessKeyInfo,
                     [](const Call&, const wire::AnyStructure&) { return of_any("sts:GetAccessKeyInfo"); });
  authority.describe(m::kGetWebIdentityToken,
                     [](const Call&, const wire::AnyStructure&) { return of_any("sts:GetWebIdentityToken"); });
}

}  // namespace signalbox::sts

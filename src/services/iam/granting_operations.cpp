// ListPoliciesGrantingServiceAccess.

#include "policy/glob.h"
#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

/// Whether a pattern of actions ("s3:get*", "*") could be of an action of the service, as far as its own part before
/// the colon tells.
bool may_be_of(std::string_view pattern, std::string_view service) {
  const auto colon = pattern.find(':');
  return policy::glob_matches_folded(pattern.substr(0, colon), service);
}

/// Whether it takes in all of the service's actions.
bool is_all_of(std::string_view pattern, std::string_view service) {
  const auto colon = pattern.find(':');
  const std::string_view rest = colon == std::string_view::npos ? pattern : pattern.substr(colon + 1);
  return rest == std::string_view(&policy::kAnyRun, 1) && may_be_of(pattern, service);
}

bool grants_service(const policy::Document& document, std::string_view service) {
  return std::ranges::any_of(document.statements(), [&](const policy::Statement& statement) {
    if (!statement.allows) return false;
    if (statement.not_actions) {
      return std::ranges::none_of(statement.actions, [&](const auto& one) { return is_all_of(one, service); });
    }
    return std::ranges::any_of(statement.actions, [&](const auto& one) { return may_be_of(one, service); });
  });
}

using Granting = std::vector<m::PolicyGrantingServiceAccess>;

template <class T>
void add_granting(const Account& account, const T& entity, std::string_view type, std::string_view service,
                  Granting& all) {
  for (const auto& [name, policy] : entity.inline_policies) {
    if (!grants_service(*policy.document, service)) continue;
    m::PolicyGrantingServiceAccess& one = all.emplace_back();
    one.policy_name = name;
    one.policy_type = "INLINE";
    one.entity_type = type;
    one.entity_name = entity.name;
  }
  for (const std::string& arn : entity.attached) {
    const auto managed = find_managed(account, arn);
    if (!managed || !grants_service(*managed->current().policy.document, service)) continue;
    m::PolicyGrantingServiceAccess& one = all.emplace_back();
    one.policy_name = managed->name;
    one.policy_type = "MANAGED";
    one.policy_arn = arn;
  }
}

/// Those of the user with its groups', of the group or of the role with that ARN. Errors: NoSuchEntity.
Result<Granting> granting(const Account& account, const std::string& arn, std::string_view service) {
  Granting all;
  const auto parsed = cloud::Arn::parse(arn);
  const std::string name = parsed ? parsed->resource.substr(parsed->resource.rfind('/') + 1) : "";
  if (const auto user = account.find<User>(name); user && arn_of(account, *user) == arn) {
    add_granting(account, *user, "USER", service, all);
    for (const std::string& of : user->groups) {
      if (const auto group = account.find<Group>(of)) add_granting(account, *group, "GROUP", service, all);
    }
    return all;
  }
  if (const auto role = account.find<Role>(name); role && arn_of(account, *role) == arn) {
    add_granting(account, *role, "ROLE", service, all);
    return all;
  }
  if (const auto group = account.find<Group>(name); group && arn_of(account, *group) == arn) {
    add_granting(account, *group, "GROUP", service, all);
    return all;
  }
  return no_entity("The entity with ARN " + arn + " cannot be found.");
}

Result<m::ListPoliciesGrantingServiceAccessResponse> list_granting(
    const View& view, const m::ListPoliciesGrantingServiceAccessRequest& request) {
  m::ListPoliciesGrantingServiceAccessResponse answer;
  answer.is_truncated = false;  // an entity has few policies: all services are told at once
  answer.policies_granting_service_access.emplace();
  for (const std::string& service : *request.service_namespaces) {
    auto policies = granting(view.account(), *request.arn, service);
    if (!policies) return std::unexpected(std::move(policies).error());
    m::ListPoliciesGrantingServiceAccessEntry& entry = answer.policies_granting_service_access->emplace_back();
    entry.service_namespace = service;
    entry.policies = *std::move(policies);
  }
  return answer;
}

}  // namespace

void register_granting_operations(Core& core) {
  reads(core, m::kListPoliciesGrantingServiceAccess, list_granting);
}

}  // namespace signalbox::iam

// Managed policies and their versions.

#include <charconv>

#include "services/iam/aws_policies.h"
#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

Result<PolicyText> read_managed(const std::string& text) {
  return read_policy(text, policy::DocumentKind::kManaged, kMaxManagedPolicyBytes,
                     "Cannot exceed quota for PolicySize: " + std::to_string(kMaxManagedPolicyBytes));
}

/// A policy of the account, to be changed. Errors: NoSuchEntity, AccessDenied for AWS's.
Result<std::shared_ptr<const ManagedPolicy>> own_policy(const Account& account, const std::string& arn) {
  auto policy = need_policy(account, arn);
  if (policy && arn.starts_with("arn:aws:iam::aws:")) {
    return fail("AccessDenied", "Policy " + arn + " is an AWS managed policy and cannot be changed.", 403);
  }
  return policy;
}

std::unexpected<Error> no_such_version(const std::string& arn, const std::string& version) {
  return no_entity("Policy " + arn + " version " + version + " does not exist or is not attachable.");
}

/// 3 of "v3"; 0 for what is no version.
std::int64_t number_of(const std::string& version) {
  std::int64_t number = 0;
  if (version.size() > 1) std::from_chars(version.data() + 1, version.data() + version.size(), number);
  return number;
}

m::PolicyVersion shown(const ManagedPolicy& policy, std::int64_t number, bool with_document) {
  const auto& version = policy.versions.at(number);
  m::PolicyVersion out;
  if (with_document) out.document = encoded(version.policy.text);
  out.version_id = "v" + std::to_string(number);
  out.is_default_version = number == policy.default_version;
  out.create_date = version.created;
  return out;
}

Result<m::CreatePolicyResponse> create_policy(Change& change, const m::CreatePolicyRequest& request) {
  const Account& account = change.account();
  if (account.policies.contains(*request.policy_name)) {
    return fail(m::errors::kEntityAlreadyExistsException,
                "A policy called " + *request.policy_name + " already exists. Duplicate names are not allowed.");
  }
  if (account.policies.size() >= kMaxPolicies) return over_quota("PoliciesPerAccount", kMaxPolicies);
  auto text = read_managed(*request.policy_document);
  if (!text) return std::unexpected(std::move(text).error());
  ManagedPolicy policy;
  Result<void> done = begin(change, policy, "ANPA", *request.policy_name, request.path);
  if (done && request.tags) done = add_tags(policy.tags, *request.tags);
  if (!done) return std::unexpected(std::move(done).error());
  policy.description = request.description.value_or("");
  policy.updated = policy.created;
  policy.versions[1] = {*std::move(text), policy.created};
  m::CreatePolicyResponse answer{iam::shown(change.view(), policy, true)};
  answer.policy->arn = iam::arn_of(account, policy);
  answer.policy->description.reset();
  change.put(std::move(policy));
  return answer;
}

Result<m::GetPolicyResponse> get_policy(const View& view, const m::GetPolicyRequest& request) {
  const auto policy = need_policy(view.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  return m::GetPolicyResponse{iam::shown(view, **policy, true)};
}

Result<m::ListPoliciesResponse> list_policies(const View& view, const m::ListPoliciesRequest& request) {
  std::vector<std::pair<std::string, m::Policy>> all;
  const auto add = [&](const Table<ManagedPolicy>& policies) {
    for (const auto& [name, policy] : policies) {
      if (!policy->path.starts_with(request.path_prefix.value_or("/"))) continue;
      m::Policy one = iam::shown(view, *policy, false);
      const bool as_boundary = request.policy_usage_filter == "PermissionsBoundary";
      const auto uses = as_boundary ? *one.permissions_boundary_usage_count : *one.attachment_count;
      if (request.only_attached.value_or(false) && uses == 0) continue;
      if (as_boundary && uses == 0) continue;
      std::string arn = *one.arn;
      all.emplace_back(std::move(arn), std::move(one));
    }
  };
  const std::string scope = request.scope.value_or("All");
  if (scope != "AWS") add(view.account().policies);
  if (scope != "Local") add(aws_policies());
  m::ListPoliciesResponse answer;
  auto page = page_of<m::Policy>("iam.policies", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.policies = *std::move(page);
  return answer;
}

Result<m::DeletePolicyResponse> delete_policy(Change& change, const m::DeletePolicyRequest& request) {
  const auto policy = own_policy(change.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  if (attachments(change.account(), *request.policy_arn) + boundaries(change.account(), *request.policy_arn) > 0) {
    return conflict("Cannot delete a policy attached to entities.");
  }
  if ((*policy)->versions.size() > 1) {
    return conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The "
        "default version is deleted with the policy.");
  }
  change.erase(*policy);
  return m::DeletePolicyResponse{};
}

Result<m::CreatePolicyVersionResponse> create_version(Change& change, const m::CreatePolicyVersionRequest& request) {
  const auto policy = own_policy(change.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  if ((*policy)->versions.size() >= kMaxVersions) {
    return fail(m::errors::kLimitExceededException,
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "
                "existing version.");
  }
  auto text = read_managed(*request.policy_document);
  if (!text) return std::unexpected(std::move(text).error());
  ManagedPolicy changed = **policy;
  const std::int64_t number = changed.next_version++;
  changed.versions[number] = {*std::move(text), change.now()};
  if (request.set_as_default.value_or(false)) changed.default_version = number;
  changed.updated = change.now();
  m::CreatePolicyVersionResponse answer{shown(changed, number, false)};
  change.put(std::move(changed));
  return answer;
}

Result<m::GetPolicyVersionResponse> get_version(const View& view, const m::GetPolicyVersionRequest& request) {
  const auto policy = need_policy(view.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  const std::int64_t number = number_of(*request.version_id);
  if (!(*policy)->versions.contains(number)) return no_such_version(*request.policy_arn, *request.version_id);
  return m::GetPolicyVersionResponse{shown(**policy, number, true)};
}

Result<m::ListPolicyVersionsResponse> list_versions(const View& view, const m::ListPolicyVersionsRequest& request) {
  const auto policy = need_policy(view.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  std::vector<std::pair<std::string, m::PolicyVersion>> all;
  for (const auto& [number, version] : (*policy)->versions) {
    std::string order = std::to_string(std::numeric_limits<std::int64_t>::max() - number);  // the newest first
    all.emplace_back(std::move(order), shown(**policy, number, false));
  }
  m::ListPolicyVersionsResponse answer;
  auto page = page_of<m::PolicyVersion>("iam.versions", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.versions = *std::move(page);
  return answer;
}

Result<m::SetDefaultPolicyVersionResponse> set_default(Change& change,
                                                       const m::SetDefaultPolicyVersionRequest& request) {
  const auto policy = own_policy(change.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  const std::int64_t number = number_of(*request.version_id);
  if (!(*policy)->versions.contains(number)) return no_such_version(*request.policy_arn, *request.version_id);
  ManagedPolicy changed = **policy;
  changed.default_version = number;
  changed.updated = change.now();
  change.put(std::move(changed));
  return m::SetDefaultPolicyVersionResponse{};
}

Result<m::DeletePolicyVersionResponse> delete_version(Change& change, const m::DeletePolicyVersionRequest& request) {
  const auto policy = own_policy(change.account(), *request.policy_arn);
  if (!policy) return std::unexpected(policy.error());
  const std::int64_t number = number_of(*request.version_id);
  if (!(*policy)->versions.contains(number)) return no_such_version(*request.policy_arn, *request.version_id);
  if (number == (*policy)->default_version) return conflict("Cannot delete the default version of a policy.");
  ManagedPolicy changed = **policy;
  changed.versions.erase(number);
  changed.updated = change.now();
  change.put(std::move(changed));
  return m::DeletePolicyVersionResponse{};
}

}  // namespace

void register_policy_operations(Core& core) {
  changes(core, m::kCreatePolicy, create_policy);
  reads(core, m::kGetPolicy, get_policy);
  reads(core, m::kListPolicies, list_policies);
  changes(core, m::kDeletePolicy, delete_policy);
  changes(core, m::kCreatePolicyVersion, create_version);
  reads(core, m::kGetPolicyVersion, get_version);
  reads(core, m::kListPolicyVersions, list_versions);
  changes(core, m::kSetDefaultPolicyVersion, set_default);
  changes(core, m::kDeletePolicyVersion, delete_version);
}

}  // namespace signalbox::iam

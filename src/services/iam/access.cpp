// "Actions, resources, and condition keys for AWS Identity and Access Management" in the Service Authorization
// Reference.

#include "cloud/access_table.h"
#include "services/iam/core.h"

namespace signalbox::iam {
namespace {

using cloud::AccessRow;
using cloud::Call;
using cloud::InputFields;

/// The ARN of an entity that the request names: with its path, where it is there.
template <class T>
std::optional<std::string> named(const Core& core, const Call& call, std::string_view name, std::string_view path) {
  const AccountPtr account = core.directory.account(call.scope.account);
  if (const auto found = account->find<T>(name)) return arn_of(*account, *found);
  return "arn:aws:iam::" + call.scope.account + ":" + std::string(T::kKind) + std::string(path.empty() ? "/" : path) +
         std::string(name);
}

enum class About : std::uint8_t {
  kNothing,
  kUser,
  kGroup,
  kRole,
  kPolicy,
  kProfile,
  kPolicyArn,
  kSourceArn,
  kArn,
  kKey
};

struct Row {
  std::string_view operation;
  About about;
  std::string_view key = {};  // "iam:PolicyARN" or "iam:PermissionsBoundary", and the member that says it
  std::string_view member = {};
};

constexpr std::string_view kPolicyArnKey = "iam:PolicyARN";
constexpr std::string_view kBoundaryKey = "iam:PermissionsBoundary";

constexpr Row kAccessRows[] = {
    {"CreateUser", About::kUser, kBoundaryKey, "PermissionsBoundary"},
    {"GetUser", About::kUser},
    {"ListUsers", About::kNothing},
    {"UpdateUser", About::kUser},
    {"DeleteUser", About::kUser},
    {"TagUser", About::kUser},
    {"UntagUser", About::kUser},
    {"ListUserTags", About::kUser},
    {"CreateAccessKey", About::kUser},
    {"ListAccessKeys", About::kUser},
    {"UpdateAccessKey", About::kUser},
    {"DeleteAccessKey", About::kUser},
    {"GetAccessKeyLastUsed", About::kKey},
    {"CreateGroup", About::kGroup},
    {"GetGroup", About::kGroup},
    {"ListGroups", About::kNothing},
    {"UpdateGroup", About::kGroup},
    {"DeleteGroup", About::kGroup},
    {"AddUserToGroup", About::kGroup},
    {"RemoveUserFromGroup", About::kGroup},
    {"ListGroupsForUser", About::kUser},
    {"CreateRole", About::kRole, kBoundaryKey, "PermissionsBoundary"},
    {"GetRole", About::kRole},
    {"ListRoles", About::kNothing},
    {"UpdateRole", About::kRole},
    {"UpdateRoleDescription", About::kRole},
    {"UpdateAssumeRolePolicy", About::kRole},
    {"DeleteRole", About::kRole},
    {"TagRole", About::kRole},
    {"UntagRole", About::kRole},
    {"ListRoleTags", About::kRole},
    {"PutUserPolicy", About::kUser},
    {"GetUserPolicy", About::kUser},
    {"DeleteUserPolicy", About::kUser},
    {"ListUserPolicies", About::kUser},
    {"PutGroupPolicy", About::kGroup},
    {"GetGroupPolicy", About::kGroup},
    {"DeleteGroupPolicy", About::kGroup},
    {"ListGroupPolicies", About::kGroup},
    {"PutRolePolicy", About::kRole},
    {"GetRolePolicy", About::kRole},
    {"DeleteRolePolicy", About::kRole},
    {"ListRolePolicies", About::kRole},
    {"CreatePolicy", About::kPolicy},
    {"GetPolicy", About::kPolicyArn},
    {"ListPolicies", About::kNothing},
    {"DeletePolicy", About::kPolicyArn},
    {"CreatePolicyVersion", About::kPolicyArn},
    {"GetPolicyVersion", About::kPolicyArn},
    {"ListPolicyVersions", About::kPolicyArn},
    {"SetDefaultPolicyVersion", About::kPolicyArn},
    {"DeletePolicyVersion", About::kPolicyArn},
    {"TagPolicy", About::kPolicyArn},
    {"UntagPolicy", About::kPolicyArn},
    {"ListPolicyTags", About::kPolicyArn},
    {"AttachUserPolicy", About::kUser, kPolicyArnKey, "PolicyArn"},
    {"DetachUserPolicy", About::kUser, kPolicyArnKey, "PolicyArn"},
    {"ListAttachedUserPolicies", About::kUser},
    {"AttachGroupPolicy", About::kGroup, kPolicyArnKey, "PolicyArn"},
    {"DetachGroupPolicy", About::kGroup, kPolicyArnKey, "PolicyArn"},
    {"ListAttachedGroupPolicies", About::kGroup},
    {"AttachRolePolicy", About::kRole, kPolicyArnKey, "PolicyArn"},
    {"DetachRolePolicy", About::kRole, kPolicyArnKey, "PolicyArn"},
    {"ListAttachedRolePolicies", About::kRole},
    {"ListEntitiesForPolicy", About::kPolicyArn},
    {"PutUserPermissionsBoundary", About::kUser, kBoundaryKey, "PermissionsBoundary"},
    {"DeleteUserPermissionsBoundary", About::kUser},
    {"PutRolePermissionsBoundary", About::kRole, kBoundaryKey, "PermissionsBoundary"},
    {"DeleteRolePermissionsBoundary", About::kRole},
    {"CreateInstanceProfile", About::kProfile},
    {"GetInstanceProfile", About::kProfile},
    {"ListInstanceProfiles", About::kNothing},
    {"ListInstanceProfilesForRole", About::kRole},
    {"DeleteInstanceProfile", About::kProfile},
    {"AddRoleToInstanceProfile", About::kProfile},
    {"RemoveRoleFromInstanceProfile", About::kProfile},
    {"TagInstanceProfile", About::kProfile},
    {"UntagInstanceProfile", About::kProfile},
    {"ListInstanceProfileTags", About::kProfile},
    {"GetAccountSummary", About::kNothing},
    {"CreateAccountAlias", About::kNothing},
    {"DeleteAccountAlias", About::kNothing},
    {"ListAccountAliases", About::kNothing},
    {"GetAccountAuthorizationDetails", About::kNothing},
    {"SimulatePrincipalPolicy", About::kSourceArn},
    {"SimulateCustomPolicy", About::kNothing},
    {"GetContextKeysForCustomPolicy", About::kNothing},
    {"GetContextKeysForPrincipalPolicy", About::kSourceArn},
    {"ListPoliciesGrantingServiceAccess", About::kArn},
};

/// Without a name it is the caller.
std::string user_meant(const Call& call, const InputFields& input) {
  std::string name = input.text("UserName");
  return name.empty() ? call.principal.user_name : name;
}

std::optional<std::string> resource_of(const Core& core, const Call& call, const InputFields& input, About about) {
  switch (about) {
    case About::kNothing:
      return "*";
    case About::kUser: {
      const std::string name = user_meant(call, input);
      if (name.empty()) return "*";
      return named<User>(core, call, name, input.text("Path"));
    }
    case About::kGroup:
      return named<Group>(core, call, input.text("GroupName"), input.text("Path"));
    case About::kRole:
      return named<Role>(core, call, input.text("RoleName"), input.text("Path"));
    case About::kProfile:
      return named<InstanceProfile>(core, call, input.text("InstanceProfileName"), input.text("Path"));
    case About::kPolicy:
      return named<ManagedPolicy>(core, call, input.text("PolicyName"), input.text("Path"));
    case About::kPolicyArn:
      return input.text("PolicyArn");
    case About::kSourceArn:
      return input.text("PolicySourceArn");
    case About::kArn:
      return input.text("Arn");
    case About::kKey: {
      const AccountPtr account = core.directory.account(call.scope.account);
      const auto owner = account->key_owners.find(input.text("AccessKeyId"));
      return owner == account->key_owners.end() ? "*" : named<User>(core, call, owner->second, "");
    }
  }
  return "*";
}

/// The ARN that a renaming gives: the caller must have the right to the new one as well, or who may change the users
/// of one path could put them among those of another ("UpdateUser" and "UpdateGroup" in the IAM API Reference).
template <class T>
std::optional<std::string> renamed(const Core& core, const Call& call, const InputFields& input,
                                   std::string_view member) {
  const AccountPtr account = core.directory.account(call.scope.account);
  const auto found = account->find<T>(input.text(member));
  std::string name = input.text("New" + std::string(member));
  std::string path = input.text("NewPath");
  if (!found || (name.empty() && path.empty())) return std::nullopt;
  T after = *found;
  if (!name.empty()) after.name = std::move(name);
  if (!path.empty()) after.path = std::move(path);
  return arn_of(*account, after);
}

template <class T>
std::shared_ptr<const T> find_arn(const Account& account, std::string_view arn) {
  auto found = account.find<T>(arn.substr(arn.rfind('/') + 1));
  return found && arn_of(account, *found) == arn ? found : nullptr;
}

/// Tags of the entity with that ARN, and its boundary, for conditions on what it is now. Groups have neither.
void add_keys_of(const Account& account, std::string_view arn, bool boundary, policy::Context& keys) {
  const auto add_tags = [&keys](const Entity& entity) {
    for (const auto& [key, value] : entity.tags) {
      keys.add("aws:ResourceTag/" + key, value);
      keys.add("iam:ResourceTag/" + key, value);
    }
  };
  const auto add = [&](const Identity& identity) {
    add_tags(identity);
    if (boundary && !identity.boundary.empty()) keys.add(kBoundaryKey, identity.boundary);
  };
  if (const auto user = find_arn<User>(account, arn)) add(*user);
  if (const auto role = find_arn<Role>(account, arn)) add(*role);
  if (const auto policy = find_arn<ManagedPolicy>(account, arn)) add_tags(*policy);
  if (const auto profile = find_arn<InstanceProfile>(account, arn)) add_tags(*profile);
}

asio::awaitable<Result<cloud::Accesses>> describe(const Core& core, const Row& row, const Call& call,
                                                  const wire::AnyStructure& in) {
  const InputFields input(in);
  cloud::Access access;
  access.action = "iam:" + std::string(row.operation);
  access.resource = *resource_of(core, call, input, row.about);
  access.account = call.scope.account;
  access.keys.add("aws:RequestedRegion", "us-east-1");  // as all services that have no Regions
  if (!row.key.empty()) {
    std::string value = input.text(row.member);
    if (!value.empty()) access.keys.add(row.key, std::move(value));
  }
  cloud::add_tag_keys(input, access.keys);
  const AccountPtr account = core.directory.account(call.scope.account);
  add_keys_of(*account, access.resource, row.key != kBoundaryKey, access.keys);
  cloud::Accesses accesses;
  accesses.push_back(std::move(access));
  const auto target = row.operation == "UpdateUser"    ? renamed<User>(core, call, input, "UserName")
                      : row.operation == "UpdateGroup" ? renamed<Group>(core, call, input, "GroupName")
                                                       : std::nullopt;
  if (target) {
    accesses.push_back(accesses[0]);
    accesses.back().resource = *target;
  }
  constexpr std::pair<std::string_view, const char*> kTagging[] = {{"CreateUser", "iam:TagUser"},
                                                                   {"CreateRole", "iam:TagRole"},
                                                                   {"CreatePolicy", "iam:TagPolicy"},
                                                                   {"CreateInstanceProfile", "iam:TagInstanceProfile"}};
  for (const auto& [operation, action] : kTagging) {
    if (row.operation != operation || accesses[0].keys.find("aws:tagkeys").empty()) continue;
    accesses.push_back(accesses[0]);
    accesses.back().action = action;
  }
  if (row.operation == "AddRoleToInstanceProfile") {
    cloud::Access pass;
    pass.action = "iam:PassRole";
    pass.resource = *named<Role>(core, call, input.text("RoleName"), "");
    pass.keys.add("iam:PassedToService", "ec2.amazonaws.com");
    accesses.push_back(std::move(pass));
  }
  co_return accesses;
}

}  // namespace

void describe_access(Core& core) {
  for (const Row& row : kAccessRows) {
    const wire::Operation* operation = m::kService.find_operation(row.operation);
    core.house.authority.describe(*operation, [&core, &row](const Call& call, const wire::AnyStructure& input) {
      return describe(core, row, call, input);
    });
  }
}

}  // namespace signalbox::iam

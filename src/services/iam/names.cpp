#include "services/iam/names.h"

#include "base/encoding.h"
#include "cloud/paging.h"
#include "cloud/saved_policy.h"
#include "cloud/tags.h"
#include "policy/validate.h"
#include "services/iam/aws_policies.h"

namespace signalbox::iam {
namespace {

constexpr std::size_t kNameLetters = 17;

std::string capital(std::string_view word) {
  std::string out(word);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

}  // namespace

std::unexpected<Error> no_entity(std::string message) {
  return fail(m::errors::kNoSuchEntityException, std::move(message));
}
std::unexpected<Error> conflict(std::string message) {
  return fail(m::errors::kDeleteConflictException, std::move(message));
}
std::unexpected<Error> invalid(std::string message) {
  return fail("ValidationError", std::move(message));
}
std::unexpected<Error> no_such(std::string_view kind, std::string_view name) {
  return no_entity("The " + std::string(kind) + " with name " + std::string(name) + " cannot be found.");
}
std::unexpected<Error> exists_already(std::string_view kind, std::string_view name) {
  return fail(m::errors::kEntityAlreadyExistsException,
              capital(kind) + " with name " + std::string(name) + " already exists.");
}
std::unexpected<Error> over_quota(std::string_view quota, std::size_t limit) {
  return fail(m::errors::kLimitExceededException,
              "Cannot exceed quota for " + std::string(quota) + ": " + std::to_string(limit));
}

template <>
Result<std::shared_ptr<const InstanceProfile>> need(const Account& account, std::string_view name) {
  auto found = account.find<InstanceProfile>(name);
  if (!found) return no_entity("Instance Profile " + std::string(name) + " cannot be found.");
  return found;
}

Result<std::shared_ptr<const User>> user_or_caller(const View& view, const std::optional<std::string>& name) {
  if (name) return need<User>(view.account(), *name);
  if (view.call.principal.type == cloud::PrincipalType::kUser) {
    return need<User>(view.account(), view.call.principal.user_name);
  }
  return invalid("Must specify userName when calling with non-User credentials");
}

Result<std::shared_ptr<const ManagedPolicy>> need_policy(const Account& account, const std::string& arn) {
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || !parsed->resource.starts_with("policy/")) {
    return fail(m::errors::kInvalidInputException, "ARN " + arn + " is not valid.");
  }
  auto found = find_managed(account, arn);
  if (!found) return no_entity("Policy " + arn + " was not found.");
  return found;
}

std::string new_id(std::string_view prefix, Random& random) {
  std::string id(prefix);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kNameLetters; ++i) {
    if (i % 12 == 0) bits = random.next();
    id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits & 31U];
    bits >>= 5U;
  }
  return id;
}

Result<void> begin(Change& change, Entity& entity, std::string_view prefix, const std::string& name,
                   const std::optional<std::string>& path) {
  entity.name = name;
  entity.path = path.value_or("/");
  entity.id = new_id(prefix, change.core().house.random);
  entity.created = change.now();
  return {};
}

Result<void> add_tags(Tags& tags, const std::vector<m::Tag>& more) {
  for (std::size_t i = 0; i < more.size(); ++i) {
    const std::string& key = *more[i].key;
    if (cloud::is_reserved_tag(key)) return fail(m::errors::kInvalidInputException, cloud::kReservedTagText);
    for (std::size_t j = 0; j < i; ++j) {
      if (std::ranges::equal(*more[j].key, key, {}, IgnoringCase::lower, IgnoringCase::lower)) {
        return fail(m::errors::kInvalidInputException,
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      }
    }
    std::erase_if(tags, [&](const auto& tag) {
      return std::ranges::equal(tag.first, key, {}, IgnoringCase::lower, IgnoringCase::lower);
    });
    tags.emplace_back(key, more[i].value.value_or(""));
  }
  if (tags.size() > cloud::kMaxTags) {
    return fail(m::errors::kLimitExceededException, "The number of tags has reached the maximum limit.");
  }
  return {};
}

Result<void> set_boundary(const Account& account, Identity& identity, const std::string& arn) {
  const auto policy = need_policy(account, arn);
  if (!policy) {
    return no_entity("Scope ARN: " + arn + " does not exist or is not attachable.");
  }
  identity.boundary = arn;
  return {};
}

std::size_t counted_bytes(std::string_view policy) {
  return static_cast<std::size_t>(
      std::ranges::count_if(policy, [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

Result<PolicyText> read_policy(std::string text, policy::DocumentKind kind, std::size_t most, std::string over) {
  if (counted_bytes(text) > most) return fail(m::errors::kLimitExceededException, std::move(over));
  auto document = policy::validate(text, kind);
  if (!document) return std::unexpected(std::move(document).error());
  return PolicyText{std::move(text), std::make_shared<const policy::Document>(*std::move(document))};
}

std::string encoded(const std::string& policy) {
  return percent_encode(policy);
}

std::vector<m::Tag> shown(const Tags& tags) {
  std::vector<m::Tag> all;
  for (const auto& [key, value] : tags) all.push_back({key, value});
  return all;
}

std::optional<m::AttachedPermissionsBoundary> shown_boundary(const Identity& identity) {
  if (identity.boundary.empty()) return std::nullopt;
  return m::AttachedPermissionsBoundary{"Policy", identity.boundary};
}

m::User shown(const Account& account, const User& user, bool tags) {
  m::User out;
  out.path = user.path;
  out.user_name = user.name;
  out.user_id = user.id;
  out.arn = arn_of(account, user);
  out.create_date = user.created;
  if (tags) {
    out.permissions_boundary = shown_boundary(user);
    if (!user.tags.empty()) out.tags = shown(user.tags);
  }
  return out;
}

m::Group shown(const Account& account, const Group& group) {
  m::Group out;
  out.path = group.path;
  out.group_name = group.name;
  out.group_id = group.id;
  out.arn = arn_of(account, group);
  out.create_date = group.created;
  return out;
}

m::Role shown(const View& view, const Role& role, bool details) {
  m::Role out;
  out.path = role.path;
  out.role_name = role.name;
  out.role_id = role.id;
  out.arn = arn_of(view.account(), role);
  out.create_date = role.created;
  out.assume_role_policy_document = encoded(cloud::shown_policy(view.core.house, role.trust.text));
  if (role.has_description) out.description = role.description;
  out.max_session_duration = static_cast<std::int32_t>(role.max_session_seconds);
  if (!details) return out;
  out.permissions_boundary = shown_boundary(role);
  if (!role.tags.empty()) out.tags = shown(role.tags);
  out.role_last_used.emplace();
  if (const auto use = view.core.directory.last_use(role.id)) {
    out.role_last_used->last_used_date = use->time;
    out.role_last_used->region = use->region;
  }
  return out;
}

m::InstanceProfile shown(const View& view, const InstanceProfile& profile, bool tags) {
  m::InstanceProfile out;
  out.path = profile.path;
  out.instance_profile_name = profile.name;
  out.instance_profile_id = profile.id;
  out.arn = arn_of(view.account(), profile);
  out.create_date = profile.created;
  out.roles.emplace();
  if (const auto role = view.account().find<Role>(profile.role)) out.roles->push_back(shown(view, *role, false));
  if (tags && !profile.tags.empty()) out.tags = shown(profile.tags);
  return out;
}

std::string arn_of(const View& view, const ManagedPolicy& policy) {
  const auto own = view.account().find<ManagedPolicy>(policy.name);
  return own && own->id == policy.id ? iam::arn_of(view.account(), policy) : aws_policy_arn(policy);
}

m::Policy shown(const View& view, const ManagedPolicy& policy, bool details) {
  m::Policy out;
  out.policy_name = policy.name;
  out.policy_id = policy.id;
  out.arn = arn_of(view, policy);
  out.path = policy.path;
  out.default_version_id = "v" + std::to_string(policy.default_version);
  out.attachment_count = attachments(view.account(), *out.arn);
  out.permissions_boundary_usage_count = boundaries(view.account(), *out.arn);
  out.is_attachable = true;
  out.create_date = policy.created;
  out.update_date = policy.updated;
  if (!details) return out;
  if (!policy.description.empty()) out.description = policy.description;
  out.tags = shown(policy.tags);
  return out;
}

m::AttachedPolicy attached(const std::string& arn) {
  return {arn.substr(arn.rfind('/') + 1), arn};
}

namespace {

template <class Test>
std::int32_t count(const Account& account, Test test) {
  std::int32_t found = 0;
  for (const auto& [name, user] : account.users) found += test(*user) ? 1 : 0;
  for (const auto& [name, group] : account.groups) found += test(*group) ? 1 : 0;
  for (const auto& [name, role] : account.roles) found += test(*role) ? 1 : 0;
  return found;
}

}  // namespace

std::int32_t attachments(const Account& account, const std::string& arn) {
  return count(account, [&](const Identity& identity) { return identity.has_attached(arn); });
}
std::int32_t boundaries(const Account& account, const std::string& arn) {
  return count(account, [&](const Identity& identity) { return identity.boundary == arn; });
}

Result<std::string> read_marker(std::string_view listing, const std::optional<std::string>& marker) {
  if (!marker) return std::string();
  auto after = cloud::read_page_token(listing, *marker);
  if (!after) return invalid("Invalid Marker.");
  return *std::move(after);
}

std::string make_marker(std::string_view listing, std::string_view last) {
  return cloud::make_page_token(listing, last);
}

}  // namespace signalbox::iam

#include "services/s3/acl.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxGrants = 100;
constexpr std::array<std::string_view, 5> kPermissions = {"READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"};

/// Amazon EC2, which reads images for whoever gives an object the canned list "aws-exec-read".
constexpr std::string_view kImageReader = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

bool is_canonical_id(std::string_view text) {
  return text.size() == 64 && from_hex(text).has_value();
}

bool is_group_uri(std::string_view text) {
  return text == kAllUsers || text == kAuthenticatedUsers || text == kLogDelivery;
}

std::unexpected<Error> invalid(std::string message, std::string_view name, std::string_view value) {
  auto details = std::make_shared<ErrorDetails>();
  details->elements = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}};
  return std::unexpected(Error{"InvalidArgument", std::move(message), 400, std::move(details)});
}

std::unexpected<Error> malformed_acl() {
  return fail("MalformedACLError",
              "The XML you provided was not well-formed or did not validate against our published schema", 400);
}

std::unexpected<Error> by_email() {
  return fail("UnresolvableGrantByEmailAddress", "The email address you provided does not match any account on record.",
              400);
}

Result<Acl> canned_acl(std::string_view name, const std::string& owner, const std::string& bucket_owner) {
  Acl acl = {{owner, "FULL_CONTROL"}};
  if (name == "private") return acl;
  if (name == "public-read") {
    acl.push_back({std::string(kAllUsers), "READ"});
  } else if (name == "public-read-write") {
    acl.push_back({std::string(kAllUsers), "READ"});
    acl.push_back({std::string(kAllUsers), "WRITE"});
  } else if (name == "authenticated-read") {
    acl.push_back({std::string(kAuthenticatedUsers), "READ"});
  } else if (name == "bucket-owner-read") {
    if (owner != bucket_owner) acl.push_back({bucket_owner, "READ"});
  } else if (name == "bucket-owner-full-control") {
    if (owner != bucket_owner) acl.push_back({bucket_owner, "FULL_CONTROL"});
  } else if (name == "aws-exec-read") {
    acl.push_back({std::string(kImageReader), "READ"});
  } else if (name == "log-delivery-write") {
    acl.push_back({std::string(kLogDelivery), "WRITE"});
    acl.push_back({std::string(kLogDelivery), "READ_ACP"});
  } else {
    return invalid("", "x-amz-acl", name);
  }
  return acl;
}

std::string_view take(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

std::string_view trim(std::string_view text, std::string_view what) {
  while (!text.empty() && what.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && what.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

/// READ_ACP: x-amz-grant-read-acp.
std::string header_of(std::string_view permission) {
  std::string name = "x-amz-grant-" + std::string(permission);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
  });
  return name;
}

/// id="...", uri="...": what a grant header says.
Result<void> add_header_grants(const std::optional<std::string>& header, std::string_view permission, Acl& acl) {
  std::string_view rest = header ? std::string_view(*header) : std::string_view();
  while (!rest.empty()) {
    std::string_view value = take(rest, ',');
    const std::string_view type = trim(take(value, '='), " ");
    value = trim(value, " \"");
    if (type == "emailAddress") return by_email();
    if ((type == "id" && !is_canonical_id(value)) || (type == "uri" && !is_group_uri(value)) ||
        (type != "id" && type != "uri")) {
      if (type == "id") return invalid("Invalid id", "CanonicalUser/ID", value);
      if (type == "uri") return invalid("Invalid group uri", "uri", value);
      return invalid("Argument format not recognized", header_of(permission), *header);
    }
    acl.push_back({std::string(value), std::string(permission)});
  }
  return {};
}

Result<AclGrant> read_grant(const model::Grant& grant) {
  if (!grant.grantee || !grant.permission) return malformed_acl();
  if (std::ranges::find(kPermissions, std::string_view(*grant.permission)) == kPermissions.end())
    return malformed_acl();
  const model::Grantee& grantee = *grant.grantee;
  if (grantee.email_address) return by_email();
  if (grantee.id) {
    if (!is_canonical_id(*grantee.id)) return invalid("Invalid id", "CanonicalUser/ID", *grantee.id);
    return AclGrant{*grantee.id, *grant.permission};
  }
  if (!grantee.uri) return malformed_acl();
  if (!is_group_uri(*grantee.uri)) return invalid("Invalid group uri", "Group/URI", *grantee.uri);
  return AclGrant{*grantee.uri, *grant.permission};
}

Result<Acl> policy_acl(const model::AccessControlPolicy& policy, const std::string& owner) {
  if (!policy.owner || !policy.owner->id) {
    return malformed_acl();
  }
  if (*policy.owner->id != owner) return fail("AccessDenied", "Access Denied", 403);
  Acl acl;
  for (const model::Grant& grant : policy.grants.value_or(std::vector<model::Grant>())) {
    Result<AclGrant> read = read_grant(grant);
    if (!read) return std::unexpected(std::move(read).error());
    acl.push_back(*std::move(read));
  }
  return acl;
}

bool covers(const AclGrant& grant, std::string_view permission) {
  return grant.permission == permission || grant.permission == "FULL_CONTROL";
}

}  // namespace

std::string canonical_id(std::string_view account) {
  return to_hex(sha256("signalbox-canonical-user:" + std::string(account)));
}

Result<Acl> acl_of(const AclSource& source, std::string_view owner, std::string_view bucket_owner) {
  const std::string id = canonical_id(owner);
  const bool headers = source.full_control || source.read || source.read_acp || source.write || source.write_acp;
  if (source.policy && (source.canned || headers)) {
    return fail("UnexpectedContent", "This request does not support content", 400);
  }
  if (source.canned && headers) {
    return fail("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed", 400);
  }
  Result<Acl> acl = Acl();
  if (source.policy) {
    acl = policy_acl(*source.policy, id);
  } else if (headers) {
    Result<void> done = add_header_grants(source.full_control, "FULL_CONTROL", *acl);
    if (done) done = add_header_grants(source.read, "READ", *acl);
    if (done) done = add_header_grants(source.read_acp, "READ_ACP", *acl);
    if (done) done = add_header_grants(source.write, "WRITE", *acl);
    if (done) done = add_header_grants(source.write_acp, "WRITE_ACP", *acl);
    if (!done) return std::unexpected(std::move(done).error());
  } else {
    acl = canned_acl(source.canned.value_or("private"), id, canonical_id(bucket_owner));
  }
  if (acl && acl->size() > kMaxGrants) {
    return fail("MalformedACLError", "The ACL has more than 100 grants, which is the most there may be.", 400);
  }
  return acl;
}

bool is_public(const Acl& acl) {
  return std::ranges::any_of(
      acl, [](const AclGrant& grant) { return grant.grantee == kAllUsers || grant.grantee == kAuthenticatedUsers; });
}

bool grants_to_group(const Acl& acl, bool anonymous, std::string_view permission) {
  return std::ranges::any_of(acl, [&](const AclGrant& grant) {
    return covers(grant, permission) &&
           (grant.grantee == kAllUsers || (!anonymous && grant.grantee == kAuthenticatedUsers));
  });
}

bool grants(const Acl& acl, std::string_view account, std::string_view permission, bool public_too) {
  if (public_too && grants_to_group(acl, account.empty(), permission)) return true;
  if (account.empty()) return false;
  const std::string id = canonical_id(account);
  return std::ranges::any_of(acl,
                             [&](const AclGrant& grant) { return grant.grantee == id && covers(grant, permission); });
}

model::Owner owner_of(std::string_view account) {
  model::Owner owner;
  owner.id = canonical_id(account);
  return owner;
}

model::Initiator initiator_of(const std::string& arn) {
  model::Initiator initiator;
  initiator.id = arn;
  initiator.display_name = arn.substr(arn.find_last_of(":/") + 1);
  return initiator;
}

std::vector<model::Grant> grants_of(const Acl& acl) {
  std::vector<model::Grant> out;
  for (const AclGrant& grant : acl) {
    model::Grant& one = out.emplace_back();
    one.permission = grant.permission;
    model::Grantee& grantee = one.grantee.emplace();
    grantee.type = grant.is_group() ? "Group" : "CanonicalUser";
    (grant.is_group() ? grantee.uri : grantee.id) = grant.grantee;
  }
  return out;
}

}  // namespace signalbox::s3

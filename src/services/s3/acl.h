// Access control lists: who may read, write and share a bucket or an object ("Access control list (ACL) overview" in
// the Amazon S3 User Guide).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/s3.h"

namespace signalbox::s3 {

namespace model = models::s3;

inline constexpr std::string_view kAllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
inline constexpr std::string_view kAuthenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
inline constexpr std::string_view kLogDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// An account's canonical user id: 64 hexadecimal digits that do not tell the account.
std::string canonical_id(std::string_view account);

struct AclGrant {
  std::string grantee;     // a canonical id, or a group's URI
  std::string permission;  // READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL
  bool is_group() const { return grantee.starts_with("http"); }
  bool operator==(const AclGrant&) const = default;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("grantee", self.grantee)("permission", self.permission);
  }
};
using Acl = std::vector<AclGrant>;

/// Where an ACL may come from in a request; an account each, where it matters.
struct AclSource {
  std::optional<std::string> canned;
  std::optional<std::string> full_control, read, read_acp, write, write_acp;  // grant headers
  std::optional<model::AccessControlPolicy> policy;                           // the body
  bool given() const { return canned || full_control || read || read_acp || write || write_acp || policy; }
};

/// The ACL that a request asks for, of something that `owner` (an account) has in a bucket of `bucket_owner`; the
/// private one when it asks for none. Errors: InvalidArgument, MalformedACLError, UnresolvableGrantByEmailAddress,
/// UnexpectedContent.
Result<Acl> acl_of(const AclSource& source, std::string_view owner, std::string_view bucket_owner);

/// Whether it grants `permission` to everybody or to everybody with an account.
bool is_public(const Acl& acl);

/// Whether it grants `permission` to the account ("" for anonymous callers); `public_too`: also as one of a group.
bool grants(const Acl& acl, std::string_view account, std::string_view permission, bool public_too);
/// The same, to everybody or, for callers with an account, all who have one.
bool grants_to_group(const Acl& acl, bool anonymous, std::string_view permission);

model::Owner owner_of(std::string_view account);
/// Who began an upload, from the ARN.
model::Initiator initiator_of(const std::string& arn);
std::vector<model::Grant> grants_of(const Acl& acl);

}  // namespace signalbox::s3

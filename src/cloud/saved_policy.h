// The users and roles that a resource's policy names. A service saves them by their unique ids, so that who is made
// later under the same name is not who was meant, and shows them by their ARNs ("AWS JSON policy elements: Principal"
// in the IAM User Guide).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/services.h"

namespace signalbox::cloud {

/// A policy as it is saved.
struct SavedPolicy {
  std::string text;
  struct Unknown {
    std::string type;  // "AWS"
    std::string name;
    /// 'Invalid principal in policy: "AWS":"..."'
    std::string message() const;
  };
  /// A principal that cannot exist, as far as this server can know: an ARN of another partition or without an account;
  /// a federated one that is neither a domain nor an identity provider; a canonical user where only S3 knows these.
  /// When callers have proved who they are, also a user or role that is not there, of the resource's own account or of
  /// one that IAM has something of, and a unique id that nobody has.
  std::optional<Unknown> unknown;
};

/// Whose policy it is.
enum class PolicyOwner : std::uint8_t { kBucket, kOther };

/// `account`: whose the resource is. What is no policy stays as it is.
SavedPolicy save_policy(const House& house, std::string_view account, std::string_view text,
                        PolicyOwner owner = PolicyOwner::kOther);

/// A saved policy as its owner reads it. Users and roles that are gone are shown by their unique ids.
std::string shown_policy(const House& house, std::string_view text);

}  // namespace signalbox::cloud

// The users and roles that a resource's policy names. A service saves them by their unique ids, so that who is made
// later under the same name is not who was meant, and shows them by their ARNs ("AWS JSON policy elements: Principal"
// in the IAM User Guide).
#pragma once

#include <string>
#include <string_view>

#include "cloud/services.h"

namespace signalbox::cloud {

/// A policy as it is saved.
struct SavedPolicy {
  std::string text;
  /// A principal that does not exist, as far as this server can know: a user or role of the resource's own account or
  /// of one that IAM has something of, or a unique id. While callers have not proved who they are, only an ARN of
  /// another partition or without an account. "" for none.
  std::string unknown;
};

/// `account`: whose the resource is. What is no policy stays as it is.
SavedPolicy save_policy(const House& house, std::string_view account, std::string_view text);

/// A saved policy as its owner reads it. Users and roles that are gone are shown by their unique ids.
std::string shown_policy(const House& house, std::string_view text);

}  // namespace signalbox::cloud

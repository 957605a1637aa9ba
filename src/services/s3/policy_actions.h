// The actions that bucket policies can name.
#pragma once

#include <string_view>

namespace signalbox::s3 {

/// What a pattern of actions ("s3:Get*", "*") takes in.
struct PolicyActions {
  bool of_buckets = false;
  bool of_objects = false;
};

/// Both are false where S3 has no such action.
PolicyActions policy_actions(std::string_view pattern);

}  // namespace signalbox::s3

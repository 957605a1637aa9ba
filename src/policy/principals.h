// The Principal and NotPrincipal elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "policy/request.h"

namespace signalbox::policy {

/// How an Allow reaches the caller, weakest first. What it overrides follows from that (IAM User Guide, "How AWS
/// enforcement code logic evaluates requests to allow or deny access").
enum class Grant : std::uint8_t {
  kNone,     // not meant
  kAccount,  // its account is: the account must let it, too
  kSource,   // its role, or the user who federated: boundaries and session policies still limit it
  kDirect,   // it itself, or everyone: nothing but an explicit deny is in the way
};

class Principals {
 public:
  /// `value`: "*", or an object of AWS, Service, Federated, CanonicalUser.
  /// Errors: MalformedPolicyDocument, 'Invalid principal in policy: "AWS":"..."'.
  static Result<Principals> compile(json::Value value);

  /// How a Principal element of these reaches the caller.
  Grant grant(const Principal& caller) const;
  /// True when a NotPrincipal element of these leaves the caller out: all that the caller is must be named, its
  /// account, its role and its session ("AWS JSON policy elements: NotPrincipal").
  bool name_all_of(const Principal& caller) const;

 private:
  enum class Kind : std::uint8_t { kAnyone, kAccount, kArn, kUniqueId, kService, kFederated, kCanonicalUser };
  struct Entry {
    Kind kind;
    std::string text;
  };
  static Result<Entry> entry(std::string_view type, std::string_view text);
  static Grant grant(const Entry& entry, const Principal& caller);
  bool has(Kind kind, std::string_view text) const;

  std::vector<Entry> entries_;
};

}  // namespace signalbox::policy

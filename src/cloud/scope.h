// Where a resource lives: the account and region that every key, ARN and request carries.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::cloud {

struct Scope {
  std::string account;  // twelve digits
  std::string region;   // us-east-1
  auto operator<=>(const Scope&) const = default;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("account", self.account)("region", self.region);
  }
};

/// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // may hold ':' and '/'

  /// Empty optional when `text` has not the six parts, or another partition than its Region's: there is one ARN of
  /// each resource. What has no Region is of the partition "aws".
  static std::optional<Arn> parse(std::string_view text);
  std::string text() const;
  Scope scope() const { return {account, region}; }
};

/// The ARN of `resource` in `scope`, in the partition that the Region belongs to (aws, aws-cn, aws-us-gov).
std::string make_arn(std::string_view service, const Scope& scope, std::string_view resource);

bool is_account_id(std::string_view text);

}  // namespace signalbox::cloud

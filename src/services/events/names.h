// Names and ARNs of event buses and rules.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/scope.h"

namespace signalbox::events {

inline constexpr std::string_view kDefaultBus = "default";

/// One event bus: names are unique in an account and Region.
struct BusId {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const BusId&) const = default;

  bool is_default() const { return name == kDefaultBus; }
  std::string arn() const;
  /// rule/NAME on the default bus, rule/BUS/NAME on others.
  std::string rule_arn(std::string_view rule) const;
};

/// The bus of an event bus's ARN; empty optional for an ARN of anything else.
std::optional<BusId> bus_of(const cloud::Arn& arn);

/// The bus that PutEvents names by name, by ARN or, absent, by default; one of another account too. Errors:
/// ValidationException for what is no event bus of the Region.
Result<BusId> resolve_any_bus(const cloud::Scope& caller, const std::optional<std::string>& name_or_arn);

/// As resolve_any_bus, for what only the bus's own account may do. Errors: ValidationException for another account's.
Result<BusId> resolve_bus(const cloud::Scope& caller, const std::optional<std::string>& name_or_arn);

/// What a tagging operation names: a rule, or with an empty `rule` the bus itself.
struct TaggedName {
  BusId bus;
  std::string rule;
};
/// Errors: ValidationException when it is not the ARN of a bus or rule of the caller's.
Result<TaggedName> resolve_tagged(const cloud::Scope& caller, std::string_view arn);

}  // namespace signalbox::events

#include "services/events/names.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kBusPrefix = "event-bus/";
constexpr std::string_view kRulePrefix = "rule/";

}  // namespace

std::string BusId::arn() const {
  return cloud::make_arn("events", scope, std::string(kBusPrefix) + name);
}

std::string BusId::rule_arn(std::string_view rule) const {
  std::string resource(kRulePrefix);
  if (!is_default()) resource.append(name).push_back('/');
  return cloud::make_arn("events", scope, resource.append(rule));
}

std::optional<BusId> bus_of(const cloud::Arn& arn) {
  if (arn.service != "events" || !arn.resource.starts_with(kBusPrefix)) return std::nullopt;
  return BusId{arn.scope(), arn.resource.substr(kBusPrefix.size())};
}

Result<BusId> resolve_any_bus(const cloud::Scope& caller, const std::optional<std::string>& name_or_arn) {
  if (!name_or_arn) return BusId{caller, std::string(kDefaultBus)};
  const auto arn = cloud::Arn::parse(*name_or_arn);
  if (!arn && !name_or_arn->starts_with("arn:")) return BusId{caller, *name_or_arn};
  auto id = arn ? bus_of(*arn) : std::nullopt;
  if (!id || id->scope.region != caller.region) {
    return fail("ValidationException", "Parameter EventBusName is not valid: " + *name_or_arn + ".");
  }
  return *std::move(id);
}

Result<BusId> resolve_bus(const cloud::Scope& caller, const std::optional<std::string>& name_or_arn) {
  auto id = resolve_any_bus(caller, name_or_arn);
  if (!id || id->scope == caller) return id;
  return fail("ValidationException", "EventBusName of another account is not allowed here: " + *name_or_arn + ".");
}

Result<TaggedName> resolve_tagged(const cloud::Scope& caller, std::string_view text) {
  const auto arn = cloud::Arn::parse(text);
  const auto invalid = [&] {
    return fail("ValidationException", "Parameter ResourceARN is not valid: " + std::string(text) + ".");
  };
  if (!arn || arn->service != "events" || arn->scope() != caller) return invalid();
  const std::string_view resource = arn->resource;
  if (resource.starts_with(kBusPrefix)) {
    return TaggedName{{caller, std::string(resource.substr(kBusPrefix.size()))}, ""};
  }
  if (!resource.starts_with(kRulePrefix)) return invalid();
  const std::string_view path = resource.substr(kRulePrefix.size());
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return TaggedName{{caller, std::string(kDefaultBus)}, std::string(path)};
  return TaggedName{{caller, std::string(path.substr(0, slash))}, std::string(path.substr(slash + 1))};
}

}  // namespace signalbox::events

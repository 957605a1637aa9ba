#include "services/lambda/function.h"

#include <charconv>

namespace signalbox::lambda {
namespace {

/// The version that an alias leads to.
std::string_view choose(const model::AliasConfiguration& alias, double chance) {
  if (alias.routing_config && alias.routing_config->additional_version_weights) {
    for (const auto& [number, weight] : *alias.routing_config->additional_version_weights) {
      if (chance < weight) return number;
      chance -= weight;
    }
  }
  return *alias.function_version;
}

}  // namespace

VersionPtr Function::version(std::string_view number) const {
  if (number.empty() || number == kLatest) return latest;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return nullptr;
  const auto found = versions.find(value);
  return found == versions.end() ? nullptr : found->second;
}

VersionPtr Function::resolve(std::string_view qualifier, double chance) const {
  const auto alias = aliases.find(qualifier);
  return version(alias == aliases.end() ? qualifier : choose(alias->second, chance));
}

}  // namespace signalbox::lambda

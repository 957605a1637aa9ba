#include "cloud/scope.h"

#include <algorithm>

namespace signalbox::cloud {
namespace {

constexpr std::size_t kAccountDigits = 12;

std::string_view partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

}  // namespace

std::optional<Arn> Arn::parse(std::string_view text) {
  std::string_view parts[5];
  for (auto& part : parts) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  // Another partition would be another name for the same resource, which the policies for it do not know.
  if (parts[0] != "arn" || parts[1] != partition_of(parts[3]) || parts[2].empty() || text.empty()) return std::nullopt;
  return Arn{std::string(parts[1]), std::string(parts[2]), std::string(parts[3]), std::string(parts[4]),
             std::string(text)};
}

std::string Arn::text() const {
  std::string out = "arn:";
  out.append(partition).append(":").append(service).append(":").append(region).append(":");
  out.append(account).append(":").append(resource);
  return out;
}

std::string make_arn(std::string_view service, const Scope& scope, std::string_view resource) {
  std::string out = "arn:";
  out.append(partition_of(scope.region)).append(":").append(service).append(":").append(scope.region).append(":");
  out.append(scope.account).append(":").append(resource);
  return out;
}

bool is_account_id(std::string_view text) {
  return text.size() == kAccountDigits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace signalbox::cloud

#include "services/cloudtrail/trail.h"

#include <algorithm>

#include "services/cloudtrail/times.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::size_t kLeastName = 3;
constexpr std::size_t kMostName = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_mark(char c) {
  return c == '.' || c == '_' || c == '-';
}

/// 192.168.5.4
bool is_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidTrailNameException", std::move(message));
}

}  // namespace

Result<void> check_trail_name(std::string_view name) {
  if (name.size() < kLeastName)
    return invalid("Trail name too short. Minimum allowed length: 3 characters. Specified name length: " +
                   std::to_string(name.size()) + " characters.");
  if (name.size() > kMostName)
    return invalid("Trail name too long. Maximum allowed length: 128 characters. Specified name length: " +
                   std::to_string(name.size()) + " characters.");
  if (!is_letter_or_digit(name.front())) return invalid("Trail name must starts with a letter or number.");
  if (!is_letter_or_digit(name.back())) return invalid("Trail name must ends with a letter or number.");
  if (!std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || is_mark(c); })) {
    return invalid(
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), "
        "and underscores (_).");
  }
  const auto twice = std::ranges::adjacent_find(name, [](char a, char b) { return is_mark(a) && is_mark(b); });
  if (twice != name.end()) return invalid("Trail name cannot have adjacent periods, underscores or dashes.");
  if (is_address(name)) return invalid("Trail name cannot be in IP address format.");
  return {};
}

}  // namespace signalbox::cloudtrail

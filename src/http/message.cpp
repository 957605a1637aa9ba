#include "http/message.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"

namespace signalbox::http {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

bool is_host(std::string_view text) {
  static constexpr std::string_view kMarks = "-._~!$&'()*+,;=%";
  static constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string_view name = text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (std::ranges::count(address, ':') < 2) return false;
    if (address.find_first_not_of(std::string(kHexadecimal) + ":.") != std::string_view::npos) return false;
    name = text.substr(end + 1);
    if (!name.empty() && !name.starts_with(':')) return false;
  }
  const auto colon = name.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = name.substr(colon + 1);
    constexpr std::size_t kMostDigits = 5;
    if (port.size() > kMostDigits || !std::ranges::all_of(port, is_digit)) return false;
    if (!port.empty() && std::stoul(std::string(port)) > 65'535) return false;
    name = name.substr(0, colon);
  }
  if (name.starts_with('.') || name.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace signalbox::http

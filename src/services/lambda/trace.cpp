#include "services/lambda/trace.h"

#include <algorithm>
#include <cstdint>

namespace signalbox::lambda {
namespace {

bool has(std::string_view header, std::string_view field) {
  while (!header.empty()) {
    const std::string_view part = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), part.size() + 1));
    const std::string_view name = part.substr(std::min(part.find_first_not_of(' '), part.size()));
    if (name.starts_with(field) && name.substr(field.size()).starts_with('=')) return true;
  }
  return false;
}

std::string hex(std::uint64_t number, int digits) {
  std::string out(static_cast<std::size_t>(digits), '0');
  for (int at = digits; at-- > 0; number >>= 4U) out[static_cast<std::size_t>(at)] = "0123456789abcdef"[number & 0xFU];
  return out;
}

}  // namespace

std::string trace_header_for(std::string_view given, Time now, Random& random) {
  constexpr std::size_t kMax = 500;
  const bool good = given.size() <= kMax && std::ranges::all_of(given, [](char c) { return c >= ' ' && c <= '~'; });
  if (!good) given = {};
  std::string header(given);
  const auto add = [&](const std::string& field) {
    if (!header.empty() && !header.ends_with(';')) header += ';';
    header += field;
  };
  if (!has(given, "Root")) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::string first = hex(random.next(), 8);
    add("Root=1-" + hex(static_cast<std::uint64_t>(seconds), 8) + "-" + first + hex(random.next(), 16));
  }
  if (!has(given, "Parent")) add("Parent=" + hex(random.next(), 16));
  if (!has(given, "Sampled")) add("Sampled=0");
  return header;
}

}  // namespace signalbox::lambda

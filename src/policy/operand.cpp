// The typed values that conditions compare: numbers, dates, blocks of addresses.

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/time_text.h"
#include "policy/condition.h"

namespace signalbox::policy {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The forms of W3C's "Date and Time Formats" that leave out an end, made whole.
std::string whole_date(std::string_view text) {
  constexpr std::string_view kRest = "0000-01-01T00:00:00Z";
  std::string whole(text);
  if (text.size() == 4 || text.size() == 7 || text.size() == 10) {
    whole.append(kRest.substr(text.size()));
  } else if (const std::size_t zone = text.find_first_of("Z+-", 10); zone == 16) {
    whole.insert(zone, ":00");  // no seconds: 2020-04-01T12:30Z
  }
  return whole;
}

constexpr std::int64_t kMaxEpochSeconds = 253'402'300'799;  // the end of the year 9999

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Time> parse_date(std::string_view text) {
  if (text.size() > 4 && all_digits(text)) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || seconds > kMaxEpochSeconds) return std::nullopt;
    return Time(std::chrono::seconds(seconds));
  }
  if (text.size() > 64) return std::nullopt;
  return from_iso8601(whole_date(text));
}

std::optional<Network> Network::parse(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  if (inet_pton(AF_INET, address.c_str(), network.address.data()) == 1) {
    network.bytes = 4;
  } else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) == 1) {
    network.bytes = 16;
  } else {
    return std::nullopt;
  }
  network.prefix = network.bytes * 8;
  if (address.find('\0') != address.npos) return std::nullopt;
  if (slash == text.npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  if (!all_digits(digits)) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
  if (error != std::errc() || network.prefix > network.bytes * 8) return std::nullopt;
  return network;
}

bool Network::contains(const Network& other) const {
  if (bytes != other.bytes || other.prefix < prefix) return false;
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), other.address.begin())) {
    return false;
  }
  const int rest = prefix % 8;
  return rest == 0 || ((address[whole] ^ other.address[whole]) >> (8 - rest)) == 0;
}

}  // namespace signalbox::policy

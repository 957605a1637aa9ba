#include "pattern/condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace signalbox::pattern {
namespace {

/// Longest text that is tried as an IP address.
constexpr std::size_t kMaxAddress = 45;

std::uint32_t lower(std::uint32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c < 0xC0) return c;
  if (c <= 0xDE) return c == 0xD7 ? c : c + 32;                                                   // Latin-1
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c == 0x130 ? 'i' : c | 1;  // Latin Extended-A
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return (c & 1) != 0 ? c + 1 : c;
  if (c == 0x178) return 0xFF;
  if (c >= 0x391 && c <= 0x3AB) return c + 32;  // Greek
  if (c >= 0x400 && c <= 0x40F) return c + 80;  // Cyrillic
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x460 && c <= 0x481) return c | 1;
  return c;
}

/// Appends a character of at most two bytes in UTF-8; longer ones are copied, not folded.
void append_short(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  out.push_back(static_cast<char>(0xC0 | c >> 6));
  out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
}

bool read_address(std::string_view text, std::array<std::uint8_t, 16>& address, int& family) {
  if (text.empty() || text.size() > kMaxAddress) return false;
  const std::string terminated(text);
  family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  address.fill(0);
  return inet_pton(family, terminated.c_str(), address.data()) == 1;
}

bool meets_text(const Scalar& value, const Text& wanted) {
  if (value.type != json::Type::kString) return false;
  const std::string folded = wanted.ignore_case ? fold_case(value.text) : std::string();
  const std::string_view text = wanted.ignore_case ? folded : value.text;
  switch (wanted.how) {
    case TextMatch::kPrefix:
      return text.starts_with(wanted.text);
    case TextMatch::kSuffix:
      return text.ends_with(wanted.text);
    case TextMatch::kEqual:
      return text == wanted.text;
    case TextMatch::kWildcard:
      return wildcard_matches(wanted.text, text);
  }
  return false;
}

bool meets_range(const Scalar& value, const Range& range) {
  if (value.type != json::Type::kNumber) return false;
  const double number = value.number;
  if (range.low && (number < range.low->value || (number == range.low->value && !range.low->inclusive))) return false;
  if (range.high && (number > range.high->value || (number == range.high->value && !range.high->inclusive)))
    return false;
  return true;
}

bool meets_cidr(const Scalar& value, const Cidr& cidr) {
  if (value.type != json::Type::kString) return false;
  std::array<std::uint8_t, 16> address;
  int family = 0;
  if (!read_address(value.text, address, family) || family != cidr.family) return false;
  const auto whole = static_cast<std::size_t>(cidr.bits / 8);
  if (std::memcmp(address.data(), cidr.address.data(), whole) != 0) return false;
  const int rest = cidr.bits % 8;
  if (rest == 0) return true;
  const int mask = 0xFF << (8 - rest) & 0xFF;
  return (address[whole] & mask) == (cidr.address[whole] & mask);
}

struct Meets {
  const Scalar& value;
  bool operator()(const Exact& wanted) const {
    return value.type == wanted.value.type && value.text == wanted.value.text;
  }
  bool operator()(const Text& wanted) const { return meets_text(value, wanted); }
  bool operator()(const Range& range) const { return meets_range(value, range); }
  bool operator()(const Cidr& cidr) const { return meets_cidr(value, cidr); }
  bool operator()(const Exists& exists) const { return exists.wanted; }
  bool operator()(const AnythingBut& but) const {
    return std::ranges::none_of(but.none_of, [this](const Condition& c) { return meets(value, c); });
  }
};

}  // namespace

std::string canonical_number(std::string_view text) {
  const std::string_view spelled = text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
    // Exponents beyond any use are kept as they are spelled.
    if (read.ec != std::errc() || exponent > 1'000'000'000 || exponent < -1'000'000'000) return std::string(spelled);
    text = text.substr(0, e);
  }
  std::string digits(text.substr(0, text.find('.')));
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    digits += text.substr(point + 1);
    exponent -= static_cast<std::int64_t>(text.size() - point - 1);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return "0";
  while (digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

Scalar Scalar::of(json::Value value) {
  Scalar scalar{value.type(), "", 0};
  if (value.is_string()) {
    scalar.text = value.as_string();
  } else if (value.is_number()) {
    scalar.text = canonical_number(value.raw());
    scalar.number = value.as_double();
  }
  return scalar;
}

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      out.push_back(static_cast<char>(lower(byte)));
    } else if (byte >= 0xC2 && byte < 0xE0 && i + 1 < text.size()) {
      append_short(out, lower((byte & 0x1FU) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3FU)));
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// Greedy with one point to go back to, the latest '*': enough, since what follows it is tried at every place.
bool wildcard_matches(std::string_view wildcard, std::string_view text) {
  std::size_t w = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (w < wildcard.size() && wildcard[w] == '*') {
      star = ++w;
      star_text = t;
      continue;
    }
    const std::size_t literal = w < wildcard.size() && wildcard[w] == '\\' ? w + 1 : w;
    if (literal < wildcard.size() && wildcard[literal] == text[t]) {
      w = literal + 1;
      ++t;
    } else if (star != std::string_view::npos) {
      w = star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (w < wildcard.size() && wildcard[w] == '*') ++w;
  return w == wildcard.size();
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Cidr cidr{};
  const std::string_view bits = text.substr(slash + 1);
  const auto read = std::from_chars(bits.data(), bits.data() + bits.size(), cidr.bits);
  if (read.ec != std::errc() || read.ptr != bits.data() + bits.size()) return std::nullopt;
  if (!read_address(text.substr(0, slash), cidr.address, cidr.family)) return std::nullopt;
  const int most = cidr.family == AF_INET ? 32 : 128;
  if (cidr.bits < 0 || cidr.bits > most) return std::nullopt;
  return cidr;
}

bool meets(const Scalar& value, const Condition& condition) {
  return std::visit(Meets{value}, condition.is);
}

}  // namespace signalbox::pattern

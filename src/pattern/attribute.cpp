#include "pattern/attribute.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pattern/number.h"

namespace signalbox::pattern {
namespace {

constexpr std::uint64_t kStringMark = 1;
constexpr std::uint64_t kNumberMark = 2;
constexpr std::uint64_t kNullMark = 3;
constexpr std::uint64_t kTrueMark = 4;
constexpr std::uint64_t kFalseMark = 5;
constexpr std::uint64_t kPresentHash = 0x70726573656e7431ULL;
constexpr std::uint32_t kIpv6 = 256;
constexpr std::size_t kMaxAddress = 45;
/// Longest prefix or suffix that is hashed: longer ones begin alike soon enough.
constexpr std::size_t kMaxAffix = 64;
constexpr std::uint32_t kLongGram = 8;
constexpr std::uint32_t kShortGram = 4;
/// Numbers count in thousandths; farther ones than the farthest count as that.
constexpr double kPerUnit = 1e3;
constexpr double kFarthest = 1e15;

std::uint64_t marked(std::uint64_t mark, std::uint64_t hash) {
  return mix(hash, mark);
}

std::uint64_t hash_exact(json::Type type, std::string_view text, std::uint64_t seed) {
  switch (type) {
    case json::Type::kString:
      return marked(kStringMark, hash_text(text, seed));
    case json::Type::kNumber:
      return marked(kNumberMark, Decimal::read(text).hash(seed));
    case json::Type::kTrue:
      return marked(kTrueMark, seed);
    case json::Type::kFalse:
      return marked(kFalseMark, seed);
    default:
      return marked(kNullMark, seed);
  }
}

/// Keeps order: a smaller number never has a larger one.
std::int64_t thousandths(double number) {
  return static_cast<std::int64_t>(std::floor(std::clamp(number, -kFarthest, kFarthest) * kPerUnit));
}

std::uint64_t hash_block(std::int64_t at, std::uint32_t level, std::uint64_t seed) {
  return mix(static_cast<std::uint64_t>(at >> level) ^ seed, level);
}

std::uint64_t hash_address(const std::uint8_t* address, std::size_t size, unsigned bits, std::uint64_t seed) {
  char masked[16] = {};
  std::memcpy(masked, address, size);
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned kept = bits >= (i + 1) * 8 ? 8 : (bits > i * 8 ? bits - static_cast<unsigned>(i) * 8 : 0);
    masked[i] = static_cast<char>(static_cast<unsigned char>(masked[i]) & (0xFF00U >> kept));
  }
  return hash_text({masked, size}, seed);
}

std::vector<AttributeKey> range_keys(const Range& range, std::uint64_t seed) {
  const std::int64_t low = thousandths(range.low ? range.low->value : -HUGE_VAL);
  const std::int64_t high = thousandths(range.high ? range.high->value : HUGE_VAL);
  std::uint32_t level = 0;
  while ((high >> level) - (low >> level) > 1) ++level;
  std::vector<AttributeKey> keys = {{AttributeKind::kRange, level, hash_block(low, level, seed)}};
  if (high >> level != low >> level) keys.push_back({AttributeKind::kRange, level, hash_block(high, level, seed)});
  return keys;
}

/// The literal pieces of a wildcard, unescaped, and whether it begins and ends with one.
struct Pieces {
  std::vector<std::string> middle;  // all of them
  bool begins = false;
  bool ends = false;
};

Pieces pieces_of(const std::string& wildcard) {
  Pieces pieces;
  std::string piece;
  bool star = false;
  for (std::size_t i = 0; i < wildcard.size(); ++i) {
    star = wildcard[i] == '*';
    if (star) {
      if (i == 0) pieces.begins = false;
      if (!piece.empty()) pieces.middle.push_back(std::move(piece));
      piece.clear();
      continue;
    }
    if (i == 0) pieces.begins = true;
    if (wildcard[i] == '\\') ++i;
    piece.push_back(wildcard[i]);
  }
  pieces.ends = !star && !piece.empty();
  if (!piece.empty()) pieces.middle.push_back(std::move(piece));
  return pieces;
}

AttributeKey prefix_key(std::string_view text, std::uint64_t seed) {
  const std::string_view head = text.substr(0, kMaxAffix);
  return {AttributeKind::kPrefix, static_cast<std::uint32_t>(head.size()), hash_text(head, seed)};
}
AttributeKey suffix_key(std::string_view text, std::uint64_t seed) {
  const std::string_view tail = text.substr(text.size() - std::min(text.size(), kMaxAffix));
  return {AttributeKind::kSuffix, static_cast<std::uint32_t>(tail.size()), hash_text(tail, seed)};
}

struct Keys {
  std::uint64_t seed;
  using Ways = std::vector<std::vector<AttributeKey>>;
  Ways present() const { return {{{AttributeKind::kPresent, 0, kPresentHash}}}; }

  Ways operator()(const Exact& exact) const {
    return {{{AttributeKind::kExact, 0, hash_exact(exact.value.type, exact.value.text, seed)}}};
  }
  Ways operator()(const Text& text) const {
    if (text.how == TextMatch::kWildcard) return wildcard(text.text);
    if (text.how == TextMatch::kEqual) return {{{AttributeKind::kFolded, 0, hash_text(text.text, seed)}}};
    if (text.ignore_case || text.text.empty()) return present();
    if (text.how == TextMatch::kPrefix) return {{prefix_key(text.text, seed)}};
    return {{suffix_key(text.text, seed)}};
  }
  Ways wildcard(const std::string& text) const {
    Ways ways;
    const Pieces pieces = pieces_of(text);
    if (pieces.begins) ways.push_back({prefix_key(pieces.middle.front(), seed)});
    if (pieces.ends) ways.push_back({suffix_key(pieces.middle.back(), seed)});
    for (const std::string& piece : pieces.middle) {
      const std::uint32_t size = piece.size() >= kLongGram ? kLongGram : kShortGram;
      if (piece.size() < size) continue;
      for (std::size_t at = 0; at + size <= piece.size(); ++at) {
        ways.push_back({{AttributeKind::kGram, size, hash_gram(piece.data() + at, size, seed)}});
      }
    }
    if (ways.empty()) return present();
    return ways;
  }
  Ways operator()(const Range& range) const { return {range_keys(range, seed)}; }
  Ways operator()(const Cidr& cidr) const {
    const bool v4 = cidr.family == AF_INET;
    const auto bits = static_cast<std::uint32_t>(cidr.bits);
    return {
        {{AttributeKind::kCidr, v4 ? bits : kIpv6 + bits, hash_address(cidr.address.data(), v4 ? 4 : 16, bits, seed)}}};
  }
  Ways operator()(const Exists& exists) const { return exists.wanted ? present() : Ways(); }
  Ways operator()(const AnythingBut&) const { return present(); }
};

void append_address(std::string_view text, std::uint32_t param, std::uint64_t seed,
                    std::vector<std::uint64_t>& hashes) {
  if (text.empty() || text.size() > kMaxAddress || std::memchr(text.data(), 0, text.size()) != nullptr) return;
  const bool v6 = param >= kIpv6;
  if ((text.find(':') != std::string_view::npos) != v6) return;
  char terminated[kMaxAddress + 1] = {};
  std::memcpy(terminated, text.data(), text.size());
  std::uint8_t address[16] = {};
  if (inet_pton(v6 ? AF_INET6 : AF_INET, terminated, address) != 1) return;
  hashes.push_back(hash_address(address, v6 ? 16 : 4, v6 ? param - kIpv6 : param, seed));
}

}  // namespace

std::vector<std::vector<AttributeKey>> keys_of(const Condition& condition, std::uint64_t seed) {
  return std::visit(Keys{seed}, condition.is);
}

void append_hashes(const EventValue& value, AttributeKind kind, std::uint32_t param, std::uint64_t seed,
                   std::vector<std::uint64_t>& hashes) {
  const std::string_view text = value.text;
  if (kind == AttributeKind::kExact) {
    hashes.push_back(hash_exact(value.type, text, seed));
    return;
  }
  if (kind == AttributeKind::kPresent) {
    hashes.push_back(kPresentHash);
    return;
  }
  if (kind == AttributeKind::kRange) {
    if (value.type == json::Type::kNumber) {
      hashes.push_back(hash_block(thousandths(Decimal::read(text).value()), param, seed));
    }
    return;
  }
  if (value.type != json::Type::kString) return;
  switch (kind) {
    case AttributeKind::kFolded:
      hashes.push_back(hash_text(fold_case(text), seed));
      return;
    case AttributeKind::kPrefix:
      if (text.size() >= param) hashes.push_back(hash_text(text.substr(0, param), seed));
      return;
    case AttributeKind::kSuffix:
      if (text.size() >= param) hashes.push_back(hash_text(text.substr(text.size() - param), seed));
      return;
    case AttributeKind::kGram:
      for (std::size_t at = 0; at + param <= text.size(); ++at)
        hashes.push_back(hash_gram(text.data() + at, param, seed));
      return;
    case AttributeKind::kCidr:
      return append_address(text, param, seed, hashes);
    default:
      return;
  }
}

}  // namespace signalbox::pattern

#include "services/kinesis/hash_key.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::kinesis {

HashKey hash_of(std::string_view partition_key) {
  HashKey key = 0;
  for (const std::uint8_t byte : md5(partition_key)) key = key << 8U | byte;
  return key;
}

std::string hash_text(HashKey key) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(key % 10)));
    key /= 10;
  } while (key != 0);
  std::ranges::reverse(text);
  return text;
}

std::optional<HashKey> parse_hash(std::string_view text) {
  if (text.empty()) return std::nullopt;
  HashKey key = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<unsigned>(c - '0');
    if (key > (kLastHashKey - digit) / 10) return std::nullopt;
    key = key * 10 + digit;
  }
  return key;
}

}  // namespace signalbox::kinesis

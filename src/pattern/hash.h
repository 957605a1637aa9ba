// Quick hashing of short texts, seeded: an attacker who does not know the seed cannot make collisions.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace signalbox::pattern {

__extension__ using Word128 = unsigned __int128;  // beyond ISO C++, in g++ and clang

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Word128 product = static_cast<Word128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xe7037ed1a0b428dbULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}
inline std::uint64_t load4(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, 4);
  return word;
}

/// 64 bits of `text`; never reads outside it.
inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = seed ^ (left * 0x2d358dccaa6c78a5ULL);
  while (left > 16) {
    state = mix(load8(at) ^ state, load8(at + 8) ^ seed);
    at += 16;
    left -= 16;
  }
  if (left >= 8) return mix(load8(at) ^ state, load8(at + left - 8));
  if (left >= 4) return mix(load4(at) ^ state, load4(at + left - 4));
  if (left == 0) return mix(state, 1);
  const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
  return mix(state, byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1) | 1ULL << 32);
}

}  // namespace signalbox::pattern

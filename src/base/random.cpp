#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace signalbox {
namespace {

using State = std::uint64_t[4];

std::uint64_t rotate_left(std::uint64_t x, int by) {
  return (x << by) | (x >> (64 - by));
}

// xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018).
std::uint64_t step(State& s) {
  const std::uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

/// Words not given out yet. Each is wiped as it goes, so that what was given cannot be found in memory later.
class Block {
 public:
  std::uint64_t next() {
    if (left_ == 0) fill();
    return std::exchange(words_[--left_], 0);
  }

 private:
  // getrandom gives up to 256 bytes whole, whatever signals come (getrandom(2)).
  static constexpr std::size_t kWords = 32;

  void fill() {
    if (getrandom(words_.data(), sizeof(words_), 0) != static_cast<ssize_t>(sizeof(words_))) std::abort();
    left_ = kWords;
  }

  std::array<std::uint64_t, kWords> words_{};
  std::size_t left_ = 0;
};

}  // namespace

std::string Random::uuid() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t high = next();
  std::uint64_t low = next();
  high = (high & ~0xF000ULL) | 0x4000ULL;                // version 4
  low = (low & ~(0xC000ULL << 48)) | (0x8000ULL << 48);  // RFC 4122 variant
  std::string text(36, '-');
  std::size_t place = 0;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) ++place;
    const std::uint64_t half = digit < 16 ? high : low;
    text[place++] = kHex[(half >> (60 - 4 * (digit % 16))) & 15];
  }
  return text;
}

std::uint64_t SystemRandom::next() {
  static thread_local Block block;
  return block.next();
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  // SplitMix64, as the authors of xoshiro advise for filling its state.
  for (std::uint64_t& word : state_) {
    std::uint64_t z = (seed += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t SeededRandom::next() {
  return step(state_);
}

}  // namespace signalbox

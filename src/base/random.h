// Randomness as a dependency, so that tests can repeat themselves.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox {

/// Ids that are capabilities (tokens, receipt handles) and secrets are drawn from it, so only SystemRandom may serve.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  /// A version-4 UUID in lower-case text: 36 characters.
  std::string uuid();
};

/// The kernel's source of randomness, drawn in blocks, one a thread: fit for secrets, and quick. Thread-safe.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

/// The same sequence for the same seed (xoshiro256**): for tests alone. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace signalbox

// Secrets at rest: sealed with AES-256-GCM under one key, bound to what they belong to.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox {

class Sealer {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  using Key = std::array<std::uint8_t, kKeyBytes>;

  /// `on_first_use` is called once, before the first secret is sealed, on that thread.
  explicit Sealer(const Key& key, std::function<void()> on_first_use = {})
      : key_(key), on_first_use_(std::move(on_first_use)) {}

  /// A key from the system's source of randomness.
  static Key new_key();
  /// The key in the file at `path`: 64 hexadecimal digits and a line end. Made, readable by its owner only, when there
  /// is no such file. Errors (code "ConfigError") say what is wrong with it.
  static Result<Key> read_or_make_key(const std::string& path);

  /// `secret` sealed: opens only with the same `owner`, a name that is no secret.
  std::string seal(std::string_view secret, std::string_view owner) const;
  /// Empty optional for what was sealed with another key or for another owner, or was changed.
  std::optional<std::string> open(std::string_view sealed, std::string_view owner) const;
  /// A key of 32 bytes for another purpose, which tells nothing of this one. What is made with it is invalid once this
  /// key is replaced.
  std::string derive(std::string_view purpose) const;

 private:
  Key key_;
  std::function<void()> on_first_use_;
  mutable std::once_flag used_;
};

}  // namespace signalbox

// Keys as tuples whose bytes sort as the tuples do.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::store {

/// Builds a key part by part: `Key("sqs").text(account).text(region).number(7).bytes()`.
/// Text is escaped (0x00 becomes 0x00 0xFF) and closed by 0x00 0x01, numbers are 8 bytes big-endian, so no tuple's
/// bytes are a prefix of a sibling's and order is that of the parts.
class Key {
 public:
  /// `space` names the keyspace of one kind of record, for example "sqs.message".
  explicit Key(std::string_view space) { text(space); }
  Key& text(std::string_view part) &;
  Key& number(std::uint64_t part) &;
  Key&& text(std::string_view part) && { return static_cast<Key&&>(text(part)); }
  Key&& number(std::uint64_t part) && { return static_cast<Key&&>(number(part)); }

  const std::string& bytes() const { return bytes_; }
  operator std::string_view() const { return bytes_; }  // NOLINT(google-explicit-constructor): a key is its bytes
  /// The first key after every key that starts with this tuple.
  std::string end() const;

 private:
  std::string bytes_;
};

/// Reads a key back part by part; every call returns empty on bytes that are not such a part.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
  /// It reads where the bytes are: they must outlive it.
  template <std::same_as<std::string> Temporary>
  explicit KeyReader(Temporary&& bytes) = delete;
  std::optional<std::string> text();
  std::optional<std::uint64_t> number();
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace signalbox::store

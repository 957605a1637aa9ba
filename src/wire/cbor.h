// CBOR (RFC 8949), item by item: what the codec of structures is made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::wire {

/// Reads items one after another from a text that is not trusted. After anything that is not well-formed, or not of
/// the wanted kind, `ok()` is false, and nothing more is read.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  /// Nesting of what is passed over, and items of a whole text.
  static constexpr int kMaxDepth = 64;
  static constexpr std::size_t kMaxItems = 500'000;

  enum class Kind : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple, kFloat, kBreak };
  struct Head {
    Kind kind = Kind::kBreak;
    std::uint64_t value = 0;  // a number, length, count of elements, tag or simple value; the bits of a float
    double number = 0;        // of kFloat
    bool indefinite = false;  // of strings, arrays and maps: until a break
  };
  static constexpr std::uint64_t kFalse = 20;
  static constexpr std::uint64_t kTrue = 21;
  static constexpr std::uint64_t kNull = 22;
  static constexpr std::uint64_t kUndefined = 23;

  Head head();
  /// Whether another element follows, of `left` that are left or, of an indefinite container, before its break.
  bool more(const Head& container, std::uint64_t& left);
  /// The content of the string whose head was read.
  std::string string(const Head& head);
  /// Passes over the rest of the item whose head was read.
  void skip(const Head& head);

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  void fail() { ok_ = false; }

 private:
  std::uint64_t number(std::size_t bytes);
  bool skip_items(const Head& head, int depth);

  std::string_view rest_;
  std::size_t items_ = 0;
  bool ok_ = true;
};

class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}
  void begin_map(std::size_t members) { head(5, members); }
  void begin_array(std::size_t elements) { head(4, elements); }
  /// Those whose length is not told: until end().
  void begin_map() { out_.push_back(static_cast<char>(0xbf)); }
  void begin_array() { out_.push_back(static_cast<char>(0x9f)); }
  void end() { out_.push_back(static_cast<char>(0xff)); }
  void text(std::string_view value);
  void bytes(std::string_view value);
  void integer(std::int64_t value);
  void number(double value);
  void boolean(bool value) { out_.push_back(static_cast<char>(value ? 0xf5 : 0xf4)); }
  void tag(std::uint64_t tag) { head(6, tag); }

 private:
  void head(unsigned major, std::uint64_t value);
  void big_endian(std::uint64_t value, int bytes);
  std::string& out_;
};

}  // namespace signalbox::wire

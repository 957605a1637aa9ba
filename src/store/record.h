// Values as versioned records of plain fields, compact and quick.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::store {

/// Writes fields one after another; the first byte is the record's version, which the reader checks.
class RecordWriter {
 public:
  explicit RecordWriter(std::uint8_t version) { bytes_.push_back(static_cast<char>(version)); }
  RecordWriter& number(std::uint64_t value);  // LEB128
  RecordWriter& integer(std::int64_t value);  // zigzag
  RecordWriter& text(std::string_view value);
  RecordWriter& flag(bool value) { return number(value ? 1 : 0); }
  RecordWriter& optional_text(const std::optional<std::string>& value);
  RecordWriter& optional_integer(const std::optional<std::int64_t>& value);
  const std::string& bytes() const { return bytes_; }
  std::string take() && { return static_cast<std::string&&>(bytes_); }

 private:
  std::string bytes_;
};

/// Reads fields in the order they were written. Past the end, or on broken bytes, fields read as empty or 0 and
/// `ok()` turns false: check that, or `complete()`, once at the end.
class RecordReader {
 public:
  /// A record of a version above `newest` is broken to whoever does not know it.
  RecordReader(std::string_view bytes, std::uint8_t newest);
  /// It reads where the bytes are: they must outlive it.
  template <std::same_as<std::string> Temporary>
  RecordReader(Temporary&& bytes, std::uint8_t newest) = delete;
  std::uint8_t version() const { return version_; }
  std::uint64_t number();
  std::int64_t integer();
  std::string text();
  /// As text, without copying: valid while the bytes are.
  std::string_view text_view();
  bool flag() { return number() != 0; }
  std::optional<std::string> optional_text();
  std::optional<std::int64_t> optional_integer();
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }
  /// Read without an error, to the last byte.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  std::uint8_t version_ = 0;
  bool ok_ = true;
};

}  // namespace signalbox::store

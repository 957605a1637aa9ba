#include "store/record.h"

namespace signalbox::store {

RecordWriter& RecordWriter::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

RecordWriter& RecordWriter::integer(std::int64_t value) {
  return number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

RecordWriter& RecordWriter::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
  return *this;
}

RecordWriter& RecordWriter::optional_text(const std::optional<std::string>& value) {
  flag(value.has_value());
  return value ? text(*value) : *this;
}

RecordWriter& RecordWriter::optional_integer(const std::optional<std::int64_t>& value) {
  flag(value.has_value());
  return value ? integer(*value) : *this;
}

RecordReader::RecordReader(std::string_view bytes, std::uint8_t newest) : rest_(bytes) {
  if (!rest_.empty()) {
    version_ = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
  }
  if (version_ == 0 || version_ > newest) {
    ok_ = false;
    rest_ = {};
  }
}

std::uint64_t RecordReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) break;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

std::int64_t RecordReader::integer() {
  const std::uint64_t value = number();
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::string_view RecordReader::text_view() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::string RecordReader::text() {
  return std::string(text_view());
}

std::optional<std::string> RecordReader::optional_text() {
  if (!flag()) return std::nullopt;
  return text();
}

std::optional<std::int64_t> RecordReader::optional_integer() {
  if (!flag()) return std::nullopt;
  return integer();
}

}  // namespace signalbox::store

#include "store/key.h"

namespace signalbox::store {
namespace {

constexpr char kEscape = '\xff';      // after 0x00: a zero byte of the text
constexpr char kTerminator = '\x01';  // after 0x00: the end of the text

}  // namespace

Key& Key::text(std::string_view part) & {
  for (const char c : part) {
    bytes_.push_back(c);
    if (c == '\0') bytes_.push_back(kEscape);
  }
  bytes_.push_back('\0');
  bytes_.push_back(kTerminator);
  return *this;
}

Key& Key::number(std::uint64_t part) & {
  for (int shift = 56; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(part >> shift & 255));
  return *this;
}

std::string Key::end() const {
  std::string end = bytes_;
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  // The space's terminator is never 0xff, so a byte to raise is always left.
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::optional<std::string> KeyReader::text() {
  std::string part;
  for (std::size_t i = 0; i + 1 < rest_.size(); ++i) {
    if (rest_[i] != '\0') {
      part.push_back(rest_[i]);
      continue;
    }
    ++i;
    if (rest_[i] == kTerminator) {
      rest_.remove_prefix(i + 1);
      return part;
    }
    if (rest_[i] != kEscape) return std::nullopt;
    part.push_back('\0');
  }
  return std::nullopt;
}

std::optional<std::uint64_t> KeyReader::number() {
  if (rest_.size() < 8) return std::nullopt;
  std::uint64_t part = 0;
  for (std::size_t i = 0; i < 8; ++i) part = part << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(8);
  return part;
}

}  // namespace signalbox::store

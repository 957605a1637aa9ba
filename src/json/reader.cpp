#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/encoding.h"
#include "json/json.h"
#include "json/utf8.h"

namespace signalbox::json {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The first byte in [p, end) that may end or interrupt a string: a quote, a backslash or a control character.
const char* find_special(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)), control);
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
}

}  // namespace

// One pass over the text, with its own stack, so that no nesting can exhaust the program's.
class Reader {
 public:
  Reader(Document& document, std::string_view text)
      : nodes_(document.nodes_), begin_(text.data()), end_(begin_ + text.size()), at_(begin_) {}

  bool read();
  const char* problem() const { return problem_; }
  std::size_t problem_offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  using Node = Document::Node;

  bool fail(const char* problem) {
    problem_ = problem;
    return false;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(at_ - begin_); }
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  void add(Type type, std::uint32_t start, bool escaped = false) {
    const auto next = static_cast<std::uint32_t>(nodes_.size() + 1);
    nodes_.push_back(Node{.start = start, .end = here(), .next = next, .type = type, .escaped = escaped});
  }
  bool open(Type type);
  void close();
  bool key();
  bool string();
  bool escape();
  bool number();
  bool literal(std::string_view word, Type type);
  bool scalar();
  bool after_value(bool& finished);

  std::vector<Node>& nodes_;
  const char* begin_;
  const char* end_;
  const char* at_;
  const char* problem_ = nullptr;
  std::array<std::uint32_t, kMaxDepth> open_{};
  std::size_t depth_ = 0;
};

bool Reader::read() {
  for (;;) {
    skip_space();
    if (at_ == end_) return fail("the text ends where a value should be");
    if (*at_ == '{' || *at_ == '[') {
      const bool object = *at_ == '{';
      if (!open(object ? Type::kObject : Type::kArray)) return false;
      skip_space();
      if (at_ == end_ || *at_ != (object ? '}' : ']')) {
        if (object && !key()) return false;
        continue;
      }
      close();
    } else if (!scalar()) {
      return false;
    }
    bool finished = false;
    if (!after_value(finished)) return false;
    if (finished) return true;
  }
}

// Closes every container that ends here and moves on to where the next value starts.
bool Reader::after_value(bool& finished) {
  for (;;) {
    skip_space();
    if (depth_ == 0) {
      finished = true;
      return at_ == end_ || fail("more text after the value");
    }
    const bool object = nodes_[open_[depth_ - 1]].type == Type::kObject;
    if (at_ != end_ && *at_ == ',') {
      ++at_;
      return !object || key();
    }
    if (at_ == end_ || *at_ != (object ? '}' : ']')) {
      return fail(object ? "',' or '}' expected" : "',' or ']' expected");
    }
    close();
  }
}

bool Reader::open(Type type) {
  if (depth_ == open_.size()) return fail("nested too deeply");
  open_[depth_++] = static_cast<std::uint32_t>(nodes_.size());
  add(type, here());
  ++at_;
  return true;
}

void Reader::close() {
  ++at_;
  Node& node = nodes_[open_[--depth_]];
  node.end = here();
  node.next = static_cast<std::uint32_t>(nodes_.size());
}

bool Reader::key() {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("a member name in quotes expected");
  if (!string()) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail("':' expected");
  ++at_;
  return true;
}

bool Reader::scalar() {
  switch (*at_) {
    case '"':
      return string();
    case 't':
      return literal("true", Type::kTrue);
    case 'f':
      return literal("false", Type::kFalse);
    case 'n':
      return literal("null", Type::kNull);
    default:
      return number();
  }
}

bool Reader::literal(std::string_view word, Type type) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
    return fail("a value expected");
  }
  const std::uint32_t start = here();
  at_ += word.size();
  add(type, start);
  return true;
}

bool Reader::string() {
  const std::uint32_t start = here();
  bool escaped = false;
  ++at_;
  for (;;) {
    at_ = find_special(at_, end_);
    if (at_ == end_) return fail("the text ends inside a string");
    if (*at_ == '"') break;
    if (*at_ != '\\') return fail("a control character inside a string");
    escaped = true;
    if (!escape()) return false;
  }
  ++at_;
  add(Type::kString, start, escaped);
  return true;
}

bool Reader::escape() {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (left < 2) return fail("the text ends inside a string");
  if (at_[1] == 'u') {
    if (left < 6 || !std::all_of(at_ + 2, at_ + 6, is_hex)) return fail("four hexadecimal digits expected after \\u");
    at_ += 6;
    return true;
  }
  if (std::strchr("\"\\/bfnrt", at_[1]) == nullptr || at_[1] == '\0') return fail("an unknown escape in a string");
  at_ += 2;
  return true;
}

bool Reader::number() {
  const std::uint32_t start = here();
  const auto digits = [this] {
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  if (*at_ == '-') {
    ++at_;
    if (at_ == end_ || !is_digit(*at_)) return fail("a digit expected");
  }
  if (!is_digit(*at_)) return fail("a value expected");
  if (*at_ == '0') {
    ++at_;
    if (at_ != end_ && is_digit(*at_)) return fail("a number with a leading zero");
  } else {
    digits();
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fail("a digit expected");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fail("a digit expected");
  }
  add(Type::kNumber, start);
  return true;
}

namespace {

// Lines and columns from 1; a column is a character, not a byte.
std::unexpected<Error> invalid(const char* problem, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + count_characters(in_line);
  return fail("InvalidJson", fmt::format("{} at line {}, column {}", problem, line, column));
}

std::size_t first_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  while (const std::size_t length = utf8_character_length(text.substr(at))) at += length;
  return at;
}

}  // namespace

Result<Value> Document::parse(std::string_view text) {
  text_ = text;
  nodes_.clear();
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    return fail("InvalidJson", "a text over 4 GiB");
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return invalid("bytes that are not UTF-8", text, first_bad_utf8(text));
  }
  Reader reader(*this, text);
  if (!reader.read()) return invalid(reader.problem(), text, reader.problem_offset());
  return Value(this, 0);
}

}  // namespace signalbox::json

#include <charconv>
#include <cstdlib>
#include <limits>

#include "json/json.h"
#include "json/utf8.h"

namespace signalbox::json {

namespace {

std::uint32_t hex4(std::string_view digits) {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + 4, value, 16);
  return value;
}

// Walks the content of a checked string literal piece by piece: a run of plain bytes or one resolved escape.
class Pieces {
 public:
  explicit Pieces(std::string_view content) : rest_(content) {}

  // The next piece, empty at the end; valid until the next call.
  std::string_view next() {
    if (rest_.empty()) return {};
    if (rest_[0] != '\\') {
      const std::string_view run = rest_.substr(0, rest_.find('\\'));
      rest_.remove_prefix(run.size());
      return run;
    }
    resolved_.clear();
    resolve();
    return resolved_;
  }

 private:
  void resolve() {
    const char kind = rest_[1];
    if (kind == 'u') {
      resolve_unicode();
      return;
    }
    rest_.remove_prefix(2);
    switch (kind) {
      case 'b':
        resolved_ = "\b";
        break;
      case 'f':
        resolved_ = "\f";
        break;
      case 'n':
        resolved_ = "\n";
        break;
      case 'r':
        resolved_ = "\r";
        break;
      case 't':
        resolved_ = "\t";
        break;
      default:
        resolved_.push_back(kind);
    }
  }

  void resolve_unicode() {
    std::uint32_t code_point = hex4(rest_.substr(2, 4));
    rest_.remove_prefix(6);
    const bool high = code_point >= 0xD800 && code_point <= 0xDBFF;
    if (high && rest_.size() >= 6 && rest_.starts_with("\\u")) {
      const std::uint32_t low = hex4(rest_.substr(2, 4));
      if (low >= 0xDC00 && low <= 0xDFFF) {
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
        rest_.remove_prefix(6);
      }
    }
    append_utf8(resolved_, code_point);
  }

  std::string_view rest_;
  std::string resolved_;
};

}  // namespace

Type Value::type() const {
  return document_->nodes_[node_].type;
}

std::string_view Value::raw() const {
  const Document::Node& node = document_->nodes_[node_];
  return document_->text_.substr(node.start, node.end - node.start);
}

std::size_t Value::offset() const {
  return document_->nodes_[node_].start;
}

std::string Value::as_string() const {
  const std::string_view literal = raw();
  const std::string_view content = literal.substr(1, literal.size() - 2);
  if (!document_->nodes_[node_].escaped) return std::string(content);
  std::string out;
  out.reserve(content.size());
  Pieces pieces(content);
  for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) out += piece;
  return out;
}

bool Value::is(std::string_view text) const {
  const Document::Node& node = document_->nodes_[node_];
  if (node.type != Type::kString) return false;
  const std::string_view content = document_->text_.substr(node.start + 1, node.end - node.start - 2);
  if (!node.escaped) return content == text;
  Pieces pieces(content);
  for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    if (!text.starts_with(piece)) return false;
    text.remove_prefix(piece.size());
  }
  return text.empty();
}

std::optional<std::int64_t> Value::as_integer() const {
  std::string_view text = raw();
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);

  // The number is `digits` times ten to `exponent`.
  const std::size_t e = text.find_first_of("eE");
  std::string digits(text.substr(0, e));
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (read.ec != std::errc() || exponent > std::numeric_limits<std::int32_t>::max() ||
        exponent < std::numeric_limits<std::int32_t>::min()) {
      exponent =
          power.starts_with('-') ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int32_t>::max();
    }
  }
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<std::int64_t>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.empty()) return 0;
  constexpr std::int64_t kMostDigits = 19;
  if (exponent < 0 || exponent + static_cast<std::int64_t>(digits.size()) > kMostDigits) return std::nullopt;
  digits.append(static_cast<std::size_t>(exponent), '0');
  if (negative) digits.insert(digits.begin(), '-');
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

double Value::as_double() const {
  const std::string_view text = raw();
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  // from_chars leaves the value alone out of range, where strtod gives infinity or zero.
  if (read.ec == std::errc::result_out_of_range) value = std::strtod(std::string(text).c_str(), nullptr);
  return value;
}

std::size_t Value::size() const {
  std::size_t count = 0;
  if (is_object()) {
    for ([[maybe_unused]] const Members::Member& member : members()) ++count;
  } else {
    for ([[maybe_unused]] const Value element : elements()) ++count;
  }
  return count;
}

std::optional<Value> Value::find(std::string_view key) const {
  std::optional<Value> found;
  if (!is_object()) return found;
  for (const auto& [name, value] : members()) {
    if (name.is(key)) found = value;
  }
  return found;
}

Value::Elements Value::elements() const {
  const Document::Node& node = document_->nodes_[node_];
  if (node.type != Type::kArray) return {document_, node.next, node.next};
  return {document_, node_ + 1, node.next};
}

Value::Members Value::members() const {
  const Document::Node& node = document_->nodes_[node_];
  if (node.type != Type::kObject) return {document_, node.next, node.next};
  return {document_, node_ + 1, node.next};
}

Value::Elements::Iterator& Value::Elements::Iterator::operator++() {
  node_ = document_->nodes_[node_].next;
  return *this;
}

Value::Members::Iterator& Value::Members::Iterator::operator++() {
  node_ = document_->nodes_[node_ + 1].next;
  return *this;
}

}  // namespace signalbox::json

#include "wire/number_text.h"

#include <charconv>
#include <cmath>

namespace signalbox::wire {
namespace {

constexpr double kLeastPlain = 1e-3;
constexpr double kLeastWithExponent = 1e7;

/// As std::to_chars has it, in one of its two forms.
std::string digits_of(double value, std::chars_format format) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value, format).ptr};
}

}  // namespace

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const double size = std::abs(value);
  if (size == 0 || (size >= kLeastPlain && size < kLeastWithExponent)) {
    std::string text = digits_of(value, std::chars_format::fixed);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
  }
  // "1e+07" and "1.5e-05" are "1.0E7" and "1.5E-5" there.
  const std::string text = digits_of(value, std::chars_format::scientific);
  const auto mark = text.find('e');
  std::string mantissa = text.substr(0, mark);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  int exponent = 0;
  const std::size_t sign = text[mark + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + mark + 1 + sign, text.data() + text.size(), exponent);
  return mantissa + "E" + std::to_string(exponent);
}

std::optional<double> special_double(std::string_view text) {
  // "nan" and "inf" as Python's clients of the query protocol spell them.
  if (text == "NaN" || text == "nan") return NAN;
  if (text == "Infinity" || text == "inf") return INFINITY;
  if (text == "-Infinity" || text == "-inf") return -INFINITY;
  return std::nullopt;
}

std::optional<double> double_of(std::string_view text) {
  if (const auto special = special_double(text)) return special;
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return std::nullopt;  // no "inf", no hexadecimal
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void write_double(json::Writer& writer, double value) {
  const std::string text = double_text(value);
  std::isfinite(value) ? writer.raw(text) : writer.string(text);
}

}  // namespace signalbox::wire

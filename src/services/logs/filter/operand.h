// What a selector or a field is compared with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/logs/filter/reader.h"

namespace re2 {
class RE2;
}

namespace signalbox::logs::filter {

/// Whether `part` is somewhere in `text`. In linear time.
bool contains(std::string_view text, std::string_view part);

/// Whether `text` is `pattern`, in which each '*' stands for any characters.
bool wildcard_match(std::string_view pattern, std::string_view text);

/// The number that the whole of `text` writes: 12, -1.5, 1e3.
std::optional<double> number_of(std::string_view text);

/// Errors: InvalidParameterException for one that cannot be read.
Result<std::shared_ptr<const re2::RE2>> compile_expression(const Reader& reader, const std::string& text);
bool finds(const re2::RE2& expression, std::string_view text);

enum class Comparison { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

/// The comparison that stands here; empty when none does.
std::optional<Comparison> read_comparison(Reader& reader);

class Operand {
 public:
  /// Reads a text in quotes, a %regular expression%, or a word that ends before a space or one of `stops`.
  static Result<Operand> read(Reader& reader, std::string_view stops);

  /// Whether `value` (the text of a log event's field) stands in that relation to this. Only numbers are less or
  /// greater.
  bool holds(Comparison comparison, std::string_view value) const;
  bool is_ordered() const { return number_.has_value(); }

 private:
  std::string text_;
  std::optional<double> number_;  // of a word that is one
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace signalbox::logs::filter

#include "services/logs/filter/pattern.h"

#include "services/logs/filter/field_pattern.h"
#include "services/logs/filter/json_pattern.h"
#include "services/logs/filter/terms.h"

namespace signalbox::logs::filter {

Result<Pattern> Pattern::compile(std::string_view text, Characters characters) {
  if (text.size() > kMaxPatternLength) {
    return fail("InvalidParameterException",
                "Invalid filter pattern: it is longer than " + std::to_string(kMaxPatternLength) + " characters.");
  }
  Pattern pattern;
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return pattern;
  auto matcher = text[start] == '{'   ? JsonPattern::compile(Reader(text, characters))
                 : text[start] == '[' ? FieldPattern::compile(Reader(text, characters))
                                      : Terms::compile(Reader(text, characters));
  if (!matcher) return std::unexpected(std::move(matcher).error());
  pattern.matcher_ = *std::move(matcher);
  return pattern;
}

}  // namespace signalbox::logs::filter

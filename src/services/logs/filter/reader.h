// Reads the text of a pattern, character by character, and says where it went wrong.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/logs/filter/pattern.h"

namespace signalbox::logs::filter {

inline bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Reader {
 public:
  explicit Reader(std::string_view text, Characters characters = Characters::kAsAws)
      : text_(text), characters_(characters) {}

  bool done() const { return at_ == text_.size(); }
  /// '\0' at the end.
  char peek() const { return done() ? '\0' : text_[at_]; }
  char take() { return text_[at_++]; }
  void skip_space() {
    while (!done() && is_space(peek())) ++at_;
  }
  /// Whether the text goes on with `word`, which is then taken.
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  /// As take, for a word that is not to be the beginning of a longer one; in either case of letters.
  bool take_word(std::string_view word);
  std::string_view rest() const { return text_.substr(at_); }

  /// What stands between the quotation mark here and the next, without its backslashes.
  Result<std::string> quoted();
  /// What stands between the '%' here and the next. Errors: also characters that AWS does not take there.
  Result<std::string> regular_expression();

  Characters characters() const { return characters_; }
  static std::unexpected<Error> bad_term(std::string_view term) {
    return fail("InvalidParameterException", "Invalid character(s) in term '" + std::string(term) + "'");
  }
  std::unexpected<Error> wrong(const std::string& what) const {
    return fail("InvalidParameterException",
                "Invalid filter pattern: " + what + " at character " + std::to_string(at_ + 1) + ".");
  }

 private:
  std::string_view text_;
  Characters characters_;
  std::size_t at_ = 0;
};

}  // namespace signalbox::logs::filter

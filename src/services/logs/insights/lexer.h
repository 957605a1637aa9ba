// The words and signs of a query.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::logs::insights {

enum class TokenKind { kEnd, kName, kQuotedName, kNumber, kDuration, kText, kSign };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // of a name or a text; a sign
  double number = 0;
  std::string unit;       // of a duration
  std::size_t start = 0;  // bytes from 0
  std::size_t end = 0;
};

/// Reads tokens one after another; the one at hand can be looked at before it is taken.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token take();
  bool at_sign(std::string_view sign) const { return token_.kind == TokenKind::kSign && token_.text == sign; }
  bool take_sign(std::string_view sign);
  /// A word of the language, in either case of letters; not a field in backticks.
  bool at_word(std::string_view word) const;
  bool take_word(std::string_view word);
  /// The regular expression that begins with the '/' at hand, without its slashes.
  Result<std::string> take_regex();
  /// The text since `start`, without spaces at its end.
  std::string_view text_since(std::size_t start) const;
  /// Where the last token that was taken ended.
  std::size_t last_end() const { return last_end_; }

  /// MalformedQueryException that names the place of the token at hand.
  std::unexpected<Error> wrong(const std::string& what) const;
  std::unexpected<Error> unexpected() const;

 private:
  void advance();
  void read_quoted(char mark);
  void read_number();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;
  Token token_;
  std::string broken_;  // what is wrong with the token at hand
};

}  // namespace signalbox::logs::insights

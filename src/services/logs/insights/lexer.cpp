#include "services/logs/insights/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace signalbox::logs::insights {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 || c == '_' || c == '@' || c == '$' || byte >= 0x80U;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Token Lexer::take() {
  Token taken = token_;
  last_end_ = token_.end;
  advance();
  return taken;
}

bool Lexer::take_sign(std::string_view sign) {
  if (!at_sign(sign)) return false;
  take();
  return true;
}

bool Lexer::at_word(std::string_view word) const {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return token_.kind == TokenKind::kName && std::ranges::equal(token_.text, word, same);
}

bool Lexer::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  take();
  return true;
}

Result<std::string> Lexer::take_regex() {
  std::string out;
  for (at_ = token_.start + 1; at_ < text_.size() && text_[at_] != '/'; ++at_) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      if (text_[at_ + 1] != '/') out.push_back('\\');
      ++at_;
    }
    out.push_back(text_[at_]);
  }
  if (at_ >= text_.size()) return wrong("the regular expression is not closed by '/'");
  ++at_;
  last_end_ = at_;
  advance();
  return out;
}

std::string_view Lexer::text_since(std::size_t start) const {
  return text_.substr(start, last_end_ - start);
}

void Lexer::read_quoted(char mark) {
  token_.kind = mark == '`' ? TokenKind::kQuotedName : TokenKind::kText;
  for (++at_; at_ < text_.size() && text_[at_] != mark; ++at_) {
    if (text_[at_] == '\\' && mark != '`' && at_ + 1 < text_.size()) {
      const char next = text_[++at_];
      if (next == 'n') {
        token_.text.push_back('\n');
        continue;
      }
      if (next == 't') {
        token_.text.push_back('\t');
        continue;
      }
      if (next != mark && next != '\\' && next != '"' && next != '\'') token_.text.push_back('\\');
    }
    token_.text.push_back(text_[at_]);
  }
  if (at_ == text_.size()) {
    broken_ = "a quotation mark is not closed";
  } else {
    ++at_;
  }
}

void Lexer::read_number() {
  token_.kind = TokenKind::kNumber;
  const char* const first = text_.data() + at_;
  const auto [end, error] =
      std::from_chars(first, text_.data() + text_.size(), token_.number, std::chars_format::fixed);
  if (error != std::errc()) broken_ = "a number cannot be read";
  at_ += std::max<std::size_t>(1, static_cast<std::size_t>(end - first));
  while (at_ < text_.size() && (is_letter(text_[at_]))) token_.unit.push_back(text_[at_++]);
  if (!token_.unit.empty()) token_.kind = TokenKind::kDuration;
}

void Lexer::advance() {
  while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == '#')) {
    if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      ++at_;
    }
  }
  token_ = {};
  broken_.clear();
  token_.start = at_;
  if (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_letter(c)) {
      token_.kind = TokenKind::kName;
      while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) {
        token_.text.push_back(text_[at_++]);
      }
    } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      read_number();
    } else if (c == '"' || c == '\'' || c == '`') {
      read_quoted(c);
    } else {
      token_.kind = TokenKind::kSign;
      const std::string_view two = text_.substr(at_, 2);
      const bool is_two = two == "!=" || two == "<=" || two == ">=" || two == "=~" || two == "==" || two == "<>";
      token_.text = is_two ? two : text_.substr(at_, 1);
      at_ += token_.text.size();
    }
  }
  token_.end = at_;
  if (broken_.empty()) return;
  token_.kind = TokenKind::kSign;  // that nothing takes
  token_.text.clear();
}

std::unexpected<Error> Lexer::wrong(const std::string& what) const {
  const std::string_view before = text_.substr(0, token_.start);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return fail("MalformedQueryException", (broken_.empty() ? what : broken_) + " at line " + std::to_string(line) +
                                             " and position " + std::to_string(column) + " (characters " +
                                             std::to_string(token_.start) + " to " + std::to_string(token_.end) + ")");
}

std::unexpected<Error> Lexer::unexpected() const {
  if (token_.kind == TokenKind::kEnd) return wrong("unexpected end of the query");
  return wrong("unexpected symbol found " +
               std::string(text_.substr(token_.start, std::min<std::size_t>(token_.end - token_.start, 100))));
}

}  // namespace signalbox::logs::insights

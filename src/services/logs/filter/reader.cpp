#include "services/logs/filter/reader.h"

#include <algorithm>
#include <cctype>

namespace signalbox::logs::filter {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// "Supported regular expressions (regex) syntax" in the CloudWatch Logs User Guide: letters and digits, these symbols
/// and these operators; no parentheses, even behind a backslash, no spaces, nothing beyond ASCII.
bool is_of_expression(char c) {
  constexpr std::string_view kSymbols = ":_#=@/;,-";
  constexpr std::string_view kOperators = "^$?[]{}|\\*+.";
  return (static_cast<unsigned char>(c) < 0x80U && std::isalnum(static_cast<unsigned char>(c)) != 0) ||
         kSymbols.find(c) != std::string_view::npos || kOperators.find(c) != std::string_view::npos;
}

}  // namespace

bool Reader::take_word(std::string_view word) {
  const std::string_view here = text_.substr(at_);
  if (here.size() < word.size() || (here.size() > word.size() && is_word(here[word.size()]))) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(here[i])) != word[i]) return false;
  }
  at_ += word.size();
  return true;
}

Result<std::string> Reader::quoted() {
  std::string out;
  for (take(); !done();) {
    const char c = take();
    if (c == '"') return out;
    if (c == '\\' && !done() && (peek() == '"' || peek() == '\\')) {
      out.push_back(take());
    } else {
      out.push_back(c);
    }
  }
  return wrong("a quotation mark that is not closed");
}

Result<std::string> Reader::regular_expression() {
  std::string out;
  for (take(); !done();) {
    const char c = take();
    if (c == '%') {
      if (characters_ == Characters::kAsAws && !std::ranges::all_of(out, is_of_expression))
        return bad_term("%" + out + "%");
      return out;
    }
    out.push_back(c);
    if (c == '\\' && !done()) out.push_back(take());
  }
  return wrong("a regular expression that is not closed by '%'");
}

}  // namespace signalbox::logs::filter

#include "services/logs/filter/terms.h"

#include <algorithm>
#include <cctype>

namespace signalbox::logs::filter {
namespace {

/// "You must enclose terms that include non-alphanumeric characters in double quotation marks", all but the underscore.
/// Letters beyond ASCII count as such.
bool may_be_bare(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80U || c == '_';
}

/// What patterns of before may have beside.
bool might_be_bare(char c) {
  return may_be_bare(c) || std::string_view(".-:/@#$*+,;=!&'~^|<>").find(c) != std::string_view::npos;
}

}  // namespace

bool Terms::Term::is_in(std::string_view message) const {
  return expression ? finds(*expression, message) : contains(message, text);
}

Result<Terms::Term> Terms::read(Reader& reader) {
  Term term;
  if (reader.peek() == '"') {
    auto text = reader.quoted();
    if (!text) return std::unexpected(std::move(text).error());
    term.text = *std::move(text);
    if (term.text.empty() && reader.characters() == Characters::kAsAws) return Reader::bad_term("\"\"");
    return term;
  }
  if (reader.peek() == '%') {
    const auto text = reader.regular_expression();
    if (!text) return std::unexpected(text.error());
    auto expression = compile_expression(reader, *text);
    if (!expression) return std::unexpected(std::move(expression).error());
    term.expression = *std::move(expression);
    return term;
  }
  while (!reader.done() && !is_space(reader.peek())) term.text.push_back(reader.take());
  if (term.text.empty()) return reader.wrong("a term is missing");
  const bool as_aws = reader.characters() == Characters::kAsAws;
  if (!std::ranges::all_of(term.text, as_aws ? may_be_bare : might_be_bare)) return Reader::bad_term(term.text);
  return term;
}

Result<std::shared_ptr<const Matcher>> Terms::compile(Reader reader) {
  auto terms = std::make_shared<Terms>();
  for (reader.skip_space(); !reader.done(); reader.skip_space()) {
    auto& into = reader.peek() == '-' ? terms->excluded_ : reader.peek() == '?' ? terms->optional_ : terms->required_;
    if (&into != &terms->required_) reader.take();
    auto term = read(reader);
    if (!term) return std::unexpected(std::move(term).error());
    into.push_back(*std::move(term));
  }
  return terms;
}

bool Terms::matches(std::string_view message) const {
  const auto found = [message](const Term& term) { return term.is_in(message); };
  if (!std::ranges::all_of(required_, found) || std::ranges::any_of(excluded_, found)) return false;
  if (!required_.empty() || !excluded_.empty()) return true;
  return std::ranges::any_of(optional_, found);
}

}  // namespace signalbox::logs::filter

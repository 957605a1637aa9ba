#include "services/logs/filter/terms.h"

#include <algorithm>
#include <cctype>

namespace signalbox::logs::filter {
namespace {

/// "You must enclose terms that include non-alphanumeric characters in double quotation marks"; underscores, and what
/// common patterns of other tools show to be taken, are exceptions.
bool may_be_bare(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80U ||
         std::string_view("_.-:/@#$*+,;=!&'~^|<>").find(c) != std::string_view::npos;
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
  while (!reader.done() && !is_space(reader.peek())) {
    if (!may_be_bare(reader.peek())) return reader.wrong("a term with this character must be in quotation marks,");
    term.text.push_back(reader.take());
  }
  if (term.text.empty()) return reader.wrong("a term is missing");
  return term;
}

Result<std::shared_ptr<const Matcher>> Terms::compile(std::string_view text) {
  auto terms = std::make_shared<Terms>();
  Reader reader(text);
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

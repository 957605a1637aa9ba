// Patterns of terms: ERROR, -"no retry", ?WARN, %expression%.
#pragma once

#include <vector>

#include "services/logs/filter/operand.h"
#include "services/logs/filter/pattern.h"

namespace signalbox::logs::filter {

/// Matches when every required term is in the message and no excluded one; without required and excluded terms, when
/// one of the optional ones is. Beside others, optional terms mean nothing, as AWS documents.
class Terms final : public Matcher {
 public:
  static Result<std::shared_ptr<const Matcher>> compile(Reader reader);

  bool matches(std::string_view message) const override;
  Extracted extract(std::string_view) const override { return {}; }
  std::optional<std::string> value(std::string_view, std::string_view) const override { return std::nullopt; }
  bool can_select(std::string_view) const override { return false; }

 private:
  struct Term {
    std::string text;
    std::shared_ptr<const re2::RE2> expression;  // null: `text` is to be found
    bool is_in(std::string_view message) const;
  };
  static Result<Term> read(Reader& reader);
  std::vector<Term> required_;
  std::vector<Term> excluded_;
  std::vector<Term> optional_;
};

}  // namespace signalbox::logs::filter

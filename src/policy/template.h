// A value in a policy: text with wildcards and policy variables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/context_key.h"

namespace signalbox::policy {

/// Longest text that variables may make of a value; one that would be longer matches nothing.
inline constexpr std::size_t kMaxExpandedBytes = 64 * 1024;

struct TemplateRules {
  bool variables = true;  // "${aws:username}"; only in policies of version 2012-10-17
  bool wildcards = true;  // '*' and '?' are wildcards, not text
};

/// "arn:aws:s3:::home/${aws:username}/*". IAM User Guide, "IAM policy elements: Variables and tags".
class Template {
 public:
  /// Errors: MalformedPolicyDocument when a variable has no end, no name, or no proper default.
  static Result<Template> compile(std::string_view text, TemplateRules rules);

  /// True when it has no variables: text() is all there is to it.
  bool constant() const { return variables_.empty(); }
  /// What stands before the first variable; wildcards compiled as glob.h says.
  const std::string& text() const { return text_; }
  /// Writes the text with the variables' values to `out`. False when a variable has none: such a value equals and
  /// resembles nothing.
  bool expand(const Request& request, std::string& out) const;
  /// expand(), without copying when there is nothing to expand; the view is into this or into `buffer`.
  std::optional<std::string_view> resolve(const Request& request, std::string& buffer) const;

  /// Adds the names of the keys its variables stand for.
  void add_keys(std::vector<std::string>& names) const;

 private:
  struct Variable {
    ContextKey key;
    std::optional<std::string> otherwise;  // ${key, 'otherwise'}
    std::string after;                     // the text up to the next variable
  };
  Result<std::size_t> add_variable(std::string_view text);

  std::string text_;
  std::vector<Variable> variables_;
};

}  // namespace signalbox::policy

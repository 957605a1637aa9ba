// Patterns for ARNs, as Resource elements and the Arn condition operators have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/template.h"

namespace signalbox::policy {

/// An ARN with wildcards in any of its six parts and, in policies of version 2012-10-17, variables. A wildcard stays
/// within its part; parts left out at the end count as "*" (IAM User Guide, "IAM JSON policy elements: Resource").
class ArnPattern {
 public:
  /// Errors: as Template::compile.
  static Result<ArnPattern> compile(std::string_view text, bool variables);
  /// `buffer` is memory to work in.
  bool matches(std::string_view arn, const Request& request, std::string& buffer) const;
  /// False when a variable has no value.
  bool resolves(const Request& request, std::string& buffer) const {
    return text_.resolve(request, buffer).has_value();
  }
  void add_keys(std::vector<std::string>& names) const { text_.add_keys(names); }

 private:
  enum class Form : std::uint8_t {
    kAny,        // "*"
    kExact,      // no wildcards
    kPrefix,     // one '*', at the end of the sixth part
    kParts,      // wildcards anywhere
    kVariables,  // known only with the request
  };
  static Form form_of(const Template& text);

  Template text_;
  Form form_ = Form::kAny;
};

}  // namespace signalbox::policy

#include "policy/arn_pattern.h"

#include <algorithm>

#include "policy/glob.h"

namespace signalbox::policy {
namespace {

constexpr int kColons = 5;  // between the six parts of an ARN; the last part may have more

bool parts_match(std::string_view pattern, std::string_view arn) {
  if (pattern.size() == 1 && pattern[0] == kAnyRun) return true;
  bool complete = true;  // the pattern has a part for where we are
  for (int i = 0; i < kColons; ++i) {
    const std::size_t end = arn.find(':');
    if (end == arn.npos) return false;
    if (complete) {
      const std::size_t pattern_end = pattern.find(':');
      if (!glob_matches(pattern.substr(0, pattern_end), arn.substr(0, end))) return false;
      complete = pattern_end != pattern.npos;
      if (complete) pattern.remove_prefix(pattern_end + 1);
    }
    arn.remove_prefix(end + 1);
  }
  return !complete || glob_matches(pattern, arn);
}

}  // namespace

Result<ArnPattern> ArnPattern::compile(std::string_view text, bool variables) {
  auto made = Template::compile(text, {variables, true});
  if (!made) return std::unexpected(std::move(made).error());
  ArnPattern pattern;
  pattern.form_ = form_of(*made);
  pattern.text_ = *std::move(made);
  return pattern;
}

ArnPattern::Form ArnPattern::form_of(const Template& text) {
  if (!text.constant()) return Form::kVariables;
  const std::string& pattern = text.text();
  if (pattern.size() == 1 && pattern[0] == kAnyRun) return Form::kAny;
  const char wildcards[] = {kAnyRun, kAnyOne};
  const std::size_t first = pattern.find_first_of(std::string_view(wildcards, 2));
  if (std::ranges::count(std::string_view(pattern).substr(0, first), ':') < kColons) return Form::kParts;
  if (first == pattern.npos) return Form::kExact;
  return first + 1 == pattern.size() && pattern[first] == kAnyRun ? Form::kPrefix : Form::kParts;
}

bool ArnPattern::matches(std::string_view arn, const Request& request, std::string& buffer) const {
  const std::string_view pattern = text_.text();
  switch (form_) {
    case Form::kAny:
      return true;
    case Form::kExact:
      return arn == pattern;
    case Form::kPrefix:
      return arn.starts_with(pattern.substr(0, pattern.size() - 1));
    case Form::kParts:
      return parts_match(pattern, arn);
    case Form::kVariables:
      return text_.expand(request, buffer) && parts_match(buffer, arn);
  }
  return false;
}

}  // namespace signalbox::policy

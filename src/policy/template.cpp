#include "policy/template.h"

#include "policy/glob.h"
#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

/// Bytes that would be taken for wildcards; no UTF-8 text has them.
bool has_wildcard_bytes(std::string_view value) {
  return value.find(kAnyRun) != value.npos || value.find(kAnyOne) != value.npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Template> Template::compile(std::string_view text, TemplateRules rules) {
  Template made;
  std::string* out = &made.text_;
  while (!text.empty()) {
    const std::size_t variable = rules.variables ? text.find("${") : text.npos;
    const std::string_view before = text.substr(0, variable);
    if (rules.wildcards) {
      append_glob(*out, before);
    } else {
      out->append(before);
    }
    if (variable == text.npos) break;
    text.remove_prefix(variable);
    // The characters that have a meaning of their own are written ${*}, ${?} and ${$}.
    if (text.size() >= 4 && text[3] == '}' && (text[2] == '*' || text[2] == '?' || text[2] == '$')) {
      out->push_back(text[2]);
      text.remove_prefix(4);
      continue;
    }
    const auto length = made.add_variable(text);
    if (!length) return std::unexpected(length.error());
    text.remove_prefix(*length);
    out = &made.variables_.back().after;
  }
  return made;
}

/// Takes the variable that `text` starts with; the bytes it is long. A default may hold a '}'.
Result<std::size_t> Template::add_variable(std::string_view text) {
  const auto bad = [&] { return malformed("Invalid policy variable in " + std::string(text.substr(0, 200)) + "."); };
  const std::size_t name_end = text.find_first_of(",}", 2);
  if (name_end == text.npos) return bad();
  const std::string_view name = trimmed(text.substr(2, name_end - 2));
  if (name.empty()) return bad();
  std::optional<std::string> otherwise;
  std::size_t end = name_end;
  if (text[name_end] == ',') {
    const std::size_t open = text.find_first_not_of(' ', name_end + 1);
    if (open == text.npos || text[open] != '\'') return bad();
    const std::size_t close = text.find('\'', open + 1);
    if (close == text.npos) return bad();
    otherwise = text.substr(open + 1, close - open - 1);
    end = text.find_first_not_of(' ', close + 1);
    if (end == text.npos || text[end] != '}') return bad();
  }
  variables_.push_back({ContextKey(name), std::move(otherwise), ""});
  return end + 1;
}

bool Template::expand(const Request& request, std::string& out) const {
  out.assign(text_);
  for (const Variable& variable : variables_) {
    const KeyValues values = variable.key.values(request);
    std::string_view value;
    if (values.size() == 1) {  // a key of several values cannot stand for one text
      value = values[0];
    } else if (variable.otherwise) {
      value = *variable.otherwise;
    } else {
      return false;
    }
    if (has_wildcard_bytes(value) || out.size() + value.size() > kMaxExpandedBytes) return false;
    out.append(value).append(variable.after);
  }
  return true;
}

std::optional<std::string_view> Template::resolve(const Request& request, std::string& buffer) const {
  if (constant()) return text_;
  if (!expand(request, buffer)) return std::nullopt;
  return buffer;
}

void Template::add_keys(std::vector<std::string>& names) const {
  for (const Variable& variable : variables_) names.push_back(variable.key.name());
}

}  // namespace signalbox::policy

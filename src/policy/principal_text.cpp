#include "policy/principal_text.h"

#include "json/json.h"

namespace signalbox::policy {
namespace {

/// Calls `visit` with each value, or with that which is no array.
template <class Visit>
void each_of(json::Value value, const Visit& visit) {
  if (!value.is_array()) return visit(value);
  for (const json::Value one : value.elements()) visit(one);
}

std::string quoted(std::string_view text) {
  std::string out;
  json::Writer(out).string(text);
  return out;
}

}  // namespace

std::string with_principals(std::string_view policy, const PrincipalWord& word) {
  json::Document document;
  const auto root = document.parse(policy);
  std::string out;
  std::size_t done = 0;  // so much of the text is in `out`
  const auto replace = [&](std::string_view type, json::Value name) {
    const auto other = name.is_string() ? word(type, name.as_string()) : std::nullopt;
    if (!other || name.offset() < done) return;
    out.append(policy.substr(done, name.offset() - done)).append(quoted(*other));
    done = name.offset() + name.raw().size();
  };
  const auto of_statement = [&](json::Value statement) {
    if (!statement.is_object()) return;
    for (const auto [element, principals] : statement.members()) {
      if (!element.is("Principal") && !element.is("NotPrincipal")) continue;
      if (!principals.is_object()) continue;
      for (const auto [type, names] : principals.members()) {
        each_of(names, [&, of = type.as_string()](json::Value name) { replace(of, name); });
      }
    }
  };
  const auto statements = root ? root->find("Statement") : std::nullopt;
  if (statements) each_of(*statements, of_statement);
  return out.append(policy.substr(done));
}

}  // namespace signalbox::policy

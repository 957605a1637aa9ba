#include "services/events/bus_access.h"

#include <algorithm>
#include <optional>

#include "cloud/scope.h"
#include "json/json.h"

namespace signalbox::events {
namespace {

/// '*' for any run of characters, '?' for any one.
bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == text[t] && pattern[p] != '*'))) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

/// Whether `accept` takes the text, or one of the texts, of `value`.
template <class Accept>
bool any_text(std::optional<json::Value> value, Accept accept) {
  if (!value) return false;
  if (value->is_string()) return accept(value->as_string());
  if (!value->is_array()) return false;
  for (json::Value element : value->elements()) {
    if (element.is_string() && accept(element.as_string())) return true;
  }
  return false;
}

bool is_principal(const json::Value& statement, const BusAccess& access) {
  const auto accept = [&](const std::string& text) {
    if (text == "*" || text == access.account) return true;
    const auto arn = cloud::Arn::parse(text);
    if (!arn || arn->account != access.account) return false;
    return arn->resource == "root" || text == access.role_arn;
  };
  const auto principal = statement.find("Principal");
  if (!principal) return false;
  if (principal->is_string()) return principal->is("*");
  return principal->is_object() && any_text(principal->find("AWS"), accept);
}

bool is_action(const json::Value& statement) {
  return any_text(statement.find("Action"), [](std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return like(text, "events:putevents");
  });
}

/// The text of a condition key; empty optional for one that is not known.
std::optional<std::string> text_of(std::string_view key, const BusAccess& access, const json::Value& event) {
  const auto member = [&](std::string_view name) {
    const auto found = event.find(name);
    return found && found->is_string() ? found->as_string() : std::string();
  };
  if (key == "events:source") return member("source");
  if (key == "events:detail-type") return member("detail-type");
  if (key == "events:eventBusInvocation") return access.source_arn.empty() ? "false" : "true";
  if (key == "aws:PrincipalAccount") return access.account;
  if (key == "aws:SourceAccount" && !access.source_arn.empty()) return access.account;
  if (key == "aws:SourceArn" && !access.source_arn.empty()) return access.source_arn;
  return std::nullopt;
}

/// Whether a statement's conditions hold; empty optional when one of them cannot be judged.
std::optional<bool> conditions_hold(const json::Value& statement, const BusAccess& access, const json::Value& event) {
  const auto conditions = statement.find("Condition");
  if (!conditions) return true;
  if (!conditions->is_object()) return std::nullopt;
  for (const auto& [name, tests] : conditions->members()) {
    const std::string how = name.as_string();
    const bool exact = how == "StringEquals" || how == "StringEqualsIfExists" || how == "ForAnyValue:StringEquals" ||
                       how == "ForAllValues:StringEquals" || how == "Bool";
    const bool wild = how == "StringLike" || how == "ArnLike" || how == "ArnEquals";
    if (!(exact || wild) || !tests.is_object()) return std::nullopt;
    for (const auto& [key, wanted] : tests.members()) {
      const auto text = text_of(key.as_string(), access, event);
      if (!text) return std::nullopt;
      const auto accept = [&](const std::string& one) { return wild ? like(one, *text) : one == *text; };
      const bool boolean = how == "Bool" && accept(std::string(wanted.raw()));
      if (!boolean && !any_text(wanted, accept)) return false;
    }
  }
  return true;
}

}  // namespace

bool policy_allows(std::string_view policy, const BusAccess& access) {
  json::Document policy_document;
  json::Document event_document;
  const auto root = policy_document.parse(policy);
  const auto event = event_document.parse(access.event);
  const auto statements = root ? root->find("Statement") : std::nullopt;
  if (!event || !statements) return false;
  bool allowed = false;
  bool denied = false;
  const auto judge = [&](const json::Value& statement) {
    if (!statement.is_object() || !is_principal(statement, access) || !is_action(statement)) return;
    if (!any_text(statement.find("Resource"), [&](const std::string& arn) { return like(arn, access.bus_arn); }))
      return;
    const auto effect = statement.find("Effect");
    const bool denies = !effect || !effect->is_string() || !effect->is("Allow");
    const auto holds = conditions_hold(statement, access, *event);
    if (denies) {
      denied = denied || holds.value_or(true);
    } else {
      allowed = allowed || holds.value_or(false);
    }
  };
  if (statements->is_array()) {
    for (json::Value statement : statements->elements()) judge(statement);
  } else {
    judge(*statements);
  }
  return allowed && !denied;
}

}  // namespace signalbox::events

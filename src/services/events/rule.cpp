#include "services/events/rule.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "json/json.h"
#include "pattern/compiled.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kNamingFields[] = {"source", "detail-type", "detail.eventSource", "detail.eventName"};

/// Exact values, and parts of a text that say something.
bool names(const pattern::Condition& condition) {
  if (std::holds_alternative<pattern::Exact>(condition.is)) return true;
  const auto* const text = std::get_if<pattern::Text>(&condition.is);
  return text != nullptr && !text->text.empty() && text->text != "*";
}

bool names(const pattern::Field& field) {
  return std::ranges::find(kNamingFields, field.path) != std::end(kNamingFields) &&
         std::ranges::any_of(field.any_of, [](const pattern::Condition& condition) { return names(condition); });
}

bool asks(const pattern::Alternative& fields) {
  return std::ranges::any_of(fields, [](const pattern::Field& field) { return names(field); });
}

}  // namespace

bool asks_for_api_calls(const pattern::Pattern& pattern) {
  return std::ranges::any_of(pattern::alternatives_of(pattern), asks);
}

bool takes_api_call(const Rule& rule, std::string_view event) {
  if (!rule.takes_api_calls || !rule.pattern) return rule.takes_api_calls;
  const auto& alternatives = pattern::alternatives_of(*rule.pattern);
  if (std::ranges::all_of(alternatives, asks)) return true;
  json::Document document;
  const auto parsed = document.parse(event);
  return parsed && std::ranges::any_of(alternatives, [&](const pattern::Alternative& fields) {
           return asks(fields) && pattern::meets_together(fields, *parsed);
         });
}

}  // namespace signalbox::events

#include "services/events/rule.h"

#include <algorithm>
#include <string_view>
#include <variant>

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

}  // namespace

bool asks_for_api_calls(const pattern::Pattern& pattern) {
  return std::ranges::any_of(pattern::alternatives_of(pattern), [](const pattern::Alternative& fields) {
    return std::ranges::any_of(fields, [](const pattern::Field& field) { return names(field); });
  });
}

}  // namespace signalbox::events

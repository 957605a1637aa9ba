#include "services/cloudtrail/selectors.h"

#include <algorithm>
#include <array>

namespace signalbox::cloudtrail {
namespace {

bool wants_reading(std::string_view read_write, bool read_only) {
  return read_write == "All" || read_write == (read_only ? "ReadOnly" : "WriteOnly");
}

/// "arn:aws:lambda" stands for all functions; of S3 every value is a beginning.
bool covers(const DataResource& data, const std::vector<Resource>& resources) {
  return std::ranges::any_of(resources, [&](const Resource& resource) {
    return resource.type == data.type && std::ranges::any_of(data.values, [&](const std::string& value) {
             if (data.type == name_of(DataType::kS3Object)) return resource.arn.starts_with(value);
             return resource.arn == value ||
                    (value.find(":function:") == std::string::npos && resource.arn.starts_with(value));
           });
  });
}

bool selects(const BasicSelector& selector, const SelectedCall& call) {
  if (!wants_reading(selector.read_write, call.kind.read_only)) return false;
  if (call.kind.category == Category::kManagement) {
    return selector.management &&
           std::ranges::find(selector.excluded_sources, call.source) == selector.excluded_sources.end();
  }
  return std::ranges::any_of(selector.data, [&](const DataResource& data) { return covers(data, call.resources); });
}

/// The values that a field has in a call: several resources have several.
std::vector<std::string_view> values_of(std::string_view field, const SelectedCall& call) {
  const bool management = call.kind.category == Category::kManagement;
  if (field == "eventCategory") return {management ? "Management" : "Data"};
  if (field == "readOnly") return {call.kind.read_only ? "true" : "false"};
  if (field == "eventName") return {call.kind.event_name};
  if (field == "eventSource") return {call.source};
  if (field == "eventType") return {"AwsApiCall"};
  if (field == "sessionCredentialFromConsole") return {"false"};
  if (field == "userIdentity.arn") return {call.caller};
  if (management || call.resources.empty()) {
    return field == "resources.type" && !management ? std::vector{name_of(call.kind.data_type)}
                                                    : std::vector<std::string_view>{};
  }
  // Selectors look at the resource that the event is of, not at what that is in.
  const Resource& resource = call.resources.front();
  return {field == "resources.type" ? std::string_view(resource.type) : std::string_view(resource.arn)};
}

bool any(const std::vector<std::string>& operands, std::string_view value,
         bool (*holds)(std::string_view value, std::string_view operand)) {
  return std::ranges::any_of(operands, [&](const std::string& operand) { return holds(value, operand); });
}

bool is(std::string_view value, std::string_view operand) {
  return value == operand;
}
bool begins(std::string_view value, std::string_view operand) {
  return value.starts_with(operand);
}
bool ends(std::string_view value, std::string_view operand) {
  return value.ends_with(operand);
}

/// What selects is or-ed, what deselects is and-ed ("How CloudTrail evaluates multiple conditions for a field").
bool selects(const FieldSelector& selector, const SelectedCall& call) {
  const auto values = values_of(selector.field, call);
  const bool asks = !selector.equals.empty() || !selector.starts_with.empty() || !selector.ends_with.empty();
  const bool selected = !asks || std::ranges::any_of(values, [&](std::string_view value) {
    return any(selector.equals, value, is) || any(selector.starts_with, value, begins) ||
           any(selector.ends_with, value, ends);
  });
  return selected && std::ranges::none_of(values, [&](std::string_view value) {
           return any(selector.not_equals, value, is) || any(selector.not_starts_with, value, begins) ||
                  any(selector.not_ends_with, value, ends);
         });
}

bool selects(const AdvancedSelector& selector, const SelectedCall& call) {
  return std::ranges::all_of(selector.field_selectors,
                             [&](const FieldSelector& field) { return selects(field, call); });
}

}  // namespace

bool selects(const Selectors& selectors, const SelectedCall& call) {
  return std::ranges::any_of(selectors.basic, [&](const BasicSelector& one) { return selects(one, call); }) ||
         std::ranges::any_of(selectors.advanced, [&](const AdvancedSelector& one) { return selects(one, call); });
}

bool selects_any(const Selectors& selectors, DataType type) {
  const std::string_view name = name_of(type);
  const auto of_type = [&](const DataResource& data) { return data.type == name; };
  const auto names_type = [&](const FieldSelector& field) {
    return field.field == "resources.type" && std::ranges::find(field.equals, name) != field.equals.end();
  };
  return std::ranges::any_of(selectors.basic,
                             [&](const BasicSelector& one) { return std::ranges::any_of(one.data, of_type); }) ||
         std::ranges::any_of(selectors.advanced, [&](const AdvancedSelector& one) {
           return std::ranges::any_of(one.field_selectors, names_type);
         });
}

}  // namespace signalbox::cloudtrail

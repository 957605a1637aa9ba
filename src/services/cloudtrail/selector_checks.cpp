// Selectors as PutEventSelectors takes them.
#include <algorithm>
#include <set>

#include "services/cloudtrail/selectors.h"

namespace signalbox::cloudtrail {
namespace {

/// AWS's quotas.
constexpr std::size_t kMaxBasic = 5;
constexpr std::size_t kMaxDataResources = 250;
constexpr std::size_t kMaxConditions = 500;
constexpr std::size_t kMaxAdvanced = 500;

constexpr std::string_view kFields[] = {"eventCategory", "readOnly",         "eventName",
                                        "eventSource",   "resources.type",   "resources.ARN",
                                        "eventType",     "userIdentity.arn", "sessionCredentialFromConsole"};

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidEventSelectorsException", std::move(message));
}

bool is_data_type(std::string_view name) {
  for (std::size_t i = 0; i < kDataTypes; ++i) {
    if (name_of(static_cast<DataType>(i)) == name) return true;
  }
  return false;
}

std::unexpected<Error> no_such_calls(std::string_view type) {
  return invalid("Signalbox has no data events of resource type " + std::string(type) + ".");
}

bool is_basic_value(const DataResource& data, std::string_view value) {
  if (data.type == name_of(DataType::kS3Object)) {
    // All buckets, or a bucket with its slash and perhaps the beginning of a key.
    if (value == "arn:aws:s3" || value == "arn:aws:s3:::") return true;
    return value.starts_with("arn:aws:s3:::") && value.find('/') != std::string_view::npos;
  }
  return value == "arn:aws:lambda" || (value.starts_with("arn:aws:lambda:") && value.find(":function:") != value.npos);
}

Result<void> check(const DataResource& data) {
  if (data.type != name_of(DataType::kS3Object) && data.type != name_of(DataType::kLambdaFunction)) {
    if (data.type == "AWS::DynamoDB::Table") return no_such_calls(data.type);
    return invalid("The resource type " + data.type +
                   " is not valid in basic event selectors. Valid are AWS::S3::Object, AWS::Lambda::Function and "
                   "AWS::DynamoDB::Table; use advanced event selectors for others.");
  }
  if (data.values.empty()) return invalid("The values of data resources of type " + data.type + " must not be empty.");
  for (const std::string& value : data.values) {
    if (!is_basic_value(data, value)) {
      return invalid("Value " + value + " for DataResources.Values of type " + data.type + " is invalid.");
    }
  }
  return {};
}

const FieldSelector* find(const AdvancedSelector& selector, std::string_view field) {
  const auto found =
      std::ranges::find_if(selector.field_selectors, [&](const auto& one) { return one.field == field; });
  return found == selector.field_selectors.end() ? nullptr : &*found;
}

std::size_t conditions_of(const FieldSelector& field) {
  return field.equals.size() + field.starts_with.size() + field.ends_with.size() + field.not_equals.size() +
         field.not_starts_with.size() + field.not_ends_with.size();
}

/// Of fields that take one value of a few, and only Equals.
Result<void> check_one_of(const FieldSelector& field, std::initializer_list<std::string_view> valid) {
  if (field.equals.size() != 1 || conditions_of(field) != 1) {
    return invalid("The field " + field.field + " takes the operator Equals with one value.");
  }
  if (std::ranges::find(valid, field.equals.front()) == valid.end()) {
    return invalid("Value " + field.equals.front() + " is not valid for the field " + field.field + ".");
  }
  return {};
}

Result<void> check(const FieldSelector& field, bool is_data) {
  if (std::ranges::find(kFields, field.field) == std::end(kFields)) {
    return invalid("The field " + field.field + " is not valid in advanced event selectors.");
  }
  if (conditions_of(field) == 0) return invalid("The field " + field.field + " has no operator.");
  if (!is_data && field.field.starts_with("resources.")) {
    return invalid("The field " + field.field + " is not valid for management events.");
  }
  if (field.field == "readOnly") return check_one_of(field, {"true", "false"});
  if (field.field == "resources.type") {
    if (field.equals.size() != 1 || conditions_of(field) != 1) {
      return invalid("The field resources.type takes the operator Equals with one value.");
    }
    if (!is_data_type(field.equals.front())) return no_such_calls(field.equals.front());
  }
  return {};
}

Result<void> check(const AdvancedSelector& selector) {
  const FieldSelector* const category = find(selector, "eventCategory");
  if (category == nullptr) return invalid("The field eventCategory is required in every advanced event selector.");
  if (category->equals.size() == 1 && category->equals.front() == "NetworkActivity") {
    return invalid("Signalbox has no network activity events.");
  }
  Result<void> checked = check_one_of(*category, {"Management", "Data"});
  if (!checked) return checked;
  const bool is_data = category->equals.front() == "Data";
  if (is_data && find(selector, "resources.type") == nullptr) {
    return invalid("The field resources.type is required for data events.");
  }
  std::set<std::string_view> seen;
  for (const FieldSelector& field : selector.field_selectors) {
    if (!seen.insert(field.field).second) {
      return invalid("The field " + field.field + " occurs more than once in an advanced event selector.");
    }
    checked = check(field, is_data);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

Result<void> check(const std::vector<BasicSelector>& selectors) {
  if (selectors.empty()) return invalid("There must be at least one event selector.");
  if (selectors.size() > kMaxBasic) return invalid("A trail can have at most 5 event selectors.");
  std::size_t resources = 0;
  for (const BasicSelector& one : selectors) {
    if (!one.management && one.data.empty()) {
      return invalid("An event selector must include management events or data resources.");
    }
    for (const std::string& source : one.excluded_sources) {
      if (source != "kms.amazonaws.com" && source != "rdsdata.amazonaws.com") {
        return invalid("Value " + source + " for ExcludeManagementEventSources is invalid.");
      }
      if (!one.management) {
        return invalid("ExcludeManagementEventSources needs IncludeManagementEvents to be true.");
      }
    }
    for (const DataResource& data : one.data) {
      Result<void> checked = check(data);
      if (!checked) return checked;
      resources += data.values.size();
    }
  }
  if (resources > kMaxDataResources) return invalid("The event selectors of a trail can name at most 250 resources.");
  return {};
}

Result<void> check(const std::vector<AdvancedSelector>& selectors) {
  if (selectors.empty()) return invalid("There must be at least one advanced event selector.");
  if (selectors.size() > kMaxAdvanced) return invalid("A trail can have at most 500 advanced event selectors.");
  std::size_t conditions = 0;
  for (const AdvancedSelector& one : selectors) {
    Result<void> checked = check(one);
    if (!checked) return checked;
    for (const FieldSelector& field : one.field_selectors) conditions += conditions_of(field);
  }
  if (conditions > kMaxConditions) {
    return invalid("The advanced event selectors of a trail can have at most 500 conditions.");
  }
  return {};
}

}  // namespace signalbox::cloudtrail

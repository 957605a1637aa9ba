#include "services/sns/filter_policy.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "json/json.h"
#include "services/sns/names.h"

namespace signalbox::sns {
namespace {

constexpr double kLargestNumber = 1e9;
constexpr std::size_t kMaxNesting = 100;
constexpr std::string_view kOperators[] = {
    "anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"};

std::unexpected<Error> wrong(const std::string& what) {
  return invalid("FilterPolicy: " + what);
}

/// Walks a policy: counts its keys, multiplies its combinations, and says in SNS's words what is wrong.
class Survey {
 public:
  explicit Survey(FilterScope scope) : scope_(scope) {}

  std::size_t keys() const { return keys_; }

  /// The combinations of an object that lies `depth` levels deep, from 1.
  Result<std::size_t> object(json::Value value, std::size_t depth) {
    if (depth > kMaxNesting) return wrong("Filter policy is nested too deeply");
    std::size_t product = 1;
    for (const auto [key, member] : value.members()) {
      const std::string name = key.as_string();
      const bool or_list = name == "$or" && member.is_array() && is_list_of_objects(member);
      if (!or_list && depth == 1) ++keys_;  // of nested policies only the parent keys count
      Result<std::size_t> count = or_list ? alternatives(member, depth) : field(name, member, depth);
      if (!count) return count;
      product = std::min(product * *count, kEnough);
    }
    return product;
  }

 private:
  static constexpr std::size_t kEnough = 1'000'000;

  static bool is_list_of_objects(json::Value list) {
    for (const json::Value element : list.elements()) {
      if (!element.is_object()) return false;
    }
    return list.size() > 1;
  }

  Result<std::size_t> alternatives(json::Value list, std::size_t depth) {
    std::size_t sum = 0;
    for (const json::Value alternative : list.elements()) {
      const auto count = object(alternative, depth);
      if (!count) return count;
      sum += *count;
    }
    return std::min(sum, kEnough);
  }

  Result<std::size_t> field(const std::string& name, json::Value value, std::size_t depth) {
    if (value.is_object()) {
      if (scope_ == FilterScope::kAttributes) {
        return invalid("Filter policy scope MessageAttributes does not support nested filter policy");
      }
      if (value.size() == 0) return wrong("Empty objects are not allowed");
      return object(value, depth + 1);
    }
    if (!value.is_array()) return wrong("\"" + name + "\" must be an object or an array");
    if (value.size() == 0) return wrong("Empty arrays are not allowed");
    for (const json::Value element : value.elements()) {
      Result<void> checked = condition(element);
      if (!checked) return std::unexpected(std::move(checked).error());
    }
    return std::min(value.size() * depth, kEnough);
  }

  Result<void> condition(json::Value value) {
    if (value.is_array()) return wrong("Match value must be String, number, true, false, or null");
    if (value.type() == json::Type::kNumber) return number(value);
    if (!value.is_object()) return {};
    if (value.size() != 1) return wrong("Only one key allowed in match expression");
    const auto [key, operand] = *value.members().begin();
    if (std::ranges::count(kOperators, key.as_string()) == 0) {
      return wrong("Unrecognized match type " + key.as_string());
    }
    if (!key.is("numeric") || !operand.is_array()) return {};
    for (const json::Value part : operand.elements()) {
      if (part.type() != json::Type::kNumber) continue;
      Result<void> checked = number(part);
      if (!checked) return checked;
    }
    return {};
  }

  static Result<void> number(json::Value value) {
    if (std::abs(value.as_double()) <= kLargestNumber) return {};
    return wrong("Value of " + std::string(value.raw()) + " must be between -1.0E9 and 1.0E9");
  }

  FilterScope scope_;
  std::size_t keys_ = 0;
};

/// The reason in what the pattern compiler says.
std::string reason_of(const Error& error) {
  constexpr std::string_view kReason = "Reason: ";
  const auto at = error.message.find(kReason);
  return at == std::string::npos ? error.message : error.message.substr(at + kReason.size());
}

/// Whether a JSON text may hold the number as it is spelled.
bool is_json_number(std::string_view text) {
  json::Document document;
  const auto value = document.parse(text);
  return value && value->type() == json::Type::kNumber;
}

void write_number(json::Writer& writer, const std::string& text) {
  if (is_json_number(text)) return writer.raw(text);
  const std::string_view digits = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  writer.number(value);
}

}  // namespace

Result<std::optional<pattern::Pattern>> compile_filter(std::string_view policy, FilterScope scope) {
  if (policy.size() > kMaxFilterBytes) return wrong("Filter policy is larger than 256 KB");
  json::Document document;
  const auto root = document.parse(policy);
  if (!root) return wrong("failed to parse JSON. " + root.error().message);
  if (!root->is_object()) return wrong("Filter policy must be a JSON object");
  if (root->size() == 0) return std::nullopt;
  Survey survey(scope);
  const auto combinations = survey.object(*root, 1);
  if (!combinations) return std::unexpected(combinations.error());
  if (survey.keys() > kMaxFilterKeys) return wrong("Filter policy can not have more than 5 keys");
  if (*combinations > kMaxFilterCombinations) return wrong("Filter policy is too complex");
  auto compiled = pattern::Pattern::compile(policy);
  if (!compiled) return wrong(reason_of(compiled.error()));
  return *std::move(compiled);
}

std::string filter_event(const cloud::TypedAttributes& attributes) {
  std::string text;
  json::Writer writer(text);
  json::Document document;
  writer.begin_object();
  for (const auto& [name, attribute] : attributes) {
    const std::string_view type = attribute.type;
    if (type == "String.Array") {
      const auto list = document.parse(attribute.value);
      if (!list || !list->is_array()) continue;
      writer.key(name);
      writer.raw(attribute.value);
    } else if (type.starts_with("Number")) {
      writer.key(name);
      write_number(writer, attribute.value);
    } else if (type.starts_with("String")) {
      writer.member(name, attribute.value);
    }
  }
  writer.end_object();
  return text;
}

}  // namespace signalbox::sns

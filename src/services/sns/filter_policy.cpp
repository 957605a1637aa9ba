#include "services/sns/filter_policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "json/json.h"
#include "pattern/unbounded.h"
#include "services/sns/names.h"

namespace signalbox::sns {
namespace {

constexpr double kLargestNumber = 1e9;
constexpr std::size_t kMaxNesting = 100;
constexpr std::size_t kDecimals = 5;

std::unexpected<Error> wrong_policy(const std::string& what) {
  return invalid("FilterPolicy: " + what);
}

/// Walks a policy: counts its keys, multiplies its combinations, and says in SNS's words what is wrong_policy with its
/// shape and its numbers. All else that can be wrong_policy with a condition is said by the compiler of patterns.
class Survey {
 public:
  explicit Survey(FilterScope scope) : scope_(scope) {}

  std::size_t keys() const { return keys_; }

  /// The combinations of an object that lies `depth` levels deep, from 1.
  Result<std::size_t> object(json::Value value, std::size_t depth) {
    if (depth > kMaxNesting) return wrong_policy("Filter policy is nested too deeply");
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
      if (value.size() == 0) return wrong_policy("Empty objects are not allowed");
      return object(value, depth + 1);
    }
    if (!value.is_array()) return wrong_policy("\"" + name + "\" must be an object or an array");
    if (value.size() == 0) return wrong_policy("Empty arrays are not allowed");
    for (const json::Value element : value.elements()) {
      Result<void> checked = condition(element);
      if (!checked) return std::unexpected(std::move(checked).error());
    }
    return std::min(value.size() * depth, kEnough);
  }

  Result<void> condition(json::Value value) {
    if (value.is_number()) return number(value);
    if (!value.is_object() || value.size() != 1) return {};
    const auto [key, operand] = *value.members().begin();
    return key.is("numeric") && operand.is_array() ? numeric(operand) : Result<void>();
  }

  /// ["=", 1], [">", 1], ["<", 1] or [">", 1, "<", 2]; what is wrong_policy is said in the order in which SNS reads it.
  static Result<void> numeric(json::Value operand) {
    std::vector<json::Value> terms;
    for (const json::Value term : operand.elements()) terms.push_back(term);
    if (terms.empty()) return wrong_policy("Invalid member in numeric match: ]");
    if (!terms[0].is_string()) return wrong_policy("Invalid member in numeric match: " + std::string(terms[0].raw()));
    const std::string first = terms[0].as_string();
    const bool above = first == ">" || first == ">=";
    if (!above && first != "=" && first != "<" && first != "<=") {
      return wrong_policy("Unrecognized numeric range operator: " + first);
    }
    Result<void> checked = bound(first == "=" ? "equals" : first, terms, 1);
    if (!checked || terms.size() == 2) return checked;
    if (first == "=") return wrong_policy("Too many elements in numeric expression");
    if (!above) return wrong_policy("Too many terms in numeric range expression");
    if (!terms[2].is_string()) return wrong_policy("Bad value in numeric range: " + std::string(terms[2].raw()));
    const std::string second = terms[2].as_string();
    if (second != "<" && second != "<=") return wrong_policy("Bad numeric range operator: " + second);
    checked = bound(second, terms, 3);
    if (!checked) return checked;
    if (terms.size() > 4) return wrong_policy("Too many terms in numeric range expression");
    if (terms[1].as_double() >= terms[3].as_double()) return wrong_policy("Bottom must be less than top");
    return {};
  }

  static Result<void> bound(const std::string& of, const std::vector<json::Value>& terms, std::size_t place) {
    if (terms.size() <= place || !terms[place].is_number()) return wrong_policy("Value of " + of + " must be numeric");
    return number(terms[place]);
  }

  static Result<void> number(json::Value value) {
    if (std::abs(value.as_double()) <= kLargestNumber) return {};
    return wrong_policy("Value of " + std::string(value.raw()) + " must be between -1.0E9 and 1.0E9");
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

bool is_of_number(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/// A JSON number without what stands behind its fifth decimal.
void append_cut(std::string& out, std::string_view number) {
  std::string plain(number);
  if (number.find_first_of("eE") != std::string_view::npos) {
    double value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    if (std::abs(value) > kLargestNumber) return void(out.append(number));
    // Enough places that cutting, not rounding, decides.
    std::array<char, 64> text{};
    const auto [end, problem] =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 2 * kDecimals);
    if (problem != std::errc()) return void(out.append(number));
    plain.assign(text.data(), end);
  }
  const auto point = plain.find('.');
  if (point != std::string::npos && plain.size() - point - 1 > kDecimals) plain.resize(point + 1 + kDecimals);
  out.append(plain);
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
  if (policy.size() > kMaxFilterBytes) return wrong_policy("Filter policy is larger than 256 KB");
  json::Document document;
  const auto root = document.parse(policy);
  if (!root) return wrong_policy("failed to parse JSON. " + root.error().message);
  if (!root->is_object()) return wrong_policy("Filter policy must be a JSON object");
  if (root->size() == 0) return std::nullopt;
  Survey survey(scope);
  const auto combinations = survey.object(*root, 1);
  if (!combinations) return std::unexpected(combinations.error());
  if (survey.keys() > kMaxFilterKeys) return wrong_policy("Filter policy can not have more than 5 keys");
  if (*combinations > kMaxFilterCombinations) return wrong_policy("Filter policy is too complex");
  auto compiled = pattern::compile_unbounded(with_five_decimals(policy));
  if (!compiled) return wrong_policy(reason_of(compiled.error()));
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
  return with_five_decimals(text);
}

std::string with_five_decimals(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t from = at;
    if (json[at] == '"') {
      for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
      at = std::min(at + 1, json.size());
      out.append(json.substr(from, at - from));
    } else if (is_of_number(json[at]) && json[at] != 'e' && json[at] != 'E') {
      while (at < json.size() && is_of_number(json[at])) ++at;
      append_cut(out, json.substr(from, at - from));
    } else {
      out.push_back(json[at++]);
    }
  }
  return out;
}

}  // namespace signalbox::sns

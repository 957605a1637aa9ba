#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "pattern/compiled.h"
#include "pattern/complexity.h"
#include "pattern/unbounded.h"

namespace signalbox::pattern {
namespace {

constexpr double kMaxNumber = 5.0e9;
constexpr std::size_t kMaxQuotedSource = 500;

}  // namespace

/// Compiles one text. Recursion is bounded by the JSON reader's depth limit.
class Compiler {
 public:
  Compiler(std::string_view text, bool bounded) : text_(text), bounded_(bounded) {}

  Result<Pattern> compile() {
    if (text_.size() > kMaxPatternBytes) return error("Event pattern is too large", 0);
    json::Document document;
    const auto root = document.parse(text_);
    if (!root) return fail(kCode, "Event pattern is not valid. Reason: " + root.error().message);
    if (!root->is_object()) return error("Filter is not an object", root->offset() + 1);
    Result<std::vector<Alternative>> alternatives = object(*root, std::nullopt);
    if (!alternatives) return std::unexpected(std::move(alternatives).error());
    if (bounded_ && has_wildcards_ && wildcard_complexity(*alternatives) > kMaxWildcardComplexity) {
      return fail(
          kCode,
          "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard characters or fewer "
          "repeating character sequences after a wildcard character");
    }
    auto compiled = std::make_shared<Pattern::Compiled>();
    compiled->alternatives = std::move(*alternatives);
    return Pattern(std::move(compiled));
  }

 private:
  static constexpr const char* kCode = "InvalidEventPatternException";

  /// AWS's text: the reason, then the place as its JSON reader prints it.
  std::unexpected<Error> error(const std::string& reason, std::size_t offset) const {
    const std::string_view before = text_.substr(0, offset);
    const auto lines = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n');
    const std::size_t column = offset - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
    std::string source(text_.substr(0, kMaxQuotedSource));
    const std::string cut = text_.size() > kMaxQuotedSource
                                ? "[truncated " + std::to_string(text_.size() - kMaxQuotedSource) + " chars]"
                                : "";
    return fail(kCode, "Event pattern is not valid. Reason: " + reason + "\n at [Source: (String)\"" + source + "\"" +
                           cut + "; line: " + std::to_string(lines) + ", column: " + std::to_string(column) + "]");
  }
  std::unexpected<Error> error_after(const std::string& reason, json::Value value) const {
    const bool container = value.is_array() || value.is_object();
    return error(reason, value.offset() + (container ? 1 : value.raw().size()));
  }

  /// `prefix` is the path of the object; none for the pattern itself.
  Result<std::vector<Alternative>> object(json::Value value, const std::optional<std::string>& prefix) {
    if (value.size() == 0) return error_after("Empty objects are not allowed", value);
    std::vector<Alternative> all = {{}};
    for (const auto& [key, member] : value.members()) {
      const std::string name = key.as_string();
      Result<std::vector<Alternative>> more = name == "$or" && is_or(member)
                                                  ? any_of(member, prefix)
                                                  : field(name, member, prefix ? *prefix + "." + name : name);
      if (!more) return more;
      Result<std::vector<Alternative>> product = multiply(all, *more, member);
      if (!product) return product;
      all = std::move(*product);
    }
    return all;
  }

  /// "$or" is the operator only over two or more objects; else it is a field of that name.
  static bool is_or(json::Value value) {
    if (!value.is_array() || value.size() < 2) return false;
    return std::ranges::all_of(elements_of(value), [](json::Value element) { return element.is_object(); });
  }
  static std::vector<json::Value> elements_of(json::Value array) {
    std::vector<json::Value> elements;
    for (const json::Value element : array.elements()) elements.push_back(element);
    return elements;
  }

  Result<std::vector<Alternative>> any_of(json::Value list, const std::optional<std::string>& prefix) {
    std::vector<Alternative> all;
    for (const json::Value element : list.elements()) {
      Result<std::vector<Alternative>> one = object(element, prefix);
      if (!one) return one;
      all.insert(all.end(), one->begin(), one->end());
      if (all.size() > kMaxAlternatives) return too_many(element);
    }
    return all;
  }

  Result<std::vector<Alternative>> multiply(const std::vector<Alternative>& left, const std::vector<Alternative>& right,
                                            json::Value at) {
    if (left.size() * right.size() > kMaxAlternatives) return too_many(at);
    std::vector<Alternative> product;
    for (const Alternative& a : left) {
      for (const Alternative& b : right) {
        Alternative& both = product.emplace_back();
        // Of a path that is given twice the last one holds.
        std::ranges::copy_if(a, std::back_inserter(both), [&](const Field& field) {
          return std::ranges::find(b, field.path, &Field::path) == b.end();
        });
        both.insert(both.end(), b.begin(), b.end());
      }
    }
    return product;
  }
  std::unexpected<Error> too_many(json::Value at) const {
    return error_after("Rule is too complex - there are over 1000 combinations of $or alternatives", at);
  }

  Result<std::vector<Alternative>> field(const std::string& name, json::Value value, const std::string& path) {
    if (value.is_object()) return object(value, path);
    if (!value.is_array()) return error_after("\"" + name + "\" must be an object or an array", value);
    if (value.size() == 0) return error_after("Empty arrays are not allowed", value);
    Field leaf{path, {}};
    for (const json::Value element : value.elements()) {
      Result<Condition> one = condition(element);
      if (!one) return std::unexpected(std::move(one).error());
      leaf.any_of.push_back(std::move(*one));
    }
    return std::vector<Alternative>{{std::move(leaf)}};
  }

  Result<Condition> condition(json::Value value) {
    if (value.is_array()) return error_after("Match value must be String, number, true, false, or null", value);
    if (!value.is_object()) return exact(value);
    if (value.size() != 1) {
      return error_after(
          value.size() == 0 ? "Empty objects are not allowed" : "Only one key allowed in match expression", value);
    }
    const auto [key, operand] = *value.members().begin();
    const std::string name = key.as_string();
    if (name == "anything-but") return anything_but(operand);
    if (name == "exists") {
      if (!operand.is_bool()) return error_after("exists match pattern must be either true or false.", operand);
      return Condition{Exists{operand.as_bool()}};
    }
    if (name == "numeric") return numeric(operand);
    if (name == "cidr") return cidr(operand);
    return text_condition(name, key, operand);
  }

  Result<Condition> exact(json::Value value) {
    if (bounded_ && value.is_number() && std::abs(value.as_double()) > kMaxNumber) return out_of_range(value);
    return Condition{Exact{Scalar::of(value)}};
  }
  std::unexpected<Error> out_of_range(json::Value number) const {
    return error_after("Value must be between -5.0E9 and 5.0E9, inclusive", number);
  }

  Result<Condition> text_condition(const std::string& name, json::Value key, json::Value operand) {
    if (name == "equals-ignore-case") return text(name, TextMatch::kEqual, true, operand);
    if (name == "wildcard") return wildcard(operand);
    if (name != "prefix" && name != "suffix") return error_after("Unrecognized match type " + name, key);
    const TextMatch how = name == "prefix" ? TextMatch::kPrefix : TextMatch::kSuffix;
    if (!operand.is_object()) return text(name, how, false, operand);
    if (operand.size() != 1) return error_after("Only one key allowed in match expression", operand);
    const auto [inner, value] = *operand.members().begin();
    if (!inner.is("equals-ignore-case")) {
      return error_after("Unsupported " + name + " pattern: " + inner.as_string(), inner);
    }
    return text("equals-ignore-case", how, true, value);
  }

  Result<Condition> text(const std::string& name, TextMatch how, bool ignore_case, json::Value operand) {
    if (!operand.is_string()) return error_after(name + " match pattern must be a string", operand);
    std::string wanted = operand.as_string();
    if (ignore_case) wanted = fold_case(wanted);
    return Condition{Text{how, std::move(wanted), ignore_case}};
  }

  Result<Condition> wildcard(json::Value operand) {
    if (!operand.is_string()) return error_after("wildcard match pattern must be a string", operand);
    std::string wanted = operand.as_string();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] == '*' && i + 1 < wanted.size() && wanted[i + 1] == '*') {
        return error_after("Consecutive wildcard characters at pos " + std::to_string(i), operand);
      }
      if (wanted[i] != '\\') continue;
      if (i + 1 == wanted.size() || (wanted[i + 1] != '*' && wanted[i + 1] != '\\')) {
        return error_after("Invalid escape character at pos " + std::to_string(i), operand);
      }
      ++i;
    }
    has_wildcards_ = true;
    return Condition{Text{TextMatch::kWildcard, std::move(wanted), false}};
  }

  Result<Condition> cidr(json::Value operand) {
    if (!operand.is_string()) return error_after("prefix match pattern must be a string", operand);
    const std::string wanted = operand.as_string();
    if (std::ranges::count(wanted, '/') != 1) return error_after("Malformed CIDR, one '/' required", operand);
    const std::string_view bits = std::string_view(wanted).substr(wanted.find('/') + 1);
    int mask = 0;
    const auto [end, problem] = std::from_chars(bits.data(), bits.data() + bits.size(), mask);
    if (problem != std::errc() || end != bits.data() + bits.size()) {
      return error_after("Malformed CIDR, mask bits must be an integer", operand);
    }
    if (mask < 0) return error_after("Malformed CIDR, mask bits must not be negative", operand);
    const auto parsed = parse_cidr(wanted);
    if (parsed) return Condition{*parsed};
    if (!parse_cidr(wanted.substr(0, wanted.find('/')) + "/0")) {
      return error_after("Nonstandard IP address: " + wanted.substr(0, wanted.find('/')), operand);
    }
    const bool is_v6 = wanted.contains(':');
    return error_after(is_v6 ? "IPv6 mask bits must be <= 128" : "IPv4 mask bits must be <= 32", operand);
  }

  Result<double> bound(const std::string& op, json::Value value) {
    if (!value.is_number()) return error_after("Value of " + op + " must be numeric", value);
    const double number = value.as_double();
    if (std::abs(number) > kMaxNumber) return out_of_range(value);
    return number;
  }

  Result<Condition> numeric(json::Value operand) {
    if (!operand.is_array()) return error_after("Value of numeric must be an array.", operand);
    const std::vector<json::Value> terms = elements_of(operand);
    if (terms.empty()) return error_after("Invalid member in numeric match: ]", operand);
    if (terms.size() > 4) return error_after("Too many terms in numeric range expression", terms[4]);
    Range range;
    for (std::size_t i = 0; i < terms.size(); i += 2) {
      if (!terms[i].is_string())
        return error_after("Invalid member in numeric match: " + std::string(terms[i].raw()), terms[i]);
      const std::string op = terms[i].as_string();
      if (i + 1 == terms.size()) return error_after("Value of " + op + " must be numeric", terms[i]);
      Result<double> value = bound(op, terms[i + 1]);
      if (!value) return std::unexpected(std::move(value).error());
      const Bound limit{*value, op.ends_with('=')};
      if (op == "=" && terms.size() == 2) {
        range.low = range.high = limit;
      } else if ((op == ">" || op == ">=") && !range.low && !range.high) {
        range.low = limit;
      } else if ((op == "<" || op == "<=") && !range.high) {
        range.high = limit;
      } else if (op == "=" || op == ">" || op == ">=" || op == "<" || op == "<=") {
        return error_after("Bad numeric range operator: " + op, terms[i]);
      } else {
        return error_after("Unrecognized numeric range operator: " + op, terms[i]);
      }
    }
    if (range.low && range.high && range.low->value >= range.high->value && terms.size() == 4) {
      return error_after("Bottom must be less than top", operand);
    }
    return Condition{range};
  }

  Result<Condition> anything_but(json::Value operand) {
    AnythingBut but;
    if (operand.is_array()) {
      if (operand.size() == 0) return error_after("Empty arrays are not allowed", operand);
      for (const json::Value element : operand.elements()) {
        if (!element.is_string() && !element.is_number()) {
          return error_after("Inside anything but list, start|null|boolean is not supported.", element);
        }
        Result<Condition> one = exact(element);
        if (!one) return one;
        but.none_of.push_back(*std::move(one));
      }
      const auto first = std::get<Exact>(but.none_of.front().is).value.type;
      for (const Condition& one : but.none_of) {
        if (std::get<Exact>(one.is).value.type == first) continue;
        return error_after(
            "Inside anything but list, either all values are number or string, mixed type is not supported", operand);
      }
      return Condition{std::move(but)};
    }
    if (operand.is_object()) return anything_but_operator(operand);
    if (!operand.is_string() && !operand.is_number()) {
      return error_after("Value of anything-but must be an array or single string/number value.", operand);
    }
    Result<Condition> one = exact(operand);
    if (!one) return one;
    but.none_of.push_back(*std::move(one));
    return Condition{std::move(but)};
  }

  /// {"prefix": ...} and its like inside anything-but, each over one string or a list of them.
  Result<Condition> anything_but_operator(json::Value operand) {
    if (operand.size() != 1) return error_after("Only one key allowed in match expression", operand);
    const auto [key, value] = *operand.members().begin();
    const std::string name = key.as_string();
    if (name != "prefix" && name != "suffix" && name != "equals-ignore-case" && name != "wildcard") {
      return error_after("Unsupported anything-but pattern: " + name, key);
    }
    AnythingBut but;
    const std::vector<json::Value> values = value.is_array() ? elements_of(value) : std::vector<json::Value>{value};
    if (values.empty()) return error_after("Empty arrays are not allowed", value);
    for (const json::Value one : values) {
      const bool end = name == "prefix" || name == "suffix";
      if (bounded_ && end && !one.is_string()) return error_after(name + " match pattern must be a string", one);
      if (end && one.is_string() && one.raw().size() == 2) return error_after("Null prefix/suffix not allowed", one);
      Result<Condition> inner = text_condition(name, key, one);
      if (!inner) return inner;
      but.none_of.push_back(std::move(*inner));
    }
    return Condition{std::move(but)};
  }

  std::string_view text_;
  bool bounded_;
  bool has_wildcards_ = false;
};

const std::vector<Alternative>& alternatives_of(const Pattern& pattern) {
  return pattern.compiled_->alternatives;
}

Result<Pattern> Pattern::compile(std::string_view text) {
  return Compiler(text, true).compile();
}

Result<Pattern> compile_unbounded(std::string_view text) {
  return Compiler(text, false).compile();
}

}  // namespace signalbox::pattern

#include "wire/constraints.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/time_text.h"
#include "wire/number_text.h"

namespace signalbox::wire {
namespace {

/// Violations beyond this many are not listed: a hostile request cannot make an answer larger than itself.
constexpr std::size_t kMaxViolations = 50;
/// A value is quoted in a violation up to this many bytes.
constexpr std::size_t kMaxQuotedValue = 1024;

/// With the models' \uXXXX as RE2 has it, \x{XXXX}; what begins \u10 and goes on in hexadecimal is beyond the first
/// 65536.
std::string with_code_points(std::string_view pattern) {
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  std::string out;
  while (!pattern.empty()) {
    if (!pattern.starts_with("\\u")) {
      const std::size_t plain = pattern.starts_with('\\') ? 2 : 1;
      out.append(pattern.substr(0, plain));
      pattern.remove_prefix(std::min(plain, pattern.size()));
      continue;
    }
    pattern.remove_prefix(2);
    const std::size_t digits = std::min(pattern.find_first_not_of(kHex), pattern.size());
    const std::size_t taken = std::min<std::size_t>(digits, !pattern.starts_with("10") ? 4 : digits >= 6 ? 6 : digits);
    out.append("\\x{").append(pattern.substr(0, taken)).append("}");
    pattern.remove_prefix(taken);
  }
  return out;
}

/// The compiled pattern of a shape, kept from its first use on: the tables are constant, so are the results.
const RE2& compiled(const Shape& shape) {
  static std::shared_mutex mutex;
  static std::unordered_map<const Shape*, std::unique_ptr<RE2>> cache;
  {
    const std::shared_lock lock(mutex);
    const auto found = cache.find(&shape);
    if (found != cache.end()) return *found->second;
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(false);
  // The models' look-aheads, which RE2 has not: "not blank"; what sources may be, without "not aws."; "not a number
  // only"; "not ending in a dot"; "no two hyphens".
  std::string_view text = shape.pattern;
  if (text == "^(?!\\s*$).+" || text.starts_with("(?!\\s*$).+|")) text = "^.*\\S.*";
  if (text.starts_with("^(?=[/\\.\\-_A-Za-z0-9]+)((?!aws\\.).*)|")) text = "^[/\\.\\-_A-Za-z0-9$].*";
  if (text.starts_with(".*(?=[/\\.\\-_A-Za-z0-9]+)((?!aws\\.).*)|")) text = ".*[/\\.\\-_A-Za-z0-9].*";
  if (text.starts_with("(?!^[0-9]+$)") || text.starts_with("((?!^\\d+$)")) text = "[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*";
  if (text == "[0-9A-Za-z\\.\\-_]*(?<!\\.)") text = "([0-9A-Za-z._-]*[0-9A-Za-z_-])?";
  if (text == "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$") text = "[a-z0-9](-?[a-z0-9])+";
  if (text.starts_with("(^(?!(system\\x2e)))")) text = "[_a-zA-Z0-9][^$]*";
  auto pattern = std::make_unique<RE2>(with_code_points(text), options);
  const std::unique_lock lock(mutex);
  return *cache.emplace(&shape, std::move(pattern)).first->second;
}

/// Length as AWS counts it: in UTF-16 units.
std::size_t text_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) length += byte >= 0xF0U ? 2 : 1;
  }
  return length;
}

std::string lower_first(std::string_view name) {
  std::string text(name);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string whole_number(double value) {
  return std::to_string(static_cast<std::int64_t>(value));
}

/// The value as AWS prints it in a violation.
void print(std::string& out, const Shape& shape, const void* value) {
  if (out.size() > kMaxQuotedValue) return;
  switch (shape.type) {
    case ShapeType::kString:
      out += *static_cast<const std::string*>(value);
      return;
    case ShapeType::kInteger:
      out += std::to_string(*static_cast<const std::int32_t*>(value));
      return;
    case ShapeType::kLong:
      out += std::to_string(*static_cast<const std::int64_t*>(value));
      return;
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      out += double_text(*static_cast<const double*>(value));
      return;
    case ShapeType::kBoolean:
      out += *static_cast<const bool*>(value) ? "true" : "false";
      return;
    case ShapeType::kTimestamp:
      out += to_iso8601(*static_cast<const Time*>(value));
      return;
    case ShapeType::kBlob:
      out += "java.nio.HeapByteBuffer";
      return;
    case ShapeType::kList:
      out += '[';
      for (std::size_t i = 0; i < shape.size(value); ++i) {
        if (i != 0) out += ", ";
        print(out, *shape.element, shape.at(value, i));
      }
      out += ']';
      return;
    case ShapeType::kMap: {
      struct Visit {
        std::string& out;
        const Shape& element;
        bool first = true;
      } visit{out, *shape.element};
      out += '{';
      shape.each(value, &visit, [](void* context, const std::string& key, const void* element) {
        auto& with = *static_cast<Visit*>(context);
        if (!with.first) with.out += ", ";
        with.first = false;
        with.out += key + "=";
        print(with.out, with.element, element);
      });
      out += '}';
      return;
    }
    case ShapeType::kStructure:
      out += shape.name;
      out += '(';
      for (const Member& member : shape.members) {
        if (&member != shape.members.data()) out += ", ";
        out += lower_first(member.name) + "=";
        const void* field = member.find(value);
        if (field == nullptr) {
          out += "null";
        } else {
          print(out, *member.shape, field);
        }
      }
      out += ')';
      return;
  }
}

/// What a shape asks of its values, one rule after another.
class Rules {
 public:
  explicit Rules(const Shape& shape) : shape_(shape) {}

  bool hold(const void* value) const { return broken(value).empty(); }
  /// The rules that are broken, each as a violation has it, in AWS's order.
  std::vector<std::string> broken(const void* value) const {
    std::vector<std::string> out;
    const double size = shape_.has_min || shape_.has_max ? measure(value) : 0;
    if (is_below(size)) out.push_back(least());
    if (is_above(size)) out.push_back(most());
    if (!matches(value)) out.push_back(form());
    if (!is_listed(value)) out.push_back(choice());
    return out;
  }
  /// All of them together, as a violation has what every element of a list must satisfy.
  std::string all() const {
    std::string out;
    const auto add = [&out](const std::string& rule) { out += (out.empty() ? "" : ", ") + rule; };
    if (shape_.has_max) add(most());
    if (shape_.has_min) add(least());
    if (!shape_.pattern.empty()) add(form());
    add(has_choice() ? choice() : "Member must not be null");
    return "[" + out + "]";
  }

 private:
  bool is_number() const {
    return shape_.type == ShapeType::kInteger || shape_.type == ShapeType::kLong || shape_.type == ShapeType::kFloat ||
           shape_.type == ShapeType::kDouble;
  }
  /// What the bounds are of: a number's value, else a length.
  double measure(const void* value) const {
    switch (shape_.type) {
      case ShapeType::kString:
        return static_cast<double>(text_length(*static_cast<const std::string*>(value)));
      case ShapeType::kBlob:
        return static_cast<double>(static_cast<const std::string*>(value)->size());
      case ShapeType::kInteger:
        return *static_cast<const std::int32_t*>(value);
      case ShapeType::kLong:
        return static_cast<double>(*static_cast<const std::int64_t*>(value));
      case ShapeType::kFloat:
      case ShapeType::kDouble:
        return *static_cast<const double*>(value);
      case ShapeType::kList:
      case ShapeType::kMap:
        return static_cast<double>(shape_.size(value));
      default:
        return 0;
    }
  }
  bool has_choice() const { return !shape_.enum_values.empty() && shape_.enum_check == EnumCheck::kExact; }
  bool is_below(double size) const { return shape_.has_min && size < shape_.min; }
  bool is_above(double size) const { return shape_.has_max && size > shape_.max; }
  bool matches(const void* value) const {
    return shape_.type != ShapeType::kString || shape_.pattern.empty() ||
           RE2::FullMatch(*static_cast<const std::string*>(value), compiled(shape_));
  }
  bool is_listed(const void* value) const {
    return shape_.type != ShapeType::kString || !has_choice() ||
           std::ranges::find(shape_.enum_values, *static_cast<const std::string*>(value)) != shape_.enum_values.end();
  }
  std::string bound(std::string_view how, double limit) const {
    return std::string(is_number() ? "Member must have value " : "Member must have length ") + std::string(how) +
           " than or equal to " + whole_number(limit);
  }
  std::string least() const { return bound("greater", shape_.min); }
  std::string most() const { return bound("less", shape_.max); }
  std::string form() const { return "Member must satisfy regular expression pattern: " + std::string(shape_.pattern); }
  std::string choice() const {
    std::string set;
    for (const std::string_view allowed : shape_.enum_values) {
      if (!set.empty()) set += ", ";
      set += allowed;
    }
    return "Member must satisfy enum value set: [" + set + "]";
  }

  const Shape& shape_;
};

/// Walks a request and gathers what is wrong with it.
class Checker {
 public:
  void structure(const Shape& shape, const void* value, const std::string& path) {
    for (const Member& member : shape.members) {
      const std::string name = path.empty() ? lower_first(member.name) : path + "." + lower_first(member.name);
      const void* field = member.find(value);
      if (field != nullptr) {
        check(*member.shape, field, name);
      } else if (member.required) {
        violate("Value null at '" + name + "' failed to satisfy constraint: Member must not be null");
      }
    }
  }

  /// The violations, under `code`.
  Result<void> result(std::string_view code) const {
    if (count_ == 0) return {};
    return fail(std::string(code),
                std::to_string(count_) +
                    (count_ == 1 ? " validation error detected: " : " validation errors detected: ") + text_);
  }

 private:
  void check(const Shape& shape, const void* value, const std::string& path) {
    if (shape.type == ShapeType::kStructure) return structure(shape, value, path);
    const Rules rules(shape);
    for (const std::string& rule : rules.broken(value)) violate(shape, value, path, rule);
    if (shape.type == ShapeType::kList) list(shape, value, path);
    if (shape.type == ShapeType::kMap) map(shape, value, path);
  }

  /// Whether values of the shape have parts that violations name.
  static bool has_parts(const Shape& shape) {
    return shape.type == ShapeType::kStructure || shape.type == ShapeType::kList || shape.type == ShapeType::kMap;
  }

  void list(const Shape& shape, const void* value, const std::string& path) {
    const Shape& element = *shape.element;
    const Rules rules(element);
    for (std::size_t i = 0; i < shape.size(value); ++i) {
      const void* const one = shape.at(value, i);
      if (has_parts(element)) {
        check(element, one, path + "." + std::to_string(i + 1) + ".member");
      } else if (!rules.hold(one)) {
        return violate(shape, value, path, "Member must satisfy constraint: " + rules.all());
      }
    }
  }

  void map(const Shape& shape, const void* value, const std::string& path) {
    struct Visit {
      Checker& checker;
      const Shape& shape;
      const std::string& path;
      Rules keys;
      Rules values;
      bool keys_hold = true;
      bool values_hold = true;
    } visit{*this, shape, path, Rules(*shape.key), Rules(*shape.element)};
    shape.each(value, &visit, [](void* context, const std::string& key, const void* element) {
      auto& with = *static_cast<Visit*>(context);
      with.keys_hold = with.keys_hold && with.keys.hold(&key);
      if (has_parts(*with.shape.element)) {
        with.checker.check(*with.shape.element, element, with.path + "." + key + ".member");
      } else {
        with.values_hold = with.values_hold && with.values.hold(element);
      }
    });
    if (!visit.keys_hold) violate(shape, value, path, "Map keys must satisfy constraint: " + visit.keys.all());
    if (!visit.values_hold) violate(shape, value, path, "Map value must satisfy constraint: " + visit.values.all());
  }

  void violate(const Shape& shape, const void* value, const std::string& path, const std::string& rule) {
    std::string text;
    print(text, shape, value);
    if (text.size() > kMaxQuotedValue) text.resize(kMaxQuotedValue);
    violate("Value '" + text + "' at '" + path + "' failed to satisfy constraint: " + rule);
  }

  void violate(const std::string& text) {
    if (++count_ > kMaxViolations) return;
    if (!text_.empty()) text_ += "; ";
    text_ += text;
  }

  std::size_t count_ = 0;
  std::string text_;
};

/// SQS's way: the first required parameter that is missing, by its name in the query protocol.
Result<void> check_presence(const Shape& shape, const void* value, const std::string& path) {
  for (const Member& member : shape.members) {
    const void* field = member.find(value);
    if (field == nullptr) {
      if (!member.required) continue;
      return fail("MissingParameter",
                  "The request must contain the parameter " + path + std::string(member.name) + ".");
    }
    if (member.shape->type != ShapeType::kList || member.shape->element->type != ShapeType::kStructure) continue;
    for (std::size_t i = 0; i < member.shape->size(field); ++i) {
      const std::string inner = std::string(member.shape->element->name) + "." + std::to_string(i + 1) + ".";
      Result<void> checked = check_presence(*member.shape->element, member.shape->at(field, i), inner);
      if (!checked) return checked;
    }
  }
  return {};
}

void gather_patterns(const Shape& shape, std::set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return;
  for (const Member& member : shape.members) gather_patterns(*member.shape, seen);
  if (shape.element != nullptr) gather_patterns(*shape.element, seen);
  if (shape.key != nullptr) gather_patterns(*shape.key, seen);
}

}  // namespace

Result<void> check_constraints(const Service& service, const Shape& shape, const void* structure) {
  if (service.checks_presence_only) return check_presence(shape, structure, "");
  Checker checker;
  checker.structure(shape, structure, "");
  return checker.result(service.constraint_error);
}

bool patterns_are_usable(const Service& service, std::string& bad) {
  std::set<const Shape*> shapes;
  for (const Operation& operation : service.operations) gather_patterns(*operation.input, shapes);
  for (const Shape* shape : shapes) {
    if (shape->pattern.empty() || compiled(*shape).ok()) continue;
    bad = std::string(shape->name) + ": " + compiled(*shape).error();
    return false;
  }
  return true;
}

}  // namespace signalbox::wire

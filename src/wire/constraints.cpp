#include "wire/constraints.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <set>
#include <shared_mutex>
#include <unordered_map>

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
    case ShapeType::kMap:
      out += "{...}";
      return;
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
    switch (shape.type) {
      case ShapeType::kString:
        string(shape, value, path);
        return;
      case ShapeType::kBlob:
        length(shape, static_cast<const std::string*>(value)->size(), value, path);
        return;
      case ShapeType::kInteger:
        range(shape, *static_cast<const std::int32_t*>(value), value, path);
        return;
      case ShapeType::kLong:
        range(shape, static_cast<double>(*static_cast<const std::int64_t*>(value)), value, path);
        return;
      case ShapeType::kFloat:
      case ShapeType::kDouble:
        range(shape, *static_cast<const double*>(value), value, path);
        return;
      case ShapeType::kList:
        length(shape, shape.size(value), value, path);
        for (std::size_t i = 0; i < shape.size(value); ++i) {
          check(*shape.element, shape.at(value, i), path + "." + std::to_string(i + 1) + ".member");
        }
        return;
      case ShapeType::kMap:
        map(shape, value, path);
        return;
      case ShapeType::kStructure:
        structure(shape, value, path);
        return;
      case ShapeType::kBoolean:
      case ShapeType::kTimestamp:
        return;
    }
  }

  void map(const Shape& shape, const void* value, const std::string& path) {
    length(shape, shape.size(value), value, path);
    struct Context {
      Checker& checker;
      const Shape& shape;
      const std::string& path;
    } context{*this, shape, path};
    shape.each(value, &context, [](void* opaque, const std::string& key, const void* element) {
      const auto& c = *static_cast<Context*>(opaque);
      c.checker.check(*c.shape.key, &key, c.path);
      c.checker.check(*c.shape.element, element, c.path + "." + key + ".member");
    });
  }

  void string(const Shape& shape, const void* value, const std::string& path) {
    const auto& text = *static_cast<const std::string*>(value);
    length(shape, text_length(text), value, path);
    if (!shape.pattern.empty() && !RE2::FullMatch(text, compiled(shape))) {
      violate(shape, value, path, "Member must satisfy regular expression pattern: " + std::string(shape.pattern));
    }
    if (shape.enum_values.empty() || shape.enum_check != EnumCheck::kExact) return;
    std::string set;
    for (const std::string_view allowed : shape.enum_values) {
      if (allowed == text) return;
      if (!set.empty()) set += ", ";
      set += allowed;
    }
    violate(shape, value, path, "Member must satisfy enum value set: [" + set + "]");
  }

  void length(const Shape& shape, std::size_t size, const void* value, const std::string& path) {
    const auto count = static_cast<double>(size);
    if (shape.has_min && count < shape.min) {
      violate(shape, value, path, "Member must have length greater than or equal to " + whole_number(shape.min));
    }
    if (shape.has_max && count > shape.max) {
      violate(shape, value, path, "Member must have length less than or equal to " + whole_number(shape.max));
    }
  }

  void range(const Shape& shape, double number, const void* value, const std::string& path) {
    if (shape.has_min && number < shape.min) {
      violate(shape, value, path, "Member must have value greater than or equal to " + whole_number(shape.min));
    }
    if (shape.has_max && number > shape.max) {
      violate(shape, value, path, "Member must have value less than or equal to " + whole_number(shape.max));
    }
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

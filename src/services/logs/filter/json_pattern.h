// JSON patterns: { $.level = "ERROR" && $.request.items[0].price > 10 }.
#pragma once

#include <variant>
#include <vector>

#include "json/json.h"
#include "services/logs/filter/condition.h"
#include "services/logs/filter/operand.h"
#include "services/logs/filter/pattern.h"

namespace signalbox::logs::filter {

/// $.a.b[0].c, $.a[*].b, $['a b'].c: where in an event the values are.
class Selector {
 public:
  static Result<Selector> read(Reader& reader);

  /// Calls `visit(value)` for every value there until it returns true; whether one did.
  template <class Visit>
  bool any(json::Value root, const Visit& visit) const {
    return any(root, 0, visit);
  }
  const std::string& text() const { return text_; }

 private:
  struct Every {};
  using Step = std::variant<std::string, std::size_t, Every>;
  static Result<Step> read_bracket(Reader& reader);

  template <class Visit>
  bool any(json::Value value, std::size_t at, const Visit& visit) const {
    if (at == steps_.size()) return visit(value);
    if (const auto* name = std::get_if<std::string>(&steps_[at])) {
      const auto member = value.find(*name);
      return member && any(*member, at + 1, visit);
    }
    if (!value.is_array()) return false;
    const auto* index = std::get_if<std::size_t>(&steps_[at]);
    std::size_t place = 0;
    for (json::Value element : value.elements()) {
      if ((index == nullptr || *index == place) && any(element, at + 1, visit)) return true;
      if (index != nullptr && *index == place) return false;
      ++place;
    }
    return false;
  }

  std::vector<Step> steps_;
  std::string text_;
};

class JsonPattern final : public Matcher {
 public:
  static Result<std::shared_ptr<const Matcher>> compile(Reader reader);

  bool matches(std::string_view message) const override;
  Extracted extract(std::string_view message) const override;
  std::optional<std::string> value(std::string_view message, std::string_view selector) const override;
  bool can_select(std::string_view selector) const override;

 private:
  enum class Test { kCompare, kIsNull, kIsTrue, kIsFalse, kExists, kNotExists };
  struct Leaf {
    Selector selector;
    Test test = Test::kCompare;
    Comparison comparison = Comparison::kEqual;
    Operand operand;
    bool holds(json::Value root) const;
  };
  static Result<Leaf> read_leaf(Reader& reader);
  std::vector<Leaf> leaves_;
  Condition condition_;
};

}  // namespace signalbox::logs::filter

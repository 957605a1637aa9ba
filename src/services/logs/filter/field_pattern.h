// Patterns of space-delimited fields: [ip, user, ..., status = 4*, bytes > 1000].
#pragma once

#include <vector>

#include "services/logs/filter/condition.h"
#include "services/logs/filter/operand.h"
#include "services/logs/filter/pattern.h"

namespace signalbox::logs::filter {

class FieldPattern final : public Matcher {
 public:
  static Result<std::shared_ptr<const Matcher>> compile(Reader reader);

  bool matches(std::string_view message) const override;
  Extracted extract(std::string_view message) const override;
  std::optional<std::string> value(std::string_view message, std::string_view selector) const override;
  bool can_select(std::string_view selector) const override;

 private:
  struct Test {
    Comparison comparison = Comparison::kEqual;
    Operand operand;
  };
  struct Field {
    std::string name;  // "" for one without
    std::vector<Test> tests;
    std::optional<Condition> condition;
    bool holds(std::string_view value) const;
  };
  static Result<Field> read_field(Reader& reader);
  /// The values of the fields, in their order; empty when there are not as many as the pattern has.
  std::optional<std::vector<std::string_view>> place(std::string_view message) const;
  std::string name_of(std::size_t field) const;

  std::vector<Field> fields_;
  std::optional<std::size_t> ellipsis_;  // how many fields stand before "..."
};

}  // namespace signalbox::logs::filter

// The JSON paths by which AWS services pick values: "$", "$.detail.state", "$.resources[0]", "$.items[*].name".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace signalbox::json {

class Path {
 public:
  /// Which bytes a member's name may have: services differ there.
  using NameRule = bool (*)(char);

  /// Empty optional without a leading '$', and on quoted brackets, filters, slices and names that break the rule.
  static std::optional<Path> parse(std::string_view text, NameRule is_name);

  /// True when the path has a wildcard: what it selects is then an array, however many values there are.
  bool selects_many() const { return many_; }

  /// What the path selects in `root`, in the order of the text; nothing where it leads nowhere.
  std::vector<Value> select(Value root) const;

 private:
  struct Step {
    enum class Kind { kMember, kIndex, kAll } kind;
    std::string name;
    std::size_t index = 0;
  };
  bool read_member(std::string_view& rest, NameRule is_name);
  bool read_bracket(std::string_view& rest);
  void add_all();
  static void take(const Step& step, Value from, std::vector<Value>& into);

  std::vector<Step> steps_;
  bool many_ = false;
};

}  // namespace signalbox::json

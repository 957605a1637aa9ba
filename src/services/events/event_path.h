// The JSON paths of InputPath and InputPathsMap: "$", "$.detail.state", "$.resources[0]", "$.detail.items[*].name".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace signalbox::events {

class EventPath {
 public:
  /// Empty optional on what EventBridge refuses: no leading '$', quoted bracket notation, filters, slices.
  static std::optional<EventPath> parse(std::string_view text);

  /// True when the path has a wildcard: what it selects is then an array, however many values there are.
  bool selects_many() const { return many_; }

  /// What the path selects in `root`, in the order of the text; nothing where it leads nowhere.
  std::vector<json::Value> select(json::Value root) const;

 private:
  struct Step {
    enum class Kind { kMember, kIndex, kAll } kind;
    std::string name;
    std::size_t index = 0;
  };
  bool read_member(std::string_view& rest);
  bool read_bracket(std::string_view& rest);
  void add_all();
  static void take(const Step& step, json::Value from, std::vector<json::Value>& into);

  std::vector<Step> steps_;
  bool many_ = false;
};

}  // namespace signalbox::events

// The JSON paths of pipes: "$", "$.body.order-id", "$.body.items[0]", "$.body.items[*].name".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace signalbox::pipes {

class Path {
 public:
  static std::optional<Path> parse(std::string_view text);

  /// A path with a wildcard stands for the array of what it finds.
  bool has_wildcard() const { return many_; }
  std::vector<json::Value> select(json::Value root) const;

 private:
  struct Step {
    enum class Kind { kMember, kIndex, kAll } kind;
    std::string name;
    std::size_t index = 0;
  };
  std::vector<Step> steps_;
  bool many_ = false;
};

/// A parameter of a target: a text, or a path that the event fills ("$.body.group").
class Parameter {
 public:
  Parameter() = default;
  /// Empty optional for a path that cannot be read.
  static std::optional<Parameter> parse(const std::string& text);
  /// "" where the path leads nowhere.
  std::string apply(json::Value event) const;
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
  std::optional<Path> path_;
};

}  // namespace signalbox::pipes

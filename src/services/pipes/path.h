// The JSON paths of pipes: "$", "$.body.order-id", "$.body.items[0]", "$.body.items[*].name".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/path.h"

namespace signalbox::pipes {

/// Names are of letters, digits, '_', '-' and '/'. Empty optional for a path that cannot be read.
std::optional<json::Path> parse_path(std::string_view text);

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
  std::optional<json::Path> path_;
};

}  // namespace signalbox::pipes

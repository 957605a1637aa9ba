// The JSON paths that EventBridge takes in InputPath and InputPathsMap: `$.detail.user`, `$.detail['a b']`,
// `$.resources[0]`, `$.detail.items[*].id` ("Amazon EventBridge input transformation").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace signalbox::json {

/// Longest path, as the API's models have it.
inline constexpr std::size_t kMaxPathLength = 256;

class JsonPath {
 public:
  /// Errors: code "InvalidPath" with what is wrong and where; AWS's message for the field is the caller's to give.
  static Result<JsonPath> compile(std::string_view text);

  /// The value that the path leads to, the first of several when it has a `*`; empty when there is none.
  std::optional<Value> find(Value root) const;
  /// Every value that the path leads to, in the order of the text.
  std::vector<Value> find_all(Value root) const;
  /// Whether the path has a `*`, and so stands for the array of all it finds.
  bool has_wildcard() const;

 private:
  struct Any {};
  using Step = std::variant<std::string, std::size_t, Any>;
  std::vector<Step> steps_;
};

}  // namespace signalbox::json

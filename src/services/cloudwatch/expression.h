// Metric maths expressions as trees ("Using metric math" in the CloudWatch User Guide).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::cloudwatch {

struct Node {
  enum class Kind {
    kNumber,
    kText,      // 'a' or "a"
    kId,        // m1
    kWord,      // REPEAT, DESC: what some functions take beside values
    kArray,     // [m1, m2]
    kUnary,     // text "-"
    kBinary,    // text "+", "==", "AND" ...
    kFunction,  // text "SUM"
  };
  Kind kind;
  double number = 0;
  std::string text;
  std::vector<std::unique_ptr<Node>> parts;
};

class Expression {
 public:
  /// Errors: ValidationError, saying where the expression cannot be read, or naming a function that is not known or
  /// does not work here.
  static Result<Expression> parse(std::string_view text);

  const Node& root() const { return *root_; }
  /// The ids that it refers to.
  const std::set<std::string, std::less<>>& ids() const { return ids_; }
  const std::set<std::string, std::less<>>& functions() const { return functions_; }

  static constexpr int kMaxDepth = 64;

 private:
  std::unique_ptr<Node> root_;
  std::set<std::string, std::less<>> ids_;
  std::set<std::string, std::less<>> functions_;
};

}  // namespace signalbox::cloudwatch

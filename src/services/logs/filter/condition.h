// Conditions joined by && and ||, with parentheses: what JSON patterns and the fields of space-delimited ones share.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "services/logs/filter/reader.h"

namespace signalbox::logs::filter {

/// Deepest nesting of parentheses.
inline constexpr int kMaxNesting = 64;

/// A tree of conditions: leaves are numbers that the owner knows what to test with.
class Condition {
 public:
  /// Reads a condition that ends before one of `stops`; `leaf` reads a leaf and gives its number.
  static Result<Condition> read(Reader& reader, const std::function<Result<std::size_t>(Reader&)>& leaf);

  template <class Test>
  bool holds(const Test& test) const {
    return holds(root_, test);
  }

 private:
  enum class Kind { kLeaf, kAll, kAny };
  struct Node {
    Kind kind = Kind::kLeaf;
    std::size_t leaf = 0;
    std::vector<std::size_t> parts;
  };
  using ReadLeaf = std::function<Result<std::size_t>(Reader&)>;

  template <class Test>
  bool holds(std::size_t at, const Test& test) const {
    const Node& node = nodes_[at];
    if (node.kind == Kind::kLeaf) return test(node.leaf);
    for (const std::size_t part : node.parts) {
      if (holds(part, test) == (node.kind == Kind::kAny)) return node.kind == Kind::kAny;
    }
    return node.kind == Kind::kAll;
  }

  Result<std::size_t> read_list(Reader& reader, const ReadLeaf& leaf, Kind kind, int depth);
  Result<std::size_t> read_one(Reader& reader, const ReadLeaf& leaf, int depth);
  std::size_t add(Node node);

  std::vector<Node> nodes_;
  std::size_t root_ = 0;
};

}  // namespace signalbox::logs::filter

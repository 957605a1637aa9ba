#include "services/logs/filter/condition.h"

namespace signalbox::logs::filter {

Result<Condition> Condition::read(Reader& reader, const ReadLeaf& leaf) {
  Condition condition;
  const auto root = condition.read_list(reader, leaf, Kind::kAny, 0);
  if (!root) return std::unexpected(root.error());
  condition.root_ = *root;
  return condition;
}

std::size_t Condition::add(Node node) {
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

Result<std::size_t> Condition::read_list(Reader& reader, const ReadLeaf& leaf, Kind kind, int depth) {
  Node node{kind, 0, {}};
  do {
    const auto part = kind == Kind::kAny ? read_list(reader, leaf, Kind::kAll, depth) : read_one(reader, leaf, depth);
    if (!part) return part;
    node.parts.push_back(*part);
    reader.skip_space();
  } while (reader.take(kind == Kind::kAny ? "||" : "&&"));
  return node.parts.size() == 1 ? node.parts.front() : add(std::move(node));
}

Result<std::size_t> Condition::read_one(Reader& reader, const ReadLeaf& leaf, int depth) {
  reader.skip_space();
  if (reader.peek() != '(') {
    const auto number = leaf(reader);
    if (!number) return number;
    return add({Kind::kLeaf, *number, {}});
  }
  if (depth == kMaxNesting) return reader.wrong("parentheses are nested too deeply");
  reader.take();
  auto inner = read_list(reader, leaf, Kind::kAny, depth + 1);
  if (!inner) return inner;
  reader.skip_space();
  if (!reader.take(")")) return reader.wrong("')' is missing");
  return inner;
}

}  // namespace signalbox::logs::filter

// Putting rules into the index and taking them out.

#include <algorithm>
#include <map>
#include <random>
#include <unordered_map>

#include "pattern/index.h"

namespace signalbox::pattern {
namespace {

/// A rule's alternative has at most this many keys; fields with more values are left to the check.
constexpr std::size_t kMaxKeys = 64;
/// A single field may have this many.
constexpr std::size_t kMaxKeysOfOne = 4096;
/// Levels of names below a node that are edges of their own.
constexpr std::size_t kMaxJoined = 6;
/// Prefixes, suffixes and ranges of one path come in at most this many sizes; further ones take the next weaker.
constexpr std::size_t kMaxSizes = 24;
/// Bits in the key filter for each key.
constexpr std::size_t kFilterBitsPerKey = 16;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  for (;;) {
    const auto dot = path.find('.');
    names.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return names;
    path.remove_prefix(dot + 1);
  }
}

/// How well a kind of key tells rules apart, roughly: lower is better.
int weakness(const AttributeKey& key) {
  switch (key.kind) {
    case AttributeKind::kExact:
    case AttributeKind::kFolded:
      return 0;
    case AttributeKind::kCidr:
      return key.param % 256 >= 16 ? 1 : 3;
    case AttributeKind::kRange:
      return key.param < 40 ? 1 : 4;
    case AttributeKind::kPrefix:
    case AttributeKind::kSuffix:
      return 2;
    case AttributeKind::kGram:
      return 3;
    default:
      return 9;
  }
}

struct PathedKey {
  PathId path;
  AttributeKey key;
};

}  // namespace

struct MatcherBuilder::State {
  Index index;
  std::unordered_map<RuleId, Program*> programs;  // the first alternative of each rule
  std::map<std::tuple<PathId, AttributeKind, std::uint32_t>, AttributeId> attribute_ids;
  std::map<std::vector<AttributeId>, ShapeId> shape_ids;
  std::map<std::pair<PathId, AttributeKind>, std::size_t> sizes;  // attributes of each path and kind
  std::map<PathId, std::size_t> absent_counts;

  State() {
    std::random_device device;
    index.seed = static_cast<std::uint64_t>(device()) << 32 | device();
    index.node_count = 1;
    index.nodes.change(Index::node_key(1));
  }
  ~State() {
    for (auto& [rule, first] : programs) release(first);
  }
  static void release(Program* first) {
    while (first != nullptr) {
      Program* next = first->next_alternative;
      first->release();
      first = next;
    }
  }

  std::uint32_t child(std::uint32_t node, std::string_view name) {
    std::uint32_t& edge = index.edges.change(index.edge_key(node, name));
    if (edge == 0) {
      edge = ++index.node_count;
      index.nodes.change(Index::node_key(index.node_count));
      index.nodes.change(Index::node_key(node)).names |= name_bit(name);
    }
    return edge;
  }

  PathId path_of(std::string_view path) {
    const auto names = split(path);
    std::vector<std::uint32_t> nodes = {1};
    for (const std::string_view name : names) nodes.push_back(child(nodes.back(), name));
    // {"a.b": 1} is the same field as {"a": {"b": 1}}: joined names lead to the same nodes.
    for (std::size_t from = 0; from < names.size(); ++from) {
      for (std::size_t to = from + 2; to <= std::min(names.size(), from + kMaxJoined); ++to) {
        const std::string_view joined(
            names[from].data(),
            static_cast<std::size_t>(names[to - 1].data() + names[to - 1].size() - names[from].data()));
        std::uint32_t& edge = index.edges.change(index.edge_key(nodes[from], joined));
        if (edge != 0) continue;
        edge = nodes[to];
        index.nodes.change(Index::node_key(nodes[from])).names |= name_bit(joined);
      }
    }
    if (names.size() > kMaxJoined) index.deep = true;
    Node& node = index.nodes.change(Index::node_key(nodes.back()));
    node.wanted = true;
    return nodes.back();
  }

  AttributeId attribute_of(PathId path, const AttributeKey& key) {
    const auto [place, added] = attribute_ids.try_emplace({path, key.kind, key.param}, 0);
    if (added) {
      place->second = static_cast<AttributeId>(index.attributes.size());
      index.attributes.push_back({path, key.kind, key.param});
      ++sizes[{path, key.kind}];
    }
    return place->second;
  }

  /// Whether the key's attribute is there or may be added.
  bool has_room(PathId path, const AttributeKey& key) const {
    if (key.kind != AttributeKind::kPrefix && key.kind != AttributeKind::kSuffix) return true;
    if (attribute_ids.contains({path, key.kind, key.param})) return true;
    const auto found = sizes.find({path, key.kind});
    return found == sizes.end() || found->second < kMaxSizes;
  }

  ShapeId shape_of(const std::vector<AttributeId>& attributes) {
    const auto [place, added] = shape_ids.try_emplace(attributes, 0);
    if (!added) return place->second;
    place->second = static_cast<ShapeId>(index.shapes.size());
    Shape shape;
    shape.count = static_cast<std::uint32_t>(attributes.size());
    std::copy(attributes.begin(), attributes.end(), shape.attributes.begin());
    shape.seed = mix(index.seed, place->second + 0x5a5a);
    index.shapes.push_back(shape);
    // Led by the path with the fewest shapes: an event without it is done with the shape.
    PathId lead = index.attributes[attributes.front()].path;
    for (const AttributeId attribute : attributes) {
      if (shapes_led(index.attributes[attribute].path) <= shapes_led(lead)) lead = index.attributes[attribute].path;
    }
    Node& node = index.nodes.change(Index::node_key(lead));
    auto shapes =
        node.shapes ? std::make_shared<std::vector<ShapeId>>(*node.shapes) : std::make_shared<std::vector<ShapeId>>();
    shapes->push_back(place->second);
    node.shapes = std::move(shapes);
    return place->second;
  }
  std::size_t shapes_led(PathId path) const {
    const Node* node = index.nodes.find(Index::node_key(path));
    return node->shapes ? node->shapes->size() : 0;
  }

  /// The table key of one combination of values, its attributes made where they are new.
  std::uint64_t key_of(std::vector<PathedKey> parts) {
    std::vector<std::pair<AttributeId, std::uint64_t>> hashed;
    for (const PathedKey& part : parts) hashed.emplace_back(attribute_of(part.path, part.key), part.key.hash);
    std::sort(hashed.begin(), hashed.end());
    std::vector<AttributeId> attributes;
    for (const auto& [attribute, hash] : hashed) attributes.push_back(attribute);
    std::uint64_t key = index.shapes[shape_of(attributes)].seed;
    for (const auto& [attribute, hash] : hashed) key = mix(key, hash);
    return key | 1;
  }

  std::size_t crowd(std::uint64_t key) const {
    const ProgramList* found = index.rules.find(key);
    return found == nullptr ? 0 : found->size();
  }

  /// Of a condition's ways to be known, the one that fewest rules share so far.
  std::vector<AttributeKey> best_way(PathId path, const Condition& condition) {
    auto ways = keys_of(condition, index.seed);
    std::erase_if(ways, [&](const auto& way) { return !has_room(path, way.front()); });
    if (ways.empty()) return {{AttributeKind::kPresent, 0, 0}};
    if (ways.size() == 1) return std::move(ways.front());
    std::size_t best = 0;
    std::size_t least = ~std::size_t{0};
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const auto known = attribute_ids.find({path, ways[i].front().kind, ways[i].front().param});
      std::size_t own = 0;
      if (known != attribute_ids.end()) {
        const auto shape = shape_ids.find({known->second});
        if (shape != shape_ids.end()) own = crowd(mix(index.shapes[shape->second].seed, ways[i].front().hash) | 1);
      }
      // Among equals the longer text, then the later one: what names begin with is what they share.
      if (own < least || (own == least && ways[i].front().param >= ways[best].front().param)) {
        least = own;
        best = i;
      }
    }
    return std::move(ways[best]);
  }

  struct FieldKeys {
    std::vector<PathedKey> keys;  // one for each value that the field takes
    int weakness = 0;
    bool is_gram = false;
  };

  /// The keys of a field; none when absence may be what it wants.
  FieldKeys keys_of_field(const Field& field, PathId path) {
    FieldKeys all;
    for (const Condition& condition : field.any_of) {
      if (is_absence(condition)) return {};
      for (AttributeKey& key : best_way(path, condition)) {
        if (key.kind == AttributeKind::kPresent) key.hash = present_hash();
        all.weakness = std::max(all.weakness, pattern::weakness(key));
        all.is_gram = all.is_gram || key.kind == AttributeKind::kGram;
        all.keys.push_back({path, key});
      }
    }
    return all;
  }
  std::uint64_t present_hash() const {
    std::vector<std::uint64_t> hashes;
    append_hashes({json::Type::kNull, kNone, kNone, {}}, AttributeKind::kPresent, 0, index.seed, hashes);
    return hashes.front();
  }

  /// The table keys under which an alternative is filed: an event that matches it has at least one of them.
  std::vector<std::uint64_t> keys_of_alternative(const Alternative& alternative, const std::vector<PathId>& paths) {
    std::vector<FieldKeys> fields;
    for (std::size_t i = 0; i < alternative.size(); ++i) {
      FieldKeys keys = keys_of_field(alternative[i], paths[i]);
      if (!keys.keys.empty() && keys.keys.size() <= kMaxKeysOfOne) fields.push_back(std::move(keys));
    }
    if (fields.empty()) return keys_with_absence(alternative.front(), paths.front());
    std::stable_sort(fields.begin(), fields.end(),
                     [](const FieldKeys& a, const FieldKeys& b) { return a.weakness < b.weakness; });
    // A gram has many hashes in every event: by itself, or not at all where something stronger is there.
    std::vector<FieldKeys> chosen;
    std::size_t combinations = 1;
    for (FieldKeys& field : fields) {
      const bool weak = field.weakness >= 9 || field.is_gram;
      if (!chosen.empty() && (weak || chosen.size() == Shape::kMaxAttributes)) break;
      if (!chosen.empty() && combinations * field.keys.size() > kMaxKeys) continue;
      combinations *= field.keys.size();
      chosen.push_back(std::move(field));
      if (chosen.front().is_gram) break;
    }
    std::vector<std::uint64_t> keys;
    std::vector<PathedKey> parts;
    combine(chosen, parts, keys);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  /// For a field that absence may meet: absence, and each of its other conditions by itself.
  std::vector<std::uint64_t> keys_with_absence(const Field& field, PathId path) {
    std::vector<std::uint64_t> keys = {absent_key(path)};
    for (const Condition& condition : field.any_of) {
      if (is_absence(condition)) continue;
      for (AttributeKey& key : best_way(path, condition)) {
        if (key.kind == AttributeKind::kPresent) key.hash = present_hash();
        keys.push_back(key_of({{path, key}}));
      }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }
  static bool is_absence(const Condition& condition) {
    const auto* exists = std::get_if<Exists>(&condition.is);
    return exists != nullptr && !exists->wanted;
  }

  void combine(const std::vector<FieldKeys>& fields, std::vector<PathedKey>& parts, std::vector<std::uint64_t>& keys) {
    if (parts.size() == fields.size()) {
      keys.push_back(key_of(parts));
      return;
    }
    for (const PathedKey& key : fields[parts.size()].keys) {
      parts.push_back(key);
      combine(fields, parts, keys);
      parts.pop_back();
    }
  }

  std::uint64_t absent_key(PathId path) {
    if (std::find(index.absent_paths.begin(), index.absent_paths.end(), path) == index.absent_paths.end()) {
      index.absent_paths.push_back(path);
    }
    return Index::absent_key(path, index.seed);
  }

  void file(std::uint64_t key, Program* program) {
    index.rules.change(key).add(program);
    if (index.filter->words() * 64 < index.rules.size() * kFilterBitsPerKey) {
      auto wider = std::make_shared<KeyFilter>(index.filter->words() * 4);
      index.rules.each([&wider](std::uint64_t known, const ProgramList&) { wider->add(known); });
      index.filter = std::move(wider);
    }
    index.filter->add(key);
  }
};

void MatcherBuilder::put(RuleId rule, const Pattern& pattern) {
  erase(rule);
  State& state = *state_;
  Program* first = nullptr;
  std::vector<PathId> paths;
  for (const Alternative& alternative : alternatives_of(pattern)) {
    paths.clear();
    for (const Field& field : alternative) paths.push_back(state.path_of(field.path));
    const auto keys = state.keys_of_alternative(alternative, paths);
    Program* program = Program::make(rule, alternative, paths, keys);
    for (const std::uint64_t key : keys) state.file(key, program);
    program->next_alternative = first;
    first = program;
    state.index.program_bytes += program->bytes();
  }
  state.programs[rule] = first;
  ++state.index.rule_count;
}

bool MatcherBuilder::erase(RuleId rule) {
  State& state = *state_;
  const auto found = state.programs.find(rule);
  if (found == state.programs.end()) return false;
  for (const Program* program = found->second; program != nullptr; program = program->next_alternative) {
    for (std::uint32_t i = 0; i < program->key_count(); ++i) {
      ProgramList& programs = state.index.rules.change(program->key(i));
      programs.remove(program);
      if (programs.empty()) state.index.rules.erase(program->key(i));
    }
    state.index.program_bytes -= program->bytes();
  }
  State::release(found->second);
  state.programs.erase(found);
  --state.index.rule_count;
  return true;
}

std::shared_ptr<const Matcher> MatcherBuilder::snapshot() const {
  Index& index = state_->index;
  std::shared_ptr<const Matcher> matcher(new Matcher(std::make_shared<const Index>(index)));
  index.edges.share();
  index.nodes.share();
  index.rules.share();
  return matcher;
}

MatcherBuilder::MatcherBuilder() : state_(std::make_unique<State>()) {}
MatcherBuilder::~MatcherBuilder() = default;
MatcherBuilder::MatcherBuilder(MatcherBuilder&&) noexcept = default;
MatcherBuilder& MatcherBuilder::operator=(MatcherBuilder&&) noexcept = default;

}  // namespace signalbox::pattern

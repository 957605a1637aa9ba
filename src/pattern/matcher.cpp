#include "pattern/matcher.h"

#include <algorithm>
#include <array>

#include "pattern/index.h"
#include "pattern/walk.h"

namespace signalbox::pattern {
namespace {

/// Combinations of an event's values that are looked up for a shape before it is cheaper to look at every rule: only an
/// event with large arrays at several of the shape's paths comes here.
constexpr std::size_t kMaxCombinations = 4096;

}  // namespace

struct Scratch::Memory {
  Walk walk;
  EventValues values;
  std::vector<PathId> present;
  /// Where an attribute's hashes of this event stand in `hashes`.
  struct Hashed {
    std::uint64_t event = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::vector<Hashed> hashed;
  std::vector<std::uint64_t> hashes;
  std::vector<const Program*> candidates;
  std::vector<std::uint32_t> choices;
};

Scratch::Scratch() : memory_(std::make_unique<Memory>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

namespace {

/// One event against one index.
template <class Memory>
class Lookup {
 public:
  Lookup(const Index& index, Memory& memory) : index_(index), memory_(memory) {}

  void run() {
    for (const PathId path : memory_.present) {
      const Node* node = index_.nodes.find(Index::node_key(path));
      if (!node->shapes) continue;
      for (const ShapeId shape : *node->shapes) evaluate(index_.shapes[shape]);
    }
    look_up_keys();
    for (const PathId path : index_.absent_paths) {
      if (!memory_.values.has(path)) look_up(Index::absent_key(path, index_.seed));
    }
  }

 private:
  struct Hashes {
    std::uint32_t begin;
    std::uint32_t end;
    std::size_t size() const { return end - begin; }
  };

  Hashes hashes_of(AttributeId id) {
    if (memory_.hashed.size() <= id) memory_.hashed.resize(index_.attributes.size());
    auto& known = memory_.hashed[id];
    if (known.event != memory_.values.event) {
      const Attribute& attribute = index_.attributes[id];
      known.event = memory_.values.event;
      known.begin = static_cast<std::uint32_t>(memory_.hashes.size());
      for (std::uint32_t i = memory_.values.first(attribute.path); i != kNone; i = memory_.values.values[i].next) {
        append_hashes(memory_.values.values[i], attribute.kind, attribute.param, index_.seed, memory_.hashes);
        if (attribute.kind == AttributeKind::kPresent) break;  // the first says it all
      }
      known.end = static_cast<std::uint32_t>(memory_.hashes.size());
    }
    return {known.begin, known.end};
  }

  void evaluate(const Shape& shape) {
    if (shape.count == 1 && index_.attributes[shape.attributes[0]].kind == AttributeKind::kGram) {
      return look_up_grams(shape, index_.attributes[shape.attributes[0]]);
    }
    Hashes parts[Shape::kMaxAttributes] = {};
    std::size_t combinations = 1;
    for (std::uint32_t i = 0; i < shape.count; ++i) {
      parts[i] = hashes_of(shape.attributes[i]);
      if (parts[i].size() == 0) return;
      combinations = std::min(combinations * parts[i].size(), std::size_t{1} << 40);
    }
    if (combinations > std::max(kMaxCombinations, index_.rules.size() / 4) && shape.count > 1) return look_at_all();
    combine(shape, parts, 0, shape.seed);
  }

  /// All the grams of the values, without keeping their hashes.
  void look_up_grams(const Shape& shape, const Attribute& attribute) {
    for (std::uint32_t i = memory_.values.first(attribute.path); i != kNone; i = memory_.values.values[i].next) {
      const EventValue& value = memory_.values.values[i];
      if (value.type != json::Type::kString || value.text.size() < attribute.param) continue;
      const char* const last = value.text.data() + value.text.size() - attribute.param;
      for (const char* at = value.text.data(); at <= last; ++at) {
        look_up(mix(shape.seed, hash_gram(at, attribute.param, index_.seed)) | 1);
      }
    }
  }

  void combine(const Shape& shape, const Hashes* parts, std::uint32_t at, std::uint64_t key) {
    if (at >= Shape::kMaxAttributes) return;  // never: said for the compiler, which unrolls the recursion
    for (std::uint32_t i = parts[at].begin; i < parts[at].end; ++i) {
      const std::uint64_t next = mix(key, memory_.hashes[i]);
      if (at + 1 == shape.count) {
        keys_[key_count_++] = next | 1;
        index_.filter->prefetch(next | 1);
        index_.rules.prefetch(next | 1);
        if (key_count_ == kKeysAtOnce) look_up_keys();
      } else {
        combine(shape, parts, at + 1, next);
      }
    }
  }

  void look_up(std::uint64_t key) {
    if (!index_.filter->may_have(key)) return;
    const ProgramList* programs = index_.rules.find(key);
    if (programs == nullptr) return;
    programs->each([this](const Program* program) { memory_.candidates.push_back(program); });
  }

  void look_at_all() {
    if (looked_at_all_) return;
    looked_at_all_ = true;
    index_.rules.each([this](std::uint64_t, const ProgramList& programs) {
      programs.each([this](const Program* program) { memory_.candidates.push_back(program); });
    });
  }

  /// What was put aside while the memory that it needs was on its way.
  void look_up_keys() {
    for (std::size_t i = 0; i < key_count_; ++i) look_up(keys_[i]);
    key_count_ = 0;
  }

  static constexpr std::size_t kKeysAtOnce = 8;
  const Index& index_;
  Memory& memory_;
  std::array<std::uint64_t, kKeysAtOnce> keys_{};
  std::size_t key_count_ = 0;
  bool looked_at_all_ = false;
};

}  // namespace

void Matcher::match(std::string_view event, Scratch& scratch, std::vector<RuleId>& matched) const {
  matched.clear();
  Scratch::Memory& memory = *scratch.memory_;
  memory.hashes.clear();
  memory.candidates.clear();
  if (!memory.walk.run(event, *index_, memory.values, memory.present)) return;
  Lookup(*index_, memory).run();
  auto& candidates = memory.candidates;
  if (candidates.size() > 1) {
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  }
  for (const Program* program : candidates) {
    if (program->matches(memory.values, memory.choices)) matched.push_back(program->rule());
  }
  if (matched.size() > 1) {
    std::sort(matched.begin(), matched.end());
    matched.erase(std::unique(matched.begin(), matched.end()), matched.end());
  }
}

std::size_t Matcher::size() const {
  return index_->rule_count;
}

std::size_t Matcher::bytes() const {
  return index_->edges.bytes() + index_->nodes.bytes() + index_->rules.bytes() + index_->program_bytes +
         index_->filter->words() * sizeof(std::uint64_t);
}

}  // namespace signalbox::pattern

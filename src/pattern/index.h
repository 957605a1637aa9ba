// The index's own structures, shared by its builder and its reader.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "pattern/attribute.h"
#include "pattern/matcher.h"
#include "pattern/paged_table.h"
#include "pattern/program.h"

namespace signalbox::pattern {

using AttributeId = std::uint32_t;
using ShapeId = std::uint32_t;

/// Attributes whose hashes together are a rule's key. A shape of none but `absent_path` is for rules that want nothing
/// but absence.
struct Shape {
  static constexpr std::size_t kMaxAttributes = 4;
  std::array<AttributeId, kMaxAttributes> attributes{};
  std::uint32_t count = 0;
  std::uint64_t seed = 0;
};

/// A place in the tree of the paths that rules mention.
struct Node {
  std::uint64_t names = 0;  // a bit for each name below (name_bit): most names of an event are not among them
  bool wanted = false;      // values here are looked at
  std::shared_ptr<const std::vector<ShapeId>> shapes;  // those led by this path
};

inline std::uint64_t name_bit(std::string_view name) {
  const auto first = name.empty() ? 0U : static_cast<unsigned char>(name.front());
  const auto last = name.empty() ? 0U : static_cast<unsigned char>(name.back());
  return 1ULL << ((first + last * 5 + name.size() * 11) % 64);
}

/// Which keys may be in the table: two bits each. Only ever filled, so all snapshots can share one.
class KeyFilter {
 public:
  explicit KeyFilter(std::size_t words) : words_(words), mask_(words - 1) {}
  void add(std::uint64_t key) { words_[word(key)].fetch_or(bits(key), std::memory_order_relaxed); }
  bool may_have(std::uint64_t key) const {
    return (words_[word(key)].load(std::memory_order_relaxed) & bits(key)) == bits(key);
  }
  void prefetch(std::uint64_t key) const { __builtin_prefetch(&words_[word(key)]); }
  std::size_t words() const { return words_.size(); }

 private:
  std::size_t word(std::uint64_t key) const { return (key >> 12) & mask_; }
  static std::uint64_t bits(std::uint64_t key) { return 1ULL << key % 64 | 1ULL << (key >> 6) % 64; }
  std::vector<std::atomic<std::uint64_t>> words_;
  std::size_t mask_;
};

/// Elements that are only ever added; copies share them. Readers of a copy see the elements it had.
template <class T>
class GrowingList {
 public:
  const T& operator[](std::size_t index) const { return (*chunks_[index / kChunk])[index % kChunk]; }
  std::size_t size() const { return size_; }
  void push_back(T value) {
    if (size_ % kChunk == 0) chunks_.push_back(std::make_shared<std::array<T, kChunk>>());
    (*chunks_.back())[size_ % kChunk] = std::move(value);
    ++size_;
  }

 private:
  static constexpr std::size_t kChunk = 64;
  std::vector<std::shared_ptr<std::array<T, kChunk>>> chunks_;
  std::size_t size_ = 0;
};

struct Index {
  std::uint64_t seed = 0;
  /// Names that lie this many below a node, joined by dots, are edges, too; beyond, `deep` makes names with dots be
  /// taken apart.
  bool deep = false;
  PagedTable<std::uint32_t> edges;  // of a node and a name, to a node
  PagedTable<Node> nodes;           // by number, from 1: the root
  std::uint32_t node_count = 0;
  GrowingList<Attribute> attributes;
  GrowingList<Shape> shapes;
  std::vector<PathId> absent_paths;  // those with rules that want nothing but absence, here first
  PagedTable<ProgramList> rules;     // by key
  std::shared_ptr<KeyFilter> filter = std::make_shared<KeyFilter>(64);
  std::size_t rule_count = 0;
  std::size_t program_bytes = 0;

  std::uint64_t edge_key(std::uint32_t node, std::string_view name) const {
    return hash_text(name, seed + node * 0x9e3779b97f4a7c15ULL) | 1;
  }
  static std::uint64_t node_key(std::uint32_t node) { return mix(node, 0x6e6f6465) | 1; }
  static std::uint64_t absent_key(PathId path, std::uint64_t seed) { return mix(path + seed, 0x616273656e74) | 1; }
};

}  // namespace signalbox::pattern

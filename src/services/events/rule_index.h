// Which of many rules an event may match, found without looking at the others.
//
// Most patterns ask some field for one of a few exact strings. A rule is filed under one such field, the one that
// separates it best, by the hash of path and value; an event looks up the values it has at the paths in use. What the
// look-up finds is then matched in full. Rules without such a field are matched against every event.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "json/json.h"
#include "services/events/rule.h"

namespace signalbox::events {

/// Paths in use on one bus at most; further ones are not indexed, so that an event's walk stays bounded.
inline constexpr std::size_t kMaxIndexedPaths = 64;

/// An immutable set of rules. Safe from any thread; cheap to copy from one version to the next, as versions share
/// all buckets that did not change.
class RuleIndex {
 public:
  /// Appends to `matched` every rule whose pattern `event` matches, each once.
  void match(json::Value event, std::vector<const Rule*>& matched) const;
  bool empty() const { return count_ == 0; }

 private:
  friend class RuleIndexBuilder;
  struct Entry {
    std::uint64_t key;
    RulePtr rule;
  };
  using Bucket = std::vector<Entry>;
  /// The paths in use, as a tree of member names.
  struct PathNode {
    std::map<std::string, PathNode, std::less<>> members;
    /// The node below for a member of that name, dots and all; null when no path goes there.
    const PathNode* descend(std::string_view name) const;
    std::uint64_t path = 0;  // hash of the whole path; 0 where no path ends
  };
  void look_up(const PathNode& node, json::Value value, std::vector<const Rule*>& candidates) const;
  void look_up_members(const PathNode& node, json::Value value, std::vector<const Rule*>& candidates) const;
  void look_up_value(std::uint64_t path, json::Value value, std::vector<const Rule*>& candidates) const;

  std::size_t count_ = 0;
  std::shared_ptr<const PathNode> paths_;
  std::vector<std::shared_ptr<const Bucket>> filed_;
  std::vector<std::shared_ptr<const Bucket>> unfiled_;
};

/// The changing side of the index: lives on the bus's shard.
class RuleIndexBuilder {
 public:
  RuleIndexBuilder();
  /// Adds a rule, or replaces the one of the same name.
  void put(const RulePtr& rule);
  void erase(std::string_view name);
  /// The rules as they are now.
  std::shared_ptr<const RuleIndex> index() const { return std::make_shared<RuleIndex>(current_); }

 private:
  /// One field of a pattern that takes only exact strings.
  struct Field {
    std::vector<std::string> path;
    std::vector<std::string> values;
  };
  using Bucket = RuleIndex::Bucket;
  using Buckets = std::vector<std::shared_ptr<const Bucket>>;

  static void collect_fields(json::Value pattern, std::vector<std::string>& path, std::vector<Field>& fields);
  const Field* best_field(const std::vector<Field>& fields) const;
  std::size_t crowd(const Field& field) const;
  void add_path(const std::vector<std::string>& path, std::uint64_t hash);
  static void add(Buckets& buckets, std::uint64_t key, const RulePtr& rule);
  static void remove(Buckets& buckets, std::uint64_t key, std::string_view name);
  void grow();

  RuleIndex current_;
  std::unordered_map<std::uint64_t, std::size_t> crowds_;                // entries by key
  std::unordered_set<std::uint64_t> paths_;                              // hashes of the paths in use
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> keys_;  // of each rule; none when unfiled
  std::size_t entries_ = 0;
};

}  // namespace signalbox::events

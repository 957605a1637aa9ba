#include "services/events/rule_index.h"

#include <algorithm>

namespace signalbox::events {
namespace {

constexpr std::size_t kFirstBuckets = 16;
/// Entries a bucket may hold on average before there are more buckets: what one change copies.
constexpr std::size_t kMaxLoad = 32;
constexpr std::size_t kGrowth = 4;
/// A rule with more values than this in a field is not filed under it.
constexpr std::size_t kMaxValues = 64;

std::uint64_t mix(std::uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  return h;
}

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  return mix(std::hash<std::string_view>{}(text) + seed * 0x9e3779b97f4a7c15ULL);
}

std::uint64_t hash_path(const std::vector<std::string>& path) {
  std::uint64_t h = 1;
  for (const std::string& name : path) h = hash(name, h);
  return h == 0 ? 1 : h;
}

bool is_escaped(json::Value string) {
  return string.raw().find('\\') != std::string_view::npos;
}

/// The content of a string without escapes, not copied.
std::string_view unquoted(json::Value string) {
  const std::string_view raw = string.raw();
  return raw.substr(1, raw.size() - 2);
}

/// A member whose name holds dots is one with nested names, in patterns as in events.
void append_split(std::vector<std::string>& path, std::string_view name) {
  for (;;) {
    const auto dot = name.find('.');
    path.emplace_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

const RuleIndex::PathNode* RuleIndex::PathNode::descend(std::string_view name) const {
  const PathNode* node = this;
  for (;;) {
    const auto dot = name.find('.');
    const auto next = node->members.find(name.substr(0, dot));
    if (next == node->members.end()) return nullptr;
    node = &next->second;
    if (dot == std::string_view::npos) return node;
    name.remove_prefix(dot + 1);
  }
}

void RuleIndex::look_up_value(std::uint64_t path, json::Value value, std::vector<const Rule*>& candidates) const {
  if (value.is_array()) {
    for (json::Value element : value.elements()) look_up_value(path, element, candidates);
    return;
  }
  if (!value.is_string()) return;
  const std::uint64_t key = is_escaped(value) ? hash(value.as_string(), path) : hash(unquoted(value), path);
  for (const Entry& entry : *filed_[key % filed_.size()]) {
    if (entry.key == key) candidates.push_back(entry.rule.get());
  }
}

void RuleIndex::look_up(const PathNode& node, json::Value value, std::vector<const Rule*>& candidates) const {
  if (node.path != 0) look_up_value(node.path, value, candidates);
  if (!node.members.empty()) look_up_members(node, value, candidates);
}

void RuleIndex::look_up_members(const PathNode& node, json::Value value, std::vector<const Rule*>& candidates) const {
  if (value.is_array()) {
    // Patterns look through arrays of objects. Arrays of arrays are walked too: a candidate too many does no harm.
    for (json::Value element : value.elements()) look_up_members(node, element, candidates);
    return;
  }
  if (!value.is_object()) return;
  for (const auto [key, member] : value.members()) {
    const PathNode* next = is_escaped(key) ? node.descend(key.as_string()) : node.descend(unquoted(key));
    if (next != nullptr) look_up(*next, member, candidates);
  }
}

void RuleIndex::match(json::Value event, std::vector<const Rule*>& matched) const {
  if (count_ == 0) return;
  std::vector<const Rule*> candidates;
  look_up(*paths_, event, candidates);
  if (candidates.size() > 1) {
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  }
  for (const Rule* rule : candidates) {
    if (rule->pattern->matches(event)) matched.push_back(rule);
  }
  for (const auto& bucket : unfiled_) {
    for (const Entry& entry : *bucket) {
      if (entry.rule->pattern->matches(event)) matched.push_back(entry.rule.get());
    }
  }
}

RuleIndexBuilder::RuleIndexBuilder() {
  const auto none = std::make_shared<const Bucket>();
  current_.paths_ = std::make_shared<const RuleIndex::PathNode>();
  current_.filed_.assign(kFirstBuckets, none);
  current_.unfiled_.assign(kFirstBuckets, none);
}

void RuleIndexBuilder::collect_fields(json::Value pattern, std::vector<std::string>& path, std::vector<Field>& fields) {
  if (!pattern.is_object()) return;
  for (const auto [key, value] : pattern.members()) {
    const std::string name = key.as_string();
    if (name.starts_with('$')) continue;  // $or: no branch of it must hold
    const std::size_t depth = path.size();
    append_split(path, name);
    if (value.is_object()) collect_fields(value, path, fields);
    if (value.is_array() && value.size() <= kMaxValues) {
      Field field{path, {}};
      for (json::Value element : value.elements()) {
        if (element.is_string()) field.values.push_back(element.as_string());
      }
      if (field.values.size() == value.size() && !field.values.empty()) fields.push_back(std::move(field));
    }
    path.resize(depth);
  }
}

std::size_t RuleIndexBuilder::crowd(const Field& field) const {
  std::size_t most = 0;
  const std::uint64_t path = hash_path(field.path);
  for (const std::string& value : field.values) {
    const auto found = crowds_.find(hash(value, path));
    if (found != crowds_.end()) most = std::max(most, found->second);
  }
  return most;
}

const RuleIndexBuilder::Field* RuleIndexBuilder::best_field(const std::vector<Field>& fields) const {
  const Field* best = nullptr;
  std::size_t best_crowd = 0;
  for (const Field& field : fields) {
    if (!paths_.contains(hash_path(field.path)) && paths_.size() >= kMaxIndexedPaths) continue;
    const std::size_t own = crowd(field);
    // Among equals the later field: sources come first and separate least.
    if (best == nullptr || own < best_crowd || (own == best_crowd && field.values.size() <= best->values.size())) {
      best = &field;
      best_crowd = own;
    }
  }
  return best;
}

void RuleIndexBuilder::add_path(const std::vector<std::string>& path, std::uint64_t hash) {
  if (!paths_.insert(hash).second) return;
  auto root = std::make_shared<RuleIndex::PathNode>(*current_.paths_);
  RuleIndex::PathNode* node = root.get();
  for (const std::string& name : path) node = &node->members[name];
  node->path = hash;
  current_.paths_ = std::move(root);
}

void RuleIndexBuilder::add(Buckets& buckets, std::uint64_t key, const RulePtr& rule) {
  auto& bucket = buckets[key % buckets.size()];
  auto changed = std::make_shared<Bucket>(*bucket);
  changed->push_back({key, rule});
  bucket = std::move(changed);
}

void RuleIndexBuilder::remove(Buckets& buckets, std::uint64_t key, std::string_view name) {
  auto& bucket = buckets[key % buckets.size()];
  auto changed = std::make_shared<Bucket>(*bucket);
  std::erase_if(*changed, [&](const auto& entry) { return entry.key == key && entry.rule->name == name; });
  bucket = std::move(changed);
}

void RuleIndexBuilder::grow() {
  for (Buckets* buckets : {&current_.filed_, &current_.unfiled_}) {
    std::vector<Bucket> wider(buckets->size() * kGrowth);
    for (const auto& bucket : *buckets) {
      for (const auto& entry : *bucket) wider[entry.key % wider.size()].push_back(entry);
    }
    buckets->clear();
    for (Bucket& bucket : wider) buckets->push_back(std::make_shared<const Bucket>(std::move(bucket)));
  }
}

void RuleIndexBuilder::put(const RulePtr& rule) {
  erase(rule->name);
  json::Document document;
  const auto pattern = document.parse(rule->record.pattern);
  std::vector<Field> fields;
  std::vector<std::string> path;
  if (pattern) collect_fields(*pattern, path, fields);

  auto& keys = keys_[rule->name];
  if (const Field* field = best_field(fields)) {
    const std::uint64_t path_hash = hash_path(field->path);
    add_path(field->path, path_hash);
    for (const std::string& value : field->values) keys.push_back(hash(value, path_hash));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
  for (const std::uint64_t key : keys) {
    ++crowds_[key];
    add(current_.filed_, key, rule);
  }
  if (keys.empty()) add(current_.unfiled_, hash(rule->name, 0), rule);
  entries_ += std::max<std::size_t>(keys.size(), 1);
  ++current_.count_;
  if (entries_ > current_.filed_.size() * kMaxLoad) grow();
}

void RuleIndexBuilder::erase(std::string_view name) {
  const auto found = keys_.find(name);
  if (found == keys_.end()) return;
  for (const std::uint64_t key : found->second) {
    if (--crowds_[key] == 0) crowds_.erase(key);
    remove(current_.filed_, key, name);
  }
  if (found->second.empty()) remove(current_.unfiled_, hash(name, 0), name);
  entries_ -= std::max<std::size_t>(found->second.size(), 1);
  --current_.count_;
  keys_.erase(found);
}

}  // namespace signalbox::events

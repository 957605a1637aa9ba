// The enabled rules of a bus, found by the events that they match.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pattern/matcher.h"
#include "pattern/paged_table.h"
#include "services/events/rule.h"

namespace signalbox::events {

/// An immutable set of rules. Safe from any thread; versions share what they have in common.
class RuleIndex {
 public:
  /// The rules whose pattern matches `event`, the text of a valid JSON object, each once, into `matched`. They live as
  /// long as the index.
  void match(std::string_view event, std::vector<const Rule*>& matched) const;
  bool empty() const { return matcher_->size() == 0; }
  /// Whether archives are among the rules.
  bool has_archives() const { return has_archives_; }

 private:
  friend class RuleIndexBuilder;
  std::shared_ptr<const pattern::Matcher> matcher_;
  pattern::PagedTable<RulePtr> rules_;  // by rule_key
  bool has_archives_ = false;
};

/// The changing side of the index: lives on the bus's shard.
class RuleIndexBuilder {
 public:
  /// Adds a rule, or replaces the one of the same name.
  void put(const RulePtr& rule);
  void erase(std::string_view name);
  void has_archives(bool has) { has_archives_ = has; }
  /// The rules as they are now.
  std::shared_ptr<const RuleIndex> index();

 private:
  pattern::MatcherBuilder matcher_;
  pattern::PagedTable<RulePtr> rules_;
  std::map<std::string, pattern::RuleId, std::less<>> ids_;
  pattern::RuleId last_id_ = 0;
  bool has_archives_ = false;
};

}  // namespace signalbox::events

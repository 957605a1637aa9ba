#include "services/events/rule_index.h"

#include "pattern/hash.h"

namespace signalbox::events {
namespace {

std::uint64_t rule_key(pattern::RuleId id) {
  return pattern::mix(id, 0x72756c65) | 1;
}

}  // namespace

void RuleIndex::match(std::string_view event, std::vector<const Rule*>& matched) const {
  // Memory only, one a thread: nothing of an event outlives its match.
  static thread_local pattern::Scratch scratch;
  static thread_local std::vector<pattern::RuleId> ids;
  matcher_->match(event, scratch, ids);
  matched.clear();
  for (const pattern::RuleId id : ids) matched.push_back(rules_.find(rule_key(id))->get());
}

void RuleIndexBuilder::put(const RulePtr& rule) {
  const auto [place, added] = ids_.try_emplace(rule->name, last_id_ + 1);
  if (added) ++last_id_;
  matcher_.put(place->second, *rule->pattern);
  rules_.change(rule_key(place->second)) = rule;
}

void RuleIndexBuilder::erase(std::string_view name) {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return;
  matcher_.erase(found->second);
  rules_.erase(rule_key(found->second));
  ids_.erase(found);
}

std::shared_ptr<const RuleIndex> RuleIndexBuilder::index() {
  auto index = std::make_shared<RuleIndex>();
  index->matcher_ = matcher_.snapshot();
  index->rules_ = rules_;
  index->has_archives_ = has_archives_;
  rules_.share();
  return index;
}

}  // namespace signalbox::events

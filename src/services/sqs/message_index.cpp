#include "services/sqs/message_index.h"

#include <algorithm>

namespace signalbox::sqs {

void MessageIndex::add(std::uint64_t sequence, const MessageState& state, const std::string& group) {
  keep_age(messages_.emplace_hint(messages_.end(), sequence, state));
  if (fifo_) {
    const auto place = groups_.try_emplace(group).first;
    place->second.messages.insert(sequence);
    group_names_[sequence] = &place->first;
  }
  if (state.in_flight) ++in_flight_;
  if (state.visible_at > state.sent) {
    waiting_.emplace(state.visible_at, sequence);
  } else {
    make_ready(sequence);
  }
}

void MessageIndex::keep_age(std::map<std::uint64_t, MessageState>::const_iterator place) {
  const auto next = std::next(place);
  const Time sent = place->second.sent;
  const bool in_order = (place == messages_.begin() || std::prev(place)->second.sent <= sent) &&
                        (next == messages_.end() || sent <= next->second.sent);
  if (by_age_) {
    by_age_->emplace(sent, place->first);
  } else if (!in_order) {
    by_age_.emplace();
    for (const auto& [sequence, state] : messages_) by_age_->emplace(state.sent, sequence);
  }
}

bool MessageIndex::is_waiting(std::uint64_t sequence) const {
  return waiting_.contains({messages_.at(sequence).visible_at, sequence});
}

void MessageIndex::make_ready(std::uint64_t sequence) {
  if (!fifo_) {
    ready_.push_back(sequence);
    return;
  }
  const std::string& name = *group_names_.at(sequence);
  queue_group(name, groups_.at(name));
}

void MessageIndex::queue_group(const std::string& name, Group& group) {
  if (group.queued || group.messages.empty() || is_waiting(*group.messages.begin())) return;
  group.queued = true;
  ready_groups_.push_back(name);
}

std::vector<std::uint64_t> MessageIndex::take(Time now, std::size_t most) {
  run_due(now);
  return fifo_ ? take_fifo(most) : take_standard(most);
}

std::vector<std::uint64_t> MessageIndex::take_standard(std::size_t most) {
  std::vector<std::uint64_t> taken;
  while (taken.size() < most && !ready_.empty()) {
    const std::uint64_t sequence = ready_.front();
    ready_.pop_front();
    const auto found = messages_.find(sequence);
    if (found == messages_.end() || waiting_.contains({found->second.visible_at, sequence})) continue;
    // A message that was taken out and put back may stand in the line twice.
    if (std::ranges::find(taken, sequence) != taken.end()) continue;
    taken.push_back(sequence);
  }
  return taken;
}

// As AWS: as many as possible of one group, in order, before the next group; behind a message that is in flight or
// delayed, a group is closed.
std::vector<std::uint64_t> MessageIndex::take_fifo(std::size_t most) {
  std::vector<std::uint64_t> taken;
  while (taken.size() < most && !ready_groups_.empty()) {
    const std::string name = std::move(ready_groups_.front());
    ready_groups_.pop_front();
    const auto found = groups_.find(name);
    // A group that was emptied and came again may stand in the line twice.
    if (found == groups_.end() || !found->second.queued) continue;
    found->second.queued = false;
    for (const std::uint64_t sequence : found->second.messages) {
      if (taken.size() == most || is_waiting(sequence)) break;
      taken.push_back(sequence);
    }
  }
  return taken;
}

void MessageIndex::put_back(std::span<const std::uint64_t> taken) {
  for (const std::uint64_t sequence : taken) {
    if (messages_.contains(sequence)) make_ready(sequence);
  }
}

MessageState& MessageIndex::lease(std::uint64_t sequence, Time now, Time visible_at, std::uint64_t lease) {
  MessageState& state = messages_.at(sequence);
  if (state.receives == 0) state.first_received = now;
  ++state.receives;
  state.lease = lease;
  state.visible_at = visible_at;
  state.in_flight = true;
  waiting_.emplace(visible_at, sequence);
  ++in_flight_;
  return state;
}

void MessageIndex::set_aside(std::uint64_t sequence, Time now, Time visible_at) {
  MessageState& state = messages_.at(sequence);
  const MessageState before = state;
  lease(sequence, now, visible_at, kNoReceipt);
  state.receives = before.receives;
  state.first_received = before.first_received;
}

MessageState* MessageIndex::find(std::uint64_t sequence) {
  const auto found = messages_.find(sequence);
  return found == messages_.end() ? nullptr : &found->second;
}

void MessageIndex::change_visibility(std::uint64_t sequence, Time now, Time visible_at) {
  MessageState& state = messages_.at(sequence);
  waiting_.erase({state.visible_at, sequence});
  state.visible_at = visible_at;
  waiting_.emplace(visible_at, sequence);
  run_due(now);
}

bool MessageIndex::remove(std::uint64_t sequence) {
  const auto found = messages_.find(sequence);
  if (found == messages_.end()) return false;
  waiting_.erase({found->second.visible_at, sequence});
  if (found->second.in_flight) --in_flight_;
  if (fifo_) {
    const auto name = group_names_.find(sequence);
    const auto group = groups_.find(*name->second);
    group->second.messages.erase(sequence);
    group_names_.erase(name);
    if (group->second.messages.empty()) {
      groups_.erase(group);
    } else {
      queue_group(group->first, group->second);
    }
  }
  if (by_age_) by_age_->erase({found->second.sent, sequence});
  messages_.erase(found);
  if (messages_.empty()) by_age_.reset();
  return true;
}

const std::string& MessageIndex::group_of(std::uint64_t sequence) const {
  static const std::string none;
  const auto found = group_names_.find(sequence);
  return found == group_names_.end() ? none : *found->second;
}

bool MessageIndex::run_due(Time now) {
  bool any = false;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const std::uint64_t sequence = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    MessageState& state = messages_.at(sequence);
    if (state.in_flight) {
      state.in_flight = false;
      --in_flight_;
    }
    make_ready(sequence);
    any = true;
  }
  return any;
}

std::optional<Time> MessageIndex::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

std::vector<std::uint64_t> MessageIndex::sent_before(Time limit, std::size_t most) const {
  std::vector<std::uint64_t> old;
  const auto take = [&](Time sent, std::uint64_t sequence) {
    if (sent > limit || old.size() == most) return false;
    old.push_back(sequence);
    return true;
  };
  if (by_age_) {
    for (const auto& [sent, sequence] : *by_age_) {
      if (!take(sent, sequence)) break;
    }
    return old;
  }
  for (const auto& [sequence, state] : messages_) {
    if (!take(state.sent, sequence)) break;
  }
  return old;
}

std::optional<Time> MessageIndex::oldest_sent() const {
  if (messages_.empty()) return std::nullopt;
  return by_age_ ? by_age_->begin()->first : messages_.begin()->second.sent;
}

void MessageIndex::clear_through(std::uint64_t last) {
  if (last_sequence() <= last) return clear();
  while (!messages_.empty() && messages_.begin()->first <= last) remove(messages_.begin()->first);
}

void MessageIndex::clear() {
  messages_.clear();
  by_age_.reset();
  waiting_.clear();
  in_flight_ = 0;
  ready_.clear();
  groups_.clear();
  group_names_.clear();
  ready_groups_.clear();
}

}  // namespace signalbox::sqs

#include "services/events/archives/archived_events.h"

#include <algorithm>

#include "services/events/archives/event_time.h"

namespace signalbox::events {
namespace {

void merge(SegmentPart& into, const SegmentPart& more) {
  if (more.events == 0 && more.sequence == 0) return;
  const bool first = into.sequence == 0;
  into.events += more.events;
  into.bytes += more.bytes;
  into.earliest = first ? more.earliest : std::min(into.earliest, more.earliest);
  into.latest = first ? more.latest : std::max(into.latest, more.latest);
  into.sequence = std::max(into.sequence, more.sequence);
  into.came = first ? more.came : std::max(into.came, more.came);
  into.packed = into.packed || more.packed;
}

}  // namespace

void ArchivedEvents::load(std::uint64_t segment, std::uint64_t writer, const SegmentPart& part) {
  const std::lock_guard lock(mutex_);
  Segment& one = segments_[segment];
  one.parts[writer] = part;
  one.packed = one.packed || part.packed;
  one.bytes += part.bytes;
  totals_.events += part.events;
  totals_.bytes += part.bytes;
  next_sequence_ = std::max(next_sequence_.load(), part.sequence + 1);
}

ArchivedEvents::Totals ArchivedEvents::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

SegmentPart ArchivedEvents::sum(std::uint64_t segment) const {
  const std::lock_guard lock(mutex_);
  SegmentPart whole;
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return whole;
  for (const auto& [writer, part] : found->second.parts) merge(whole, part);
  return whole;
}

std::vector<ArchivedEvents::Span> ArchivedEvents::spans(Time from, Time to) const {
  std::vector<Span> spans;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, segment] : segments_) {
      SegmentPart whole;
      for (const auto& [writer, part] : segment.parts) merge(whole, part);
      if (whole.events == 0 || whole.latest < from || whole.earliest > to) continue;
      spans.push_back({number, whole.earliest, whole.latest});
    }
  }
  std::ranges::stable_sort(spans, {}, &Span::earliest);
  return spans;
}

bool ArchivedEvents::is_full(std::uint64_t segment, Time now) const {
  if (now - Time(Duration(static_cast<std::int64_t>(segment))) >= kSegmentAge) return true;
  return segments_.at(segment).bytes >= kSegmentBytes;
}

ArchivedEvents::Place ArchivedEvents::enter(Time now) {
  bool opened = false;
  std::uint64_t number = 0;
  std::uint64_t writer = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto last = segments_.empty() ? segments_.end() : std::prev(segments_.end());
    if (last == segments_.end() || !last->second.open || is_full(last->first, now)) {
      if (last != segments_.end()) last->second.open = false;
      const auto at = static_cast<std::uint64_t>(now.time_since_epoch().count());
      number = last == segments_.end() ? at : std::max(at, last->first + 1);
      segments_[number].open = opened = true;
    } else {
      number = last->first;
    }
    Segment& segment = segments_[number];
    ++segment.users;
    if (segment.idle.empty()) {
      writer = segment.writers++;
    } else {
      writer = segment.idle.back();
      segment.idle.pop_back();
    }
  }
  if (opened && opened_) opened_();
  return {number, writer};
}

void ArchivedEvents::release(const Place& place) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(place.segment);
  if (found == segments_.end()) return;
  --found->second.users;
  found->second.idle.push_back(place.writer);
}

SegmentPart ArchivedEvents::add(const Place& place, const SegmentPart& more) {
  const std::lock_guard lock(mutex_);
  totals_.events += more.events;
  totals_.bytes += more.bytes;
  Segment& segment = segments_[place.segment];
  segment.bytes += more.bytes;
  SegmentPart& part = segment.parts[place.writer];
  merge(part, more);
  return part;
}

void ArchivedEvents::retract(const Place& place, const SegmentPart& more) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(place.segment);
  if (found == segments_.end()) return;
  totals_.events -= more.events;
  totals_.bytes -= more.bytes;
  SegmentPart& part = found->second.parts[place.writer];
  part.events -= more.events;
  part.bytes -= more.bytes;
}

void ArchivedEvents::close_full(Time now) {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return;
  auto& [number, last] = *std::prev(segments_.end());
  if (last.open && is_full(number, now)) last.open = false;
}

std::optional<std::uint64_t> ArchivedEvents::next_to_pack() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, segment] : segments_) {
    if (!segment.open && !segment.packed && segment.users == 0) return number;
  }
  return std::nullopt;
}

bool ArchivedEvents::waits_to_pack() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(segments_, [](const auto& one) { return !one.second.open && !one.second.packed; });
}

std::vector<std::uint64_t> ArchivedEvents::older_than(Time until) const {
  std::vector<std::uint64_t> old;
  const std::lock_guard lock(mutex_);
  for (const auto& [number, segment] : segments_) {
    SegmentPart whole;
    for (const auto& [writer, part] : segment.parts) merge(whole, part);
    if (segment.open || segment.users != 0 || whole.came > until) break;
    old.push_back(number);
  }
  return old;
}

std::optional<Time> ArchivedEvents::closes() const {
  const std::lock_guard lock(mutex_);
  if (segments_.empty() || !std::prev(segments_.end())->second.open) return std::nullopt;
  return Time(Duration(static_cast<std::int64_t>(std::prev(segments_.end())->first))) + kSegmentAge;
}

std::optional<Time> ArchivedEvents::oldest() const {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return std::nullopt;
  SegmentPart whole;
  for (const auto& [writer, part] : segments_.begin()->second.parts) merge(whole, part);
  return whole.sequence == 0 ? Time(Duration(static_cast<std::int64_t>(segments_.begin()->first))) : whole.came;
}

void ArchivedEvents::packed(std::uint64_t segment, const SegmentPart& whole) {
  const std::lock_guard lock(mutex_);
  Segment& one = segments_[segment];
  one.parts = {{0, whole}};
  one.idle.clear();
  one.packed = true;
}

void ArchivedEvents::erase(std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return;
  for (const auto& [writer, part] : found->second.parts) {
    totals_.events -= part.events;
    totals_.bytes -= part.bytes;
  }
  segments_.erase(found);
}

Deposit::Deposit(std::shared_ptr<ArchivedEvents> archive, Time now)
    : archive_(std::move(archive)), now_(now), place_(archive_->enter(now)) {}

Deposit::~Deposit() {
  archive_->release(place_);
}

void Deposit::add(std::string_view event, store::Batch& batch) {
  const EventPlace place{event_time(event).value_or(now_), archive_->next_sequence_.fetch_add(1)};
  batch.put(place_key(kEventSpace, archive_->id(), place_.segment, place), encode_event(event));
  merge(added_, {1, event.size(), place.time, place.time, place.sequence, now_});
}

void Deposit::count(store::Batch& batch) {
  const SegmentPart part = archive_->add(place_, added_);
  batch.put(part_key(archive_->id(), place_.segment, place_.writer), store::encode(part));
}

void Deposit::settle(bool committed) {
  if (!committed) archive_->retract(place_, added_);
}

}  // namespace signalbox::events

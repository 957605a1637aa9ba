#include "services/sqs/queue.h"

#include <utility>

#include "store/key.h"

namespace signalbox::sqs {
namespace {

constexpr std::uint64_t kSequencesPerMillisecond = 1'000'000;
constexpr std::size_t kSequenceDigits = 20;

}  // namespace

std::optional<QueueName> queue_of_url(const cloud::Scope& caller, std::string_view url) {
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto last = url.rfind('/');
  if (last == std::string_view::npos) return QueueName{caller, std::string(url)};
  const std::string_view before = url.substr(0, last);
  const std::string_view account = before.substr(before.rfind('/') + 1);
  if (!cloud::is_account_id(account)) return std::nullopt;
  return QueueName{{std::string(account), caller.region}, std::string(url.substr(last + 1))};
}

std::uint64_t Queue::next_sequence(Time now) {
  const auto floor = static_cast<std::uint64_t>(now.time_since_epoch().count()) * kSequencesPerMillisecond;
  last_sequence = std::max(last_sequence + 1, floor);
  if (name.fifo()) unsettled.insert(last_sequence);
  return last_sequence;
}

Queue::Added Queue::settle(std::uint64_t sequence, const Arrival* arrival) {
  unsettled.erase(sequence);
  if (arrival != nullptr) held.emplace(sequence, *arrival);
  Added added;
  while (!held.empty() && (unsettled.empty() || held.begin()->first < *unsettled.begin())) {
    const auto first = held.extract(held.begin());
    if (gone) continue;
    index.add(first.key(), first.mapped().state, first.mapped().group);
    added.bytes.push_back(first.mapped().bytes);
    ++added.messages;
  }
  return added;
}

void Queue::wake(std::size_t messages) {
  for (const auto& watcher : std::exchange(watchers, {})) watcher();
  for (; messages > 0 && !waiting.empty(); --messages) {
    LongPoll& first = *waiting.front();
    waiting.pop_front();
    first.place.reset();
    first.wait.wake();
  }
}

void Queue::arm(const Clock& clock) {
  if (gone) return;
  const auto due = index.next_due();
  // One that is early only looks once too often; it may be all that wakes polls for what a receive made visible.
  if (!due || (due_alarm && due_alarm->first <= *due)) return;
  if (due_alarm) owner.alarms().cancel(*due_alarm);
  due_alarm = owner.alarms().set(*due, [weak = weak_from_this(), &clock] {
    const std::shared_ptr<Queue> held_queue = weak.lock();
    if (!held_queue || held_queue->gone) return;
    held_queue->due_alarm.reset();
    held_queue->index.run_due(clock.now());
    if (held_queue->index.visible() > 0) held_queue->wake(held_queue->waiting.size());
    held_queue->arm(clock);
  });
}

QueueRecord record_of(const Queue& queue) {
  return {queue.id, queue.created, queue.modified, queue.attributes, queue.tags};
}

store::Key queue_key(const QueueName& name) {
  return store::Key(kQueueSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}

store::Key message_key(const Queue& queue, std::uint64_t sequence) {
  return store::Key(kMessageSpace).number(queue.id).number(sequence);
}

store::Key lease_key(const Queue& queue, std::uint64_t sequence) {
  return store::Key(kLeaseSpace).number(queue.id).number(sequence);
}

std::string sequence_text(std::uint64_t sequence) {
  std::string text = std::to_string(sequence);
  text.insert(0, kSequenceDigits - text.size(), '0');
  return text;
}

}  // namespace signalbox::sqs

#include "services/sqs/measures.h"

#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

/// A queue has metrics "up to six hours from the last activity".
constexpr std::chrono::hours kActiveFor{6};
/// How often AWS tells of a queue.
constexpr std::chrono::minutes kDepthInterval{1};

}  // namespace

QueueMeasures::QueueMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& queue) {
  const auto make = [&](const char* name, const char* unit) {
    return measures.make({scope, "AWS/SQS", name, {{"QueueName", queue}}}, unit);
  };
  sent = make("NumberOfMessagesSent", "Count");
  sent_size = make("SentMessageSize", "Bytes");
  received = make("NumberOfMessagesReceived", "Count");
  empty_receives = make("NumberOfEmptyReceives", "Count");
  deleted = make("NumberOfMessagesDeleted", "Count");
  visible_ = make("ApproximateNumberOfMessagesVisible", "Count");
  not_visible_ = make("ApproximateNumberOfMessagesNotVisible", "Count");
  delayed_ = make("ApproximateNumberOfMessagesDelayed", "Count");
  oldest_ = make("ApproximateAgeOfOldestMessage", "Seconds");
}

void QueueMeasures::tell_depth(const MessageIndex& index, Time now) const {
  visible_->add(static_cast<double>(index.visible()));
  not_visible_->add(static_cast<double>(index.in_flight()));
  delayed_->add(static_cast<double>(index.delayed()));
  const auto oldest = index.oldest_sent();
  oldest_->add(oldest ? static_cast<double>((now - *oldest).count()) / 1000 : 0);
}

void Sqs::tell_depth(Queue& queue) {
  queue.touched = house_.clock.now();
  queue.measures.tell_depth(queue.index, queue.touched);
  watch_depth(queue);
}

void Sqs::watch_depth(Queue& queue) {
  if (queue.depth_alarm || queue.index.size() == 0) return;
  const auto tell_again = [this, name = queue.name, id = queue.id] {
    const QueuePointer found = find(name);
    if (!found || found->id != id) return;
    found->depth_alarm.reset();
    const Time now = house_.clock.now();
    if (now - found->touched > kActiveFor) return;
    found->measures.tell_depth(found->index, now);
    watch_depth(*found);
  };
  queue.depth_alarm = queue.owner.alarms().set(house_.clock.now() + kDepthInterval, tell_again);
}

}  // namespace signalbox::sqs

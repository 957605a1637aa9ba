#include "services/sqs/measures.h"

#include "services/sqs/message_index.h"

namespace signalbox::sqs {

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

}  // namespace signalbox::sqs

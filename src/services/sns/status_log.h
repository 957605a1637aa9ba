// Delivery status logging: what became of notifications, as events of log groups ("Amazon SNS message delivery
// status").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/sns/names.h"

namespace signalbox::sns {

struct Core;
class Topic;

/// What is logged of one kind of endpoint.
struct Feedback {
  bool successes = false;
  bool failures = false;
  int sample = 100;  // percent of the successes
};
/// By "HTTP", "SQS", "Application", "Lambda", "Firehose".
using FeedbackSettings = std::map<std::string, Feedback, std::less<>>;

/// Whether `name` is an attribute of delivery status logging: takes it in then. Errors: InvalidParameter for a value
/// that is none.
Result<bool> read_feedback(const std::string& name, const std::string& value, FeedbackSettings& settings);

/// One notification's end.
struct DeliveryStatus {
  std::string message_id;
  std::string message;      // its MD5 is told
  std::string destination;  // endpoint
  bool delivered = true;
  std::int64_t attempts = 1;
  Time published{};
  std::string response;  // what the endpoint, or its gateway, had to say
};

/// Logs those that the topic's settings ask for, behind the caller's back: a log is not worth waiting for. `protocol`
/// is the subscription's. On any shard's thread.
void log_status(Core& core, const Topic& topic, std::string_view protocol, std::vector<DeliveryStatus> statuses);

}  // namespace signalbox::sns

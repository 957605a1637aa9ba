// What AWS/SQS tells of a queue ("Available CloudWatch metrics for Amazon SQS").
#pragma once

#include "cloud/measures.h"

namespace signalbox::sqs {

class MessageIndex;

struct QueueMeasures {
  QueueMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& queue);

  cloud::MeasurePtr sent;
  cloud::MeasurePtr sent_size;
  cloud::MeasurePtr received;
  cloud::MeasurePtr empty_receives;
  cloud::MeasurePtr deleted;

  /// How many messages there are, as they are now.
  void tell_depth(const MessageIndex& index, Time now) const;

 private:
  cloud::MeasurePtr visible_;
  cloud::MeasurePtr not_visible_;
  cloud::MeasurePtr delayed_;
  cloud::MeasurePtr oldest_;
};

}  // namespace signalbox::sqs

// CloudWatch's metrics of one topic ("Monitoring Amazon SNS topics using CloudWatch").
#pragma once

#include <string>

#include "cloud/measures.h"

namespace signalbox::sns {

struct TopicMeasures {
  TopicMeasures(cloud::Measures& all, const cloud::Scope& scope, const std::string& topic);

  cloud::MeasurePtr published;     // NumberOfMessagesPublished
  cloud::MeasurePtr size;          // PublishSize
  cloud::MeasurePtr delivered;     // NumberOfNotificationsDelivered
  cloud::MeasurePtr failed;        // NumberOfNotificationsFailed
  cloud::MeasurePtr filtered_out;  // NumberOfNotificationsFilteredOut
  cloud::MeasurePtr redriven;      // NumberOfNotificationsRedrivenToDlq
};

}  // namespace signalbox::sns

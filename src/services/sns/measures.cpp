#include "services/sns/measures.h"

namespace signalbox::sns {

TopicMeasures::TopicMeasures(cloud::Measures& all, const cloud::Scope& scope, const std::string& topic) {
  const auto make = [&](const char* name, const char* unit) {
    return all.make({scope, "AWS/SNS", name, {{"TopicName", topic}}}, unit);
  };
  published = make("NumberOfMessagesPublished", "Count");
  size = make("PublishSize", "Bytes");
  delivered = make("NumberOfNotificationsDelivered", "Count");
  failed = make("NumberOfNotificationsFailed", "Count");
  filtered_out = make("NumberOfNotificationsFilteredOut", "Count");
  redriven = make("NumberOfNotificationsRedrivenToDlq", "Count");
}

}  // namespace signalbox::sns

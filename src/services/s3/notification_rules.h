// Notification configurations by themselves: where events go, which ones, and what S3 takes for a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core.h"

namespace signalbox::s3 {

/// One destination of a configuration, whatever its kind.
struct Destination {
  std::string id;
  std::string arn;
  std::string_view kind;  // "queue"
  const std::vector<std::string>* events;
  const model::NotificationConfigurationFilter* filter;
};

/// Of queues, topics and functions; it points into the configuration.
std::vector<Destination> destinations(const model::NotificationConfiguration& configuration);

/// Whether the destination gets that event ("ObjectCreated:Put") of that key.
bool wants(const Destination& destination, std::string_view event, std::string_view key);

/// Events and filters, and that no write could meet two destinations for one kind of event. Errors: InvalidArgument,
/// MalformedXML, NotImplemented for events that do not happen here.
Result<void> check_rules(const std::vector<Destination>& destinations);

}  // namespace signalbox::s3

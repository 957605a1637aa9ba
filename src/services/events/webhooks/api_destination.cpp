#include "services/events/webhooks/api_destination.h"

namespace signalbox::events {
std::string ApiDestination::arn() const {
  return cloud::make_arn("events", scope, "api-destination/" + name + "/" + id);
}

store::Key key_of(const ApiDestination& destination) {
  return store::Key(kApiDestinationSpace)
      .text(destination.scope.account)
      .text(destination.scope.region)
      .text(destination.name);
}

}  // namespace signalbox::events

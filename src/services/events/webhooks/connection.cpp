#include "services/events/webhooks/connection.h"

namespace signalbox::events {
std::string Connection::arn() const {
  return cloud::make_arn("events", scope, "connection/" + name + "/" + id);
}

std::string Connection::secret_arn() const {
  return cloud::make_arn("secretsmanager", scope, "secret:events!connection/" + name + "/" + id);
}

store::Key key_of(const Connection& connection) {
  return store::Key(kConnectionSpace)
      .text(connection.scope.account)
      .text(connection.scope.region)
      .text(connection.name);
}

}  // namespace signalbox::events

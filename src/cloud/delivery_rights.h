// Whether a service may deliver to a target for somebody: a rule to a queue, a topic to a queue, a
// pipe to a stream.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "cloud/authority.h"
#include "cloud/sessions.h"

namespace signalbox::cloud {

struct DeliveryRight {
  std::string service;              // who delivers: "events.amazonaws.com"
  std::string source;               // for what: the ARN of a rule, a topic, a pipe
  std::string role;                 // ARN of the role that it assumes for that; "" for its own name
  std::string target;               // ARN
  std::string source_account = {};  // whose the source is, where its ARN does not tell
};

/// With a role, its trust policy must let the service assume it and its policies must allow. Without, the target's
/// resource policy must allow the service; targets that have none (log groups, buses of the same account) are then
/// free, and streams and API destinations need a role. In `verify` that is so across accounts only, and a role must be
/// of the source's account; in `open` all is allowed. Errors: AccessDeniedException.
asio::awaitable<Result<void>> may_deliver(const Authority& authority, const Sessions& sessions, DeliveryRight right);

/// For a role that a service assumes: whether it may do that to that resource.
asio::awaitable<Result<void>> role_may(const Authority& authority, const Sessions& sessions, DeliveryRight right,
                                       std::string action);

}  // namespace signalbox::cloud

// From matched rules to their targets: what one call, or one due schedule, brings, in one commit.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/events/core.h"
#include "services/events/matched_event.h"

namespace signalbox::events {

/// What goes to one target ARN.
struct Outgoing {
  cloud::EventTarget* kind;
  std::vector<cloud::EventDelivery> deliveries;
};
/// By ARN: all append to targets in one order, so that two commits cannot wait for each other's targets.
using OutgoingByArn = std::map<std::string, Outgoing, std::less<>>;

/// Adds the event, as each of the rule's targets wants it.
void add_deliveries(OutgoingByArn& outgoing, const Rule& rule, const MatchedEvent& event,
                    const std::string& trace_header);

/// Delivers all and commits them with what `batch` holds or, on an error of the store, nothing. A target that cannot
/// take its deliveries loses them, and nobody else does.
asio::awaitable<Result<void>> deliver(Core& core, OutgoingByArn outgoing, store::Batch batch = {});

}  // namespace signalbox::events

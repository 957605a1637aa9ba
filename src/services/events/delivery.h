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

/// Dead-letter queues are queues of SQS.
inline constexpr std::string_view kDeadLetterService = "sqs";

/// What goes to one target ARN.
struct Outgoing {
  cloud::EventTarget* kind;
  std::vector<cloud::EventDelivery> deliveries;
  /// What becomes of a delivery that the target cannot take, for those whose rule has an answer, by their order.
  struct DeadLetter {
    std::size_t delivery;
    std::string queue;  // ARN
    std::string rule;   // ARN
    std::string event;
  };
  std::vector<DeadLetter> dead_letters = {};
};
/// By ARN: all append to targets in one order, so that two commits cannot wait for each other's targets.
using OutgoingByArn = std::map<std::string, Outgoing, std::less<>>;

/// Adds the event, as each of the rule's targets wants it.
void add_deliveries(OutgoingByArn& outgoing, const Rule& rule, const MatchedEvent& event,
                    const std::string& trace_header);

/// Delivers all and commits them with what `batch` holds or, on an error of the store, nothing. What a target
/// cannot take goes to the dead-letter queue that its rule names, in the same commit, or is lost, and nobody else's is.
asio::awaitable<Result<void>> deliver(Core& core, OutgoingByArn outgoing, store::Batch batch = {});

}  // namespace signalbox::events

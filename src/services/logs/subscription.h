// What subscription filters send ("Log group-level subscription filters" in the CloudWatch Logs User Guide).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "services/logs/ingest.h"

namespace signalbox::logs {

/// The records for the destination: of those events that the filter's pattern matches, a gzipped JSON text each,
///   {"messageType":"DATA_MESSAGE","owner":...,"logGroup":...,"logStream":...,"subscriptionFilters":[...],
///    "logEvents":[{"id":...,"timestamp":...,"message":...}]}
std::vector<cloud::EventDelivery> deliveries_of(Core& core, const Group& group, const std::string& stream,
                                                const Subscription& subscription, std::span<const NewEvent> events,
                                                std::uint64_t first);

/// Whom a function's policy has as the source of its log events: "arn:...:log-group:NAME:*".
std::string source_of(const Group& group);

/// The record by which a new filter's destination is tried.
cloud::EventDelivery control_message(Core& core, const Group& group, const Subscription& subscription);

}  // namespace signalbox::logs

// From a source's events to an invocation, and what its answer says of them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "cloud/pipe_ends.h"
#include "services/lambda/mappings.h"

namespace signalbox::lambda {

/// Whether the mapping's filters let the event through: a pattern sees the data of a record and the body of a message
/// as the JSON that they are ("Lambda event filtering").
bool passes(const MappingConfig& config, const cloud::SourceEvent& event);

/// {"Records":[...]} of the events at those places.
std::string records_of(const MappingConfig& config, const std::string& role, std::span<const cloud::SourceEvent> events,
                       std::span<const std::size_t> places);

/// What the function's answer names as failed: message ids or sequence numbers; empty optional when that cannot be
/// read, and so all failed ("Reporting batch item failures").
std::optional<std::set<std::string>> failed_items(const std::string& answer);

/// What an event is called in that: a message's id, a record's sequence number.
std::string item_name(const cloud::SourceEvent& event, bool from_stream);

}  // namespace signalbox::lambda

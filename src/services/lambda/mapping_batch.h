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

/// Which of the events at those places (`wanted`) the function's answer names as failed, by their places; empty
/// optional when all have failed (cloud/item_failures.h).
std::optional<std::set<std::size_t>> failed_events(const MappingConfig& config, const std::string& answer,
                                                   std::span<const cloud::SourceEvent> events,
                                                   std::span<const std::size_t> wanted);

}  // namespace signalbox::lambda

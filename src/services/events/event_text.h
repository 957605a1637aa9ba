// From a PutEvents entry to the event as rules and targets see it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cloud/scope.h"
#include "cloud/service_events.h"
#include "json/json.h"
#include "models/events.h"

namespace signalbox::events {

/// Why one entry is refused; the others of its call are not affected (AWS: PutEventsResultEntry).
struct EntryError {
  std::string code;
  std::string message;
};

/// Checks what an entry must have and appends the whole event, without white space between tokens and with the
/// tokens of Detail spelled as they came, to `out`. `now` stands in for an absent Time. `document` lends its memory.
std::optional<EntryError> append_event(std::string& out, const models::events::PutEventsRequestEntry& entry,
                                       std::string_view id, const cloud::Scope& scope, Time now,
                                       json::Document& document);

/// The event of a service of AWS's, or of this server.
std::string text_of(const cloud::ServiceEvent& event, std::string_view id, Time now);

/// Bytes that an entry counts for in the limit of a call (AWS: Calculating PutEvents event entry size).
std::size_t entry_size(const models::events::PutEventsRequestEntry& entry);

}  // namespace signalbox::events

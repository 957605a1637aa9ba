// What a function that was given a batch says of its items: {"batchItemFailures":[{"itemIdentifier":"..."}]}
// ("Implementing partial batch responses" in the Lambda Developer Guide, "Partial batch failure" in the EventBridge
// User Guide).
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "cloud/pipe_ends.h"

namespace signalbox::cloud {

/// What such an answer calls an event: a message by its id, a record by its sequence number.
std::string item_name(const SourceEvent& event, bool from_stream);

/// The places in `names` of the items that failed. No list, or an empty one: none did. Empty optional: the answer
/// cannot be read, or names an item that the batch does not have, and so all of the batch has failed.
std::optional<std::set<std::size_t>> failed_items(std::string_view answer, std::span<const std::string> names);

}  // namespace signalbox::cloud

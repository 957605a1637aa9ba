// Media types that requests name.
#pragma once

#include <string_view>

namespace signalbox::wire {

/// Whether a Content-Type is JSON, AWS's kinds of it included, or is not told at all.
bool is_json_type(std::string_view content_type);

/// Whether one of the ranges of an Accept header takes application/json; all do where it is empty.
bool accepts_json(std::string_view accept);

}  // namespace signalbox::wire

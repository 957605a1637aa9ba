// Times as the AWS APIs write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace signalbox {

/// "2017-04-28T17:56:40Z": seconds, UTC, as in an event's `time`.
std::string to_iso8601(Time time);
/// "2017-04-28T17:56:40.123Z".
std::string to_iso8601_millis(Time time);
/// RFC 3339 with optional fraction and either Z or an offset; empty optional when it is not that.
std::optional<Time> from_iso8601(std::string_view text);
/// "20170428T175640Z", as SigV4 writes a time.
std::optional<Time> from_amz_date(std::string_view text);
std::string to_amz_date(Time time);
/// "Fri, 28 Apr 2017 17:56:40 GMT", as HTTP writes a date.
std::string to_http_date(Time time);
std::optional<Time> from_http_date(std::string_view text);

}  // namespace signalbox

// The one place that what goes out passes: whatever a request was made of, nothing in it ends a line of HTTP.
#pragma once

#include "base/result.h"
#include "http/client.h"

namespace signalbox::http {

/// Errors (code "InvalidRequest"): a method or a header's name that is no token, a header's value with a control
/// character (CR, LF and NUL above all), a path or query with anything but visible ASCII.
Result<void> check_outgoing(const ClientRequest& request);

}  // namespace signalbox::http

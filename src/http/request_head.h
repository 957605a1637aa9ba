// The head of a request of HTTP/1.1: what is wrong with it though it can be read, and a view of it.
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace signalbox::http {

using Head = boost::beast::http::request_header<>;

/// The answer to a head that leaves room for doubt about where the request goes or where it ends (RFC 9112), or asks
/// for what is not done here. `text` is the head as it came.
std::optional<Response> refusal_of(const Head& head, std::string_view text);

/// Whether the client waits to be asked for its body.
bool awaits_continue(const Head& head);

/// Views into `head`. A target in absolute form is taken apart into path and host.
Request view_of(const Head& head);

}  // namespace signalbox::http

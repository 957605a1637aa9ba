// What of an answer goes to the client, the same in both versions of HTTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace signalbox::http {

/// Whether an answer of that status may have a body at all, and says its length (RFC 9110, 8.6).
bool has_content(int status);

/// What Content-Length says; empty where the answer has none.
std::optional<std::uint64_t> length_of(const Response& response);

/// Whether a handler's header is for the server to send, or not at all: what frames messages is ours to say.
bool is_framing(std::string_view name);

/// Whether a header can be sent as it is: a name that is a token, a value without line ends and other control
/// characters.
bool is_sendable(std::string_view name, std::string_view value);

/// The status line and headers of HTTP/1.1. `old_client` is one of HTTP/1.0, who has to be told that a connection
/// stays.
void write_head(std::string& out, const Response& response, bool keep_alive, bool old_client);

/// The Date header's text, made anew once a second.
std::string_view date_text();

}  // namespace signalbox::http

// What the server itself says to requests that do not come to a handler.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace signalbox::http {

/// Asks a client for its body.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// A line of plain text.
inline Response plain_error(int status, std::string message) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain"}};
  response.body = std::move(message) + "\n";
  return response;
}

inline Response body_too_large(std::size_t most) {
  return plain_error(413, "RequestEntityTooLarge: the body is larger than " + std::to_string(most) + " bytes.");
}

}  // namespace signalbox::http

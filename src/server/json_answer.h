// Answers of the server's own paths (/_signalbox/...): JSON.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "json/json.h"

namespace signalbox::server {

inline http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

/// {"message":"..."}
inline http::Response error_response(int status, std::string_view message) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.member("message", message);
  writer.end_object();
  return json_response(status, body + "\n");
}

}  // namespace signalbox::server

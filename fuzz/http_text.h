// Requests as fuzzers write them: method and target, header lines, an empty line, the body.
#pragma once

#include <string_view>

#include "http/message.h"

namespace signalbox {

inline std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

/// Of any text. The request's views point into it.
inline http::Request read_http_text(std::string_view rest) {
  http::Request request;
  const std::string_view first = take_line(rest);
  const auto space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = space == std::string_view::npos ? "/" : first.substr(space + 1);
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) break;
    const auto colon = line.find(':');
    request.headers.emplace_back(line.substr(0, colon),
                                 colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1));
  }
  request.body = rest;
  return request;
}

}  // namespace signalbox

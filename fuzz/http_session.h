// The bytes of one connection, given to the server's own session over a pair of sockets.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>

#include "check.h"
#include "http/body.h"
#include "http/session.h"

namespace signalbox {

/// Answers with what it got, in pieces or whole.
inline http::asio::awaitable<http::Response> answer_fuzz(const http::Request& request, http::Connection&) {
  FUZZ_CHECK(request.target.starts_with('/') || request.target == "*");
  for (const auto& [name, value] : request.headers) {
    FUZZ_CHECK(!name.empty());
    FUZZ_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  http::Response response;
  std::string body(request.body);
  if (request.stream != nullptr) {
    const auto read = co_await http::read_whole(*request.stream, 10'000);
    if (read) body = *read;
    if (!read) response.status = 400;
  }
  response.headers = {{"X-Seen", std::string(request.target)}};
  if (request.target.size() % 2 == 0) {
    response.body = std::move(body);
  } else {
    response.stream = std::make_shared<http::MemoryBody>(std::move(body));
  }
  co_return response;
}

/// What the server says to these bytes, which come in two parts.
inline std::string converse(std::string_view first, std::string_view second) {
  static QuietLog log;
  http::Limits limits;
  limits.max_body_bytes = 4096;
  http::asio::io_context loop(1);
  const auto environment = std::make_shared<http::Environment>(
      answer_fuzz, [](const http::Request& head) { return head.method == "PUT"; }, limits, log);
  int ends[2];
  FUZZ_CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  http::Session::Socket socket(loop, http::asio::ip::tcp::v4(), ends[0]);
  bool over = false;
  const auto session = std::make_shared<http::Session>(std::move(socket), environment, nullptr, false);
  http::asio::co_spawn(loop, session->run(), [&](const std::exception_ptr& thrown) {
    FUZZ_CHECK(thrown == nullptr);
    over = true;
  });
  std::string said;
  const auto listen = [&] {
    char bytes[65536];
    loop.restart();
    while (loop.poll() > 0) loop.restart();
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(ends[1], bytes, sizeof(bytes), MSG_DONTWAIT);
      if (got > 0) said.append(bytes, static_cast<std::size_t>(got));
    }
  };
  for (const std::string_view part : {first, second}) {
    FUZZ_CHECK(::send(ends[1], part.data(), part.size(), MSG_NOSIGNAL) >= -1);
    listen();
  }
  ::shutdown(ends[1], SHUT_WR);
  for (int i = 0; i < 100 && !over; ++i) listen();
  ::close(ends[1]);
  session->close_if_late(std::chrono::steady_clock::time_point::max());
  loop.restart();
  loop.run();
  FUZZ_CHECK(over);
  FUZZ_CHECK(environment->in_progress == 0);
  return said;
}

}  // namespace signalbox

// The HTTP server over real sockets.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "http/body.h"
#include "http/server_fixture.h"

namespace signalbox::http {
namespace {

using std::chrono::seconds;

TEST_F(ServerTest, AnswersWithStatusHeadersAndBody) {
  start(echo);
  const std::string answer =
      exchange("POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-Sent: it\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nX-Seen: it\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: 16\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "POST /a?b=c body");
}

TEST_F(ServerTest, KeepsConnectionsAndTakesPipelinedRequests) {
  start(echo);
  const std::string answer = exchange(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto one = answer.find("GET /1 ");
  const auto two = answer.find("POST /2 x");
  const auto three = answer.find("GET /3 ");
  EXPECT_TRUE(one < two && two < three && three != std::string::npos) << answer;
}

TEST_F(ServerTest, ReadsChunkedBodiesInPieces) {
  start(echo);
  tcp::socket socket = connect();
  for (const char* piece : {"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Enc",
                            "oding: chunked\r\n\r\n3\r\n", "abc\r\n2\r", "\nde\r\n0\r\n\r\n"}) {
    send(socket, piece);
  }
  EXPECT_EQ(body_of(rest(socket)), "POST / abcde");
}

TEST_F(ServerTest, AsksForABodyThatWaitsToBeAsked) {
  start(echo);
  tcp::socket socket = connect();
  send(socket, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  std::string first(25, '\0');
  asio::read(socket, asio::buffer(first));
  EXPECT_EQ(first, "HTTP/1.1 100 Continue\r\n\r\n");
  send(socket, "hi");
  EXPECT_EQ(body_of(rest(socket)), "POST / hi");
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  start(echo);
  const std::string answer = exchange("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 7\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServerTest, RefusesWhatIsTooLargeOrNotHttp) {
  Limits limits;
  limits.max_body_bytes = 10;
  limits.max_header_bytes = 200;
  start(echo, limits);
  struct {
    std::string request;
    const char* status;
  } cases[] = {
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\naaaaa\r\n6\r\naaaaaa\r\n0\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n", "431"},
      {"rubbish\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nbad header\r\n\r\n", "400"},
      {std::string("\0\0\0\0\r\n\r\n", 8), "400"},
  };
  for (const auto& c : cases) {
    tcp::socket socket = connect();
    send(socket, c.request);
    socket.shutdown(tcp::socket::shutdown_send);
    EXPECT_EQ(rest(socket).substr(0, 12), std::string("HTTP/1.1 ") + c.status) << c.request;
  }
}

TEST_F(ServerTest, BodiesOfAllConnectionsAreBoundedTogether) {
  Limits limits;
  limits.max_bodies_bytes = 1'000'000;
  start(echo, limits);
  const auto status_of = [&](std::size_t length) {
    return exchange("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " + std::to_string(length) +
                    "\r\n\r\n" + std::string(length, 'x'))
        .substr(0, 12);
  };
  tcp::socket holder = connect();
  send(holder, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + std::string(900'000, 'x'));
  while (status_of(200'000) != "HTTP/1.1 503") std::this_thread::yield();
  EXPECT_EQ(status_of(10), "HTTP/1.1 200");
  holder.close();
  while (status_of(200'000) != "HTTP/1.1 200") std::this_thread::yield();
}

TEST_F(ServerTest, ClosesConnectionsThatDawdle) {
  Limits limits;
  limits.read_timeout = seconds(0);
  limits.idle_timeout = seconds(0);
  start(echo, limits);
  EXPECT_EQ(exchange("POST / HTTP/1.1\r\nContent-Le"), "") << "in the middle of a request";
  EXPECT_EQ(exchange(""), "") << "before a request";
}

TEST_F(ServerTest, TakesNoMoreConnectionsThanItMay) {
  Limits limits;
  limits.max_connections = 1;
  start(echo, limits);
  tcp::socket first = connect();
  send(first, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string some(12, '\0');
  asio::read(first, asio::buffer(some));
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "");
}

TEST_F(ServerTest, AHandlerThatThrowsIsAnError500) {
  start([](const Request&, Connection&) -> asio::awaitable<Response> {
    throw std::runtime_error("bug");
    co_return Response();
  });
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(ServerTest, AHandlerLearnsThatItsClientHasGone) {
  Waiting waiting(loop_);
  start([&waiting](const Request&, Connection& connection) { return waiting.answer(connection); });
  {
    tcp::socket socket = connect();
    send(socket, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    waiting.started.get_future().wait();
  }
  EXPECT_EQ(waiting.gone.get_future().wait_for(seconds(10)), std::future_status::ready);
  stop();
}

TEST_F(ServerTest, ARequestSentAheadIsNoGoneClient) {
  Waiting waiting(loop_);
  start([&waiting](const Request& request, Connection& connection) -> asio::awaitable<Response> {
    if (request.target == "/wait") co_return co_await waiting.answer(connection);
    co_return co_await echo(request, connection);
  });
  tcp::socket socket = connect();
  send(socket, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  waiting.started.get_future().wait();
  send(socket, "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  asio::post(loop_, [&waiting] { waiting.timer.cancel(); });
  const std::string answers = rest(socket);
  EXPECT_NE(answers.find("done"), std::string::npos) << answers;
  EXPECT_NE(answers.find("GET /next"), std::string::npos) << answers;
  EXPECT_EQ(waiting.gone.get_future().wait_for(seconds(0)), std::future_status::timeout);
  stop();
}

TEST_F(ServerTest, DrainAnswersWhatIsInProgressAndClosesTheRest) {
  Waiting waiting(loop_);
  start([&waiting](const Request&, Connection& connection) { return waiting.answer(connection); });
  tcp::socket idle = connect();
  tcp::socket busy = connect();
  send(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  waiting.started.get_future().wait();
  auto drained = std::async(std::launch::async, [this] { return server_->drain(seconds(20)); });
  EXPECT_EQ(rest(idle), "");
  asio::post(loop_, [&waiting] { waiting.timer.cancel(); });
  EXPECT_EQ(body_of(rest(busy)), "done");
  EXPECT_TRUE(drained.get());
  stop();
}

TEST_F(ServerTest, DrainGivesUpAtItsBound) {
  Waiting waiting(loop_);
  start([&waiting](const Request&, Connection& connection) { return waiting.answer(connection); });
  tcp::socket busy = connect();
  send(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  waiting.started.get_future().wait();
  EXPECT_FALSE(server_->drain(seconds(0)));
  stop();
}

TEST_F(ServerTest, ASecondServerOnThePortIsRefused) {
  start(echo);
  Metrics metrics;
  asio::io_context loop;
  Server second({&loop}, echo, {}, log_, metrics);
  const auto port = second.listen("127.0.0.1", port_);
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().message, "Cannot listen on 127.0.0.1:" + std::to_string(port_) + ": Address already in use.");
  EXPECT_EQ(second.listen("nowhere", 0).error().message, "The address nowhere is not an IP address.");
}

/// Tells how a body came, and sends it back the same way.
asio::awaitable<Response> echo_in_pieces(const Request& request, Connection&) {
  Response response;
  if (request.stream == nullptr) {
    response.body = "whole " + std::to_string(request.body.size());
    co_return response;
  }
  Result<std::string> body = co_await read_whole(*request.stream, std::size_t{10} * 1024 * 1024);
  if (!body) {
    response.status = 400;
    co_return response;
  }
  response.stream = std::make_shared<MemoryBody>(*std::move(body));
  co_return response;
}

bool streams_puts(const Request& head) {
  return head.method == "PUT";
}

TEST_F(ServerTest, LargeBodiesAreReadInPiecesWhereTheyAreWanted) {
  Limits limits;
  limits.max_body_bytes = 100'000;
  start(echo_in_pieces, limits, streams_puts);
  const auto request = [](const std::string& method, const std::string& headers, const std::string& body) {
    return method + " / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n" + body;
  };
  const auto sized = [](const std::string& body) { return "Content-Length: " + std::to_string(body.size()) + "\r\n"; };
  const std::string small(1000, 's');
  const std::string large(1'000'000, 'l');
  EXPECT_TRUE(exchange(request("PUT", sized(small), small)).ends_with("whole 1000"));
  EXPECT_TRUE(exchange(request("POST", sized(large), "")).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(exchange(request("PUT", sized(large), large)).ends_with("\r\n\r\n" + large));
  EXPECT_TRUE(exchange(request("PUT", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n"))
                  .ends_with("Content-Length: 11\r\nConnection: close\r\n\r\nhello there"));
  EXPECT_TRUE(exchange(request("PUT", "Transfer-Encoding: chunked\r\n", "x\r\n")).starts_with("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace signalbox::http

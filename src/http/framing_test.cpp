// Where requests and answers begin and end on a connection of HTTP/1.1: what clients ask before a body, what has no
// body, and what leaves room for doubt.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/body.h"
#include "http/response_head.h"
#include "http/server_fixture.h"

namespace signalbox::http {
namespace {

using std::chrono::seconds;

constexpr std::string_view kAsked = "HTTP/1.1 100 Continue\r\n\r\n";

/// Reads exactly one answer, with its body when it has one.
std::string one_answer(tcp::socket& socket, bool with_body = true) {
  std::string text;
  boost::system::error_code closed;
  char c = 0;
  while (!text.ends_with("\r\n\r\n") && asio::read(socket, asio::buffer(&c, 1), closed) == 1) text += c;
  const auto at = text.find("Content-Length: ");
  if (!with_body || at == std::string::npos) return text;
  std::string body(std::stoul(text.substr(at + 16)), '\0');
  asio::read(socket, asio::buffer(body), closed);
  return text + body;
}

struct Sent {
  const char* what;
  std::string method;
  std::string headers;  // beside Host
  std::string body;     // as it is on the wire
  std::string seen;     // what the handler gets of it
  bool asks = false;
};

/// What clients send, among them those that wait to be asked for an empty body.
const std::vector<Sent>& sent_by_clients() {
  static const std::string kLarge(70'000, 'l');
  static const std::vector<Sent> kAll = {
      {"botocore's put_object of a byte", "PUT", "Expect: 100-continue\r\nContent-Length: 1\r\n", "x", "x", true},
      {"botocore's put_object of nothing", "PUT", "Expect: 100-continue\r\nContent-Length: 0\r\n", "", "", true},
      {"curl's of nothing", "PUT", "Content-Length: 0\r\n", "", "", false},
      {"no length at all", "POST", "", "", "", false},
      {"curl's of a large file", "PUT", "Expect: 100-continue\r\nContent-Length: 70000\r\n", kLarge, kLarge, true},
      {"Java's in chunks", "PUT", "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n",
       "abc", true},
      {"in chunks, none of them", "PUT", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "",
       true},
      {"in chunks with an extension and a trailer", "PUT", "Transfer-Encoding: chunked\r\n",
       "3;a=b\r\nabc\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n", "abc", false},
      {"a GET with a body", "GET", "Content-Length: 2\r\n", "hi", "hi", false},
  };
  return kAll;
}

asio::awaitable<Response> echo_all(const Request& request, Connection&) {
  Response response;
  if (request.stream != nullptr) {
    Result<std::string> body = co_await read_whole(*request.stream, 1'000'000);
    response.body = body ? *body : body.error().code;
  } else {
    response.body = std::string(request.body);
  }
  co_return response;
}

TEST_F(ServerTest, AConnectionStaysInStepWhateverClientsSend) {
  for (const bool in_pieces : {false, true}) {
    const auto before = in_pieces ? Streams([](const Request&) { return true; }) : Streams();
    start(echo_all, {}, before);
    tcp::socket socket = connect();
    for (int round = 0; round < 3; ++round) {
      for (const Sent& one : sent_by_clients()) {
        send(socket, one.method + " / HTTP/1.1\r\nHost: h\r\n" + one.headers + "\r\n");
        if (one.asks) {
          ASSERT_EQ(one_answer(socket), kAsked) << one.what;
        }
        send(socket, one.body);
        const std::string answer = one_answer(socket);
        ASSERT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << one.what << ": " << answer;
        ASSERT_EQ(body_of(answer), one.seen) << one.what;
      }
    }
    stop();
    loop_.restart();
  }
}

TEST_F(ServerTest, ClientsThatDoNotWaitToBeAskedAreServedToo) {
  start(echo_all);
  tcp::socket socket = connect();
  send(socket, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(one_answer(socket), kAsked);
  EXPECT_EQ(body_of(one_answer(socket)), "hi");
  // HTTP/1.0 knows no 100 (RFC 9110, 10.1.1).
  send(socket, "PUT / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nho");
  const std::string old = one_answer(socket);
  EXPECT_NE(old.find("\r\nConnection: keep-alive\r\n"), std::string::npos) << old;
  EXPECT_EQ(body_of(old), "ho");
}

TEST_F(ServerTest, WhatIsRefusedBeforeItsBodyIsNotAskedFor) {
  Limits limits;
  limits.max_body_bytes = 10;
  start(
      [](const Request& request, Connection& connection) -> asio::awaitable<Response> {
        if (request.stream == nullptr) co_return co_await echo_all(request, connection);
        Response response;
        response.status = 403;
        co_return response;
      },
      limits, [](const Request& head) { return head.target == "/pieces"; });
  const auto ask = [&](const std::string& target, const std::string& headers) {
    return exchange("PUT " + target + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
  };
  const std::string wait = "Expect: 100-continue\r\n";
  for (const auto& [answer, status] : {std::pair{ask("/", wait + "Content-Length: 11\r\n"), "413"},
                                       std::pair{ask("/pieces", wait + "Content-Length: 100000\r\n"), "403"},
                                       std::pair{ask("/pieces", wait + "Transfer-Encoding: chunked\r\n"), "403"},
                                       std::pair{ask("/", "Expect: a-miracle\r\nContent-Length: 1\r\n"), "417"}}) {
    EXPECT_EQ(answer.substr(9, 3), status) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  }
}

TEST_F(ServerTest, WhatFollowsARefusedBodyIsNoRequest) {
  start(
      [](const Request& request, Connection&) -> asio::awaitable<Response> {
        Response response;
        response.status = request.stream == nullptr ? 200 : 403;
        co_return response;
      },
      {}, [](const Request&) { return true; });
  tcp::socket socket = connect();
  send(socket, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nGET /inner HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.shutdown(tcp::socket::shutdown_send);
  const std::string all = rest(socket);
  EXPECT_TRUE(all.starts_with("HTTP/1.1 403 ")) << all;
  EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos) << all;
}

TEST_F(ServerTest, AnswersWithoutABodyHaveNone) {
  start([](const Request& request, Connection&) -> asio::awaitable<Response> {
    Response response;
    response.status = std::stoi(std::string(request.target.substr(1)));
    response.body = "text";
    co_return response;
  });
  tcp::socket socket = connect();
  for (int round = 0; round < 2; ++round) {
    for (const char* status : {"204", "304"}) {
      send(socket, "GET /" + std::string(status) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      const std::string answer = one_answer(socket);
      EXPECT_EQ(answer.substr(9, 3), status);
      EXPECT_EQ(answer.find("Content-Length"), std::string::npos) << answer;
    }
    for (const char* status : {"200", "404"}) {
      send(socket, "HEAD /" + std::string(status) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      const std::string answer = one_answer(socket, false);
      EXPECT_EQ(answer.substr(9, 3), status);
      EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos) << answer;
    }
  }
}

TEST_F(ServerTest, WhatLeavesRoomForDoubtIsRefused) {
  start(echo);
  const std::string next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
  struct {
    const char* what;
    std::string request;
    const char* status;
  } cases[] = {
      {"two kinds of length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"the other way round", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
       "400"},
      {"two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "400"},
      {"a length that is none", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", "400"},
      {"two codings", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"an unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n",
       "501"},
      {"a coding of HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"a folded header", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "400"},
      {"a bare LF", "GET / HTTP/1.1\nHost: h\n\n", "400"},
      {"a bare CR", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", "400"},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n", "400"},
      {"a chunk with a sign", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
       "400"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"a fragment in a host", "GET / HTTP/1.1\r\nHost: evil.example#.localhost\r\n\r\n", "400"},
      {"a path in a host", "GET / HTTP/1.1\r\nHost: evil.example/.localhost\r\n\r\n", "400"},
      {"a backslash in a host", "GET / HTTP/1.1\r\nHost: evil.example\\.localhost\r\n\r\n", "400"},
      {"a space in a host", "GET / HTTP/1.1\r\nHost: evil example.localhost\r\n\r\n", "400"},
      {"a user in a host", "GET / HTTP/1.1\r\nHost: localhost:80@evil.example\r\n\r\n", "400"},
      {"an empty name in a host", "GET / HTTP/1.1\r\nHost: a..localhost\r\n\r\n", "400"},
      {"a port that is none", "GET / HTTP/1.1\r\nHost: localhost:99999\r\n\r\n", "400"},
      {"two ports", "GET / HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n", "400"},
      {"an address that is none", "GET / HTTP/1.1\r\nHost: [localhost]\r\n\r\n", "400"},
      {"an address without an end", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"},
      {"a user in a target", "GET http://a@evil.example/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"no path", "GET next HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"another version", "GET / HTTP/3.1\r\nHost: h\r\n\r\n", "400"},
  };
  for (const auto& c : cases) {
    tcp::socket socket = connect();
    send(socket, c.request + next);
    socket.shutdown(tcp::socket::shutdown_send);
    const std::string all = rest(socket);
    EXPECT_EQ(all.substr(9, 3), c.status) << c.what << ": " << all;
    EXPECT_EQ(all.find("/next"), std::string::npos) << c.what << ": " << all;
  }
}

TEST_F(ServerTest, ATargetInAbsoluteFormIsAPathAndAHost) {
  start([](const Request& request, Connection&) -> asio::awaitable<Response> {
    Response response;
    response.body = std::string(request.target) + " at " + std::string(request.header("Host"));
    co_return response;
  });
  EXPECT_TRUE(exchange("GET http://b.example:80/p?q HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
                  .ends_with("/p?q at b.example:80"));
  EXPECT_TRUE(exchange("GET http://b.example HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
                  .ends_with("/ at b.example"));
}

TEST_F(ServerTest, WhatAHandlerSaysCannotBreakAnAnswer) {
  start([](const Request&, Connection&) -> asio::awaitable<Response> {
    Response response;
    response.headers = {
        {"X-Split", "a\r\nX-Made: up"}, {"X-Null", std::string("a\0b", 3)}, {"Bad name", "x"},
        {"Content-Length", "1"},        {"transfer-encoding", "chunked"},   {"X-Fine", "caf\xc3\xa9\tau lait"}};
    response.body = "body";
    co_return response;
  });
  const std::string answer = exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  for (const char* absent : {"X-Split", "X-Made", "X-Null", "Bad name", "Content-Length: 1", "transfer-encoding"}) {
    EXPECT_EQ(answer.find(absent), std::string::npos) << answer;
  }
  EXPECT_NE(answer.find("\r\nX-Fine: caf\xc3\xa9\tau lait\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "body");
}

TEST_F(ServerTest, ClosesConnectionsWhoseClientsDoNotFetchTheirAnswers) {
  Limits limits;
  limits.write_timeout = seconds(0);
  std::promise<void> asked;
  start(
      [&asked](const Request&, Connection&) -> asio::awaitable<Response> {
        asked.set_value();
        Response response;
        response.body = std::string(64'000'000, 'b');
        co_return response;
      },
      limits);
  tcp::socket socket(client_loop_, tcp::v4());
  socket.set_option(tcp::socket::receive_buffer_size(64 * 1024));  // else the kernel may take all of it
  socket.connect({asio::ip::address_v4::loopback(), port_});
  send(socket, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  asked.get_future().wait();
  while (metrics_.expose().find("signalbox_http_connections 0\n") == std::string::npos) std::this_thread::yield();
  EXPECT_LT(rest(socket).size(), 64'000'000U);
}

TEST_F(ServerTest, ABodyThatIsReadInPiecesMustComeOn) {
  Limits limits;
  limits.read_timeout = seconds(0);
  start(echo_all, limits, [](const Request&) { return true; });
  tcp::socket socket = connect();
  send(socket, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nx");
  EXPECT_EQ(rest(socket), "");
}

}  // namespace
}  // namespace signalbox::http

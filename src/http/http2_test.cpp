// HTTP/2 over real sockets, with clients as they should be and as they should not.
#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "http/body.h"
#include "http/http2_client.h"
#include "http/server_fixture.h"

namespace signalbox::http {
namespace {

using std::chrono::seconds;
using Client = Http2Client;

constexpr std::size_t kMega = std::size_t{1024} * 1024;

asio::awaitable<Response> answer_much(const Request&, Connection&) {
  Response response;
  response.body = std::string(kMega, 'm');
  co_return response;
}

asio::awaitable<Response> echo_body(const Request& request, Connection&) {
  Response response;
  if (request.stream != nullptr) {
    Result<std::string> body = co_await read_whole(*request.stream, 10 * kMega);
    response.stream = std::make_shared<MemoryBody>(body ? *body : body.error().code);
  }
  co_return response;
}

bool streams_all(const Request&) {
  return true;
}

/// A body of several pieces, each there a little later.
class Pieces final : public BodyReader {
 public:
  Pieces(std::size_t pieces, std::size_t size, bool breaks) : left_(pieces), size_(size), breaks_(breaks) {}
  asio::awaitable<Result<std::string_view>> read() override {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if (left_ == 0 && breaks_) co_return fail("Broken", "It broke.");
    if (left_ == 0) co_return std::string_view();
    piece_.assign(size_, static_cast<char>('a' + --left_ % 26));
    co_return piece_;
  }
  std::optional<std::uint64_t> length() const override { return left_ * size_ + (breaks_ ? 1 : 0); }

 private:
  std::size_t left_;
  std::size_t size_;
  bool breaks_;
  std::string piece_;
};

/// Counts itself while it is there.
class CountedBody final : public BodyReader {
 public:
  explicit CountedBody(std::atomic<int>& open) : open_(open) { ++open_; }
  ~CountedBody() override { --open_; }
  asio::awaitable<Result<std::string_view>> read() override { return pieces_.read(); }
  std::optional<std::uint64_t> length() const override { return pieces_.length(); }

 private:
  std::atomic<int>& open_;
  Pieces pieces_{4, kMega / 4, false};
};

/// Answers with a mega in four pieces, by a body that counts itself in `open`.
auto answer_in_pieces(std::atomic<int>& open) {
  return [&open](const Request&, Connection&) -> asio::awaitable<Response> {
    Response response;
    response.stream = std::make_shared<CountedBody>(open);
    co_return response;
  };
}

// The writer stood in an answer that the end of the connection had freed.
TEST_F(ServerTest, Http2ClientsMayHangUpInTheMiddleOfAnswers) {
  start(answer_much);
  for (std::size_t i = 0; i < 60; ++i) {
    Client client(connect());
    std::string requests;
    for (std::uint32_t stream = 1; stream < 8; stream += 2) requests += Client::request(stream, "GET", "/");
    client.send(requests);
    std::string some(1 + i * 50'000, '\0');
    boost::system::error_code ignored;
    asio::read(client.socket(), asio::buffer(some), ignored);
    if (i % 3 == 0) client.socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (i % 3 == 1) client.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  }
  Client client(connect());
  client.send(Client::request(1, "GET", "/"));
  EXPECT_EQ(client.answer(1).body.size(), kMega);
}

TEST_F(ServerTest, Http2AnswersThatNobodyFetchesHoldBackTheNext) {
  std::atomic<int> begun = 0;
  start([&](const Request& request, Connection& connection) {
    ++begun;
    return answer_much(request, connection);
  });
  Client client(connect(), 0);
  std::string requests;
  for (std::uint32_t stream = 1; stream < 200; stream += 2) requests += Client::request(stream, "GET", "/");
  client.send(requests + Client::frame(NGHTTP2_PING, 0, 0, "12345678"));
  while (client.receive()->type != NGHTTP2_PING) continue;
  EXPECT_LE(begun, 2);
  client.send(Client::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + Client::number(0x7fffffff)));
  for (std::uint32_t stream = 1; stream < 200; stream += 2) EXPECT_EQ(client.answer(stream).body.size(), kMega);
}

TEST_F(ServerTest, Http2AnswersInPiecesThatNobodyFetchesAreBoundedAndHoldNobodyBack) {
  std::atomic<int> open = 0;
  Limits limits;
  limits.max_bodies_bytes = kMega;
  start(answer_in_pieces(open), limits);
  Client client(connect(), 0);
  std::string requests;
  for (std::uint32_t stream = 1; stream < 200; stream += 2) requests += Client::request(stream, "GET", "/");
  client.send(requests + Client::request(201, "HEAD", "/"));
  EXPECT_EQ(client.answer(201).headers[":status"], "200");
  EXPECT_LE(open, 12);  // of 96 KiB
  client.send(Client::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + Client::number(0x7fffffff)));
  int whole = 0;
  for (std::uint32_t stream = 1; stream < 200; stream += 2) {
    const auto answer = client.answer(stream);
    const bool calm = answer.reset == NGHTTP2_ENHANCE_YOUR_CALM;
    EXPECT_TRUE(calm || answer.body.size() == kMega) << stream;
    whole += calm ? 0 : 1;
  }
  EXPECT_GE(whole, 1);
  while (open != 0) std::this_thread::yield();
}

TEST_F(ServerTest, Http2DownloadsThatPauseHoldNobodyBack) {
  std::atomic<int> open = 0;
  start(answer_in_pieces(open));
  Client client(connect(), 1);  // a byte of each
  client.settle();
  std::string requests;
  for (std::uint32_t stream = 1; stream < 200; stream += 2) requests += Client::request(stream, "GET", "/");
  client.send(requests);
  while (open != 100) std::this_thread::yield();
  client.send(Client::request(201, "HEAD", "/"));
  EXPECT_EQ(client.answer(201).headers[":status"], "200");
  client.send(Client::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + Client::number(0x7fffffff)));
  for (std::uint32_t stream = 1; stream < 200; stream += 2) EXPECT_EQ(client.answer(stream).body.size(), kMega);
}

TEST_F(ServerTest, Http2ClientsThatBeginToFetchNothingAreLeft) {
  Limits limits;
  limits.write_timeout = seconds(0);
  std::atomic<int> open = 0;
  start(answer_in_pieces(open), limits);
  Client client(connect(), 0);
  client.send(Client::request(1, "GET", "/"));
  client.farewell();  // comes to its end
  while (open != 0) std::this_thread::yield();
}

TEST_F(ServerTest, Http2ClientsThatFetchNothingAreLeft) {
  Limits limits;
  limits.write_timeout = seconds(0);
  start(answer_much, limits);
  Client client(connect(), 0);
  client.send(Client::request(1, "GET", "/"));
  client.farewell();  // comes to its end
  Client reads_no_bytes(connect());
  for (std::uint32_t stream = 1; stream < 200; stream += 2) reads_no_bytes.send(Client::request(stream, "GET", "/"));
  while (metrics_.expose().find("signalbox_http_connections 0\n") == std::string::npos) std::this_thread::yield();
}

TEST_F(ServerTest, Http2ClientsThatDawdleAreLeft) {
  Limits limits;
  limits.read_timeout = seconds(0);
  start(echo_body, limits, streams_all);
  for (const bool in_pieces : {false, true}) {
    Client client(connect());
    const Client::Headers length = {{"content-length", in_pieces ? "100000" : "1000"}};
    client.send(Client::request(1, "PUT", "/", length, false) + Client::data(1, "x", false));
    client.farewell();
  }
  stop();
}

TEST_F(ServerTest, Http2FloodsAreToldToCalmDown) {
  start(echo);
  const std::string ping = Client::frame(NGHTTP2_PING, 0, 0, "12345678");
  const std::string settings = Client::frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\0\0\xff\xff", 6));
  const std::string window = Client::frame(NGHTTP2_WINDOW_UPDATE, 0, 0, Client::number(1));
  const std::function<std::string(std::uint32_t)> floods[] = {
      [&](std::uint32_t) { return ping; },
      [&](std::uint32_t) { return settings; },
      [&](std::uint32_t) { return window; },
      [](std::uint32_t n) { return n == 0 ? Client::request(1, "POST", "/", {}, false) : Client::data(1, "", false); },
      [](std::uint32_t n) { return n == 0 ? Client::request(1, "POST", "/", {}, false) : Client::data(1, "x", false); },
      [](std::uint32_t n) {
        return Client::request(1 + 2 * n, "GET", "/") +
               Client::frame(NGHTTP2_RST_STREAM, 0, 1 + 2 * n, Client::number(NGHTTP2_CANCEL));
      },
      [](std::uint32_t n) { return Client::frame(NGHTTP2_PRIORITY, 0, 1 + 2 * n, Client::number(0) + "x"); },
  };
  for (std::size_t i = 0; i < std::size(floods); ++i) {
    Client client(connect());
    std::string frames;
    for (std::uint32_t n = 0; n < 4000; ++n) frames += floods[i](n);
    // Acknowledgements are fetched, or those alone would be too many.
    std::thread sender([&] { client.send(frames); });
    EXPECT_EQ(client.farewell(), NGHTTP2_ENHANCE_YOUR_CALM) << "flood " << i;
    boost::system::error_code ignored;
    client.socket().shutdown(tcp::socket::shutdown_both, ignored);
    sender.join();
  }
}

TEST_F(ServerTest, Http2HeadersAreBounded) {
  Limits limits;
  limits.max_header_bytes = 1000;
  start(echo, limits);
  Client client(connect());
  client.send(Client::request(1, "GET", "/", Client::Headers(12, {"x-much", std::string(100, 'x')})));
  EXPECT_TRUE(client.answer(1).reset);
  // Each header counts something beside its bytes.
  client.send(Client::request(3, "GET", "/", Client::Headers(40, {"a", ""})));
  EXPECT_TRUE(client.answer(3).reset);
  client.send(Client::request(5, "GET", "/"));
  EXPECT_EQ(client.answer(5).headers[":status"], "200");
  std::string endless = Client::frame(NGHTTP2_HEADERS, 0, 7, Client::head("GET", "/"));
  for (int i = 0; i < 100; ++i) endless += Client::frame(NGHTTP2_CONTINUATION, 0, 7, Client::field("a", "b"));
  client.send(endless);
  EXPECT_TRUE(client.farewell());
}

TEST_F(ServerTest, Http2RequestsThatAreResetStillCountAsBeingAnswered) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  asio::steady_timer until(loop_, asio::steady_timer::time_point::max());
  start([&](const Request&, Connection&) -> asio::awaitable<Response> {
    most = std::max<int>(most, ++running);
    boost::system::error_code ended;
    co_await until.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    --running;
    co_return Response();
  });
  Client client(connect());
  for (std::uint32_t n = 0; n < 200; ++n) {
    client.send(Client::request(1 + 2 * n, "GET", "/") +
                Client::frame(NGHTTP2_RST_STREAM, 0, 1 + 2 * n, Client::number(NGHTTP2_CANCEL)));
  }
  client.send(Client::frame(NGHTTP2_PING, 0, 0, "12345678"));
  for (auto got = client.receive(); got && got->type != NGHTTP2_PING; got = client.receive()) continue;
  EXPECT_LE(most, 128);
  asio::post(loop_, [&] { until.cancel(); });
  client.send(Client::request(1001, "GET", "/"));
  while (running > 1) asio::post(loop_, [&] { until.cancel(); });
  stop();
}

TEST_F(ServerTest, Http2BodiesOfRequestsThatAreResetCountWhileTheyAreThere) {
  Limits limits;
  limits.max_body_bytes = kMega;
  bool waits = true;  // on the loop
  std::atomic<std::uint32_t> begun = 0;
  asio::steady_timer until(loop_, asio::steady_timer::time_point::max());
  start(
      [&](const Request&, Connection&) -> asio::awaitable<Response> {
        boost::system::error_code ended;
        ++begun;
        if (waits) co_await until.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        co_return Response();
      },
      limits);
  Client client(connect());
  const auto sent = [&](std::uint32_t stream) {
    std::string frames = Client::request(stream, "POST", "/", {}, false);
    for (int i = 0; i < 64; ++i) frames += Client::data(stream, std::string(kMega / 64, 'b'), i == 63);
    return frames;
  };
  const auto cancelled = [&](std::uint32_t stream) {
    return Client::frame(NGHTTP2_RST_STREAM, 0, stream, Client::number(NGHTTP2_CANCEL));
  };
  // Four times what one may: their handlers run on, and have them.
  for (std::uint32_t n = 0; n < 4; ++n) {
    client.send(sent(1 + 2 * n));
    while (begun == n) std::this_thread::yield();
    client.send(cancelled(1 + 2 * n));
  }
  client.send(sent(9));
  EXPECT_EQ(client.answer(9).reset, NGHTTP2_ENHANCE_YOUR_CALM);
  asio::post(loop_, [&] {
    waits = false;
    until.cancel();
  });
  // They have ended: there is room again.
  std::uint32_t stream = 11;
  std::optional<std::uint32_t> reset = NGHTTP2_ENHANCE_YOUR_CALM;
  for (; reset == NGHTTP2_ENHANCE_YOUR_CALM && stream < 200; stream += 2) {
    client.send(sent(stream));
    reset = client.answer(stream).reset;
  }
  EXPECT_FALSE(reset);
  stop();
}

TEST_F(ServerTest, Http2RequestsAreForOneHost) {
  start(echo);
  Client client(connect());
  client.send(Client::request(1, "GET", "/", {{"host", "HOST"}}));  // as :authority, which is "host"
  EXPECT_EQ(client.answer(1).headers[":status"], "200");
  client.send(Client::request(3, "GET", "/", {{"host", "other"}}));
  EXPECT_TRUE(client.answer(3).reset);
}

TEST_F(ServerTest, Http2HostsAreHosts) {
  start(echo);
  Client client(connect());
  std::uint32_t stream = 1;
  for (const char* host : {"evil.example#.localhost", "evil.example/.localhost", "a b", "a@b", "a\\b"}) {
    client.send(Client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream,
                              Client::field(":method", "GET") + Client::field(":path", "/") +
                                  Client::field(":scheme", "http") + Client::field(":authority", host)));
    EXPECT_NE(client.answer(stream).reset, NGHTTP2_NO_ERROR) << host;
    stream += 2;
  }
  client.send(Client::request(stream, "GET", "/"));
  EXPECT_EQ(client.answer(stream).headers[":status"], "200");
}

TEST_F(ServerTest, Http2PathsArePathsWhateverTheScheme) {
  start(echo);
  Client client(connect());
  for (const char* scheme : {"http", "other"}) {
    const std::uint32_t stream = scheme[0] == 'h' ? 1 : 3;
    const std::string block = Client::field(":method", "GET") + Client::field(":path", "x/y") +
                              Client::field(":scheme", scheme) + Client::field(":authority", "host");
    client.send(Client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream, block));
    EXPECT_TRUE(client.answer(stream).reset) << scheme;
  }
}

TEST_F(ServerTest, Http2BodiesGoInPiecesBothWays) {
  start(
      [](const Request& request, Connection& connection) -> asio::awaitable<Response> {
        if (request.target == "/echo") co_return co_await echo_body(request, connection);
        Response response;
        if (request.target == "/pieces") response.stream = std::make_shared<Pieces>(50, 100'000, false);
        if (request.target == "/broken") response.stream = std::make_shared<Pieces>(2, 1000, true);
        if (request.target == "/unread") response.status = 403;
        co_return response;
      },
      {}, streams_all);
  Client client(connect(), 200'000);
  client.settle();
  const auto open = [](std::uint32_t stream) {
    return Client::frame(NGHTTP2_WINDOW_UPDATE, 0, stream, Client::number(6'000'000));
  };
  client.send(Client::request(1, "GET", "/pieces") + open(1));
  auto answer = client.answer(1);
  EXPECT_EQ(answer.headers["content-length"], "5000000");
  EXPECT_EQ(answer.body.size(), 5'000'000U);
  client.send(Client::request(3, "GET", "/broken"));
  EXPECT_EQ(client.answer(3).reset, NGHTTP2_INTERNAL_ERROR);
  client.send(Client::request(5, "HEAD", "/pieces"));
  answer = client.answer(5);
  EXPECT_EQ(answer.headers["content-length"], "5000000");
  EXPECT_EQ(answer.body, "");
  client.send(Client::request(7, "PUT", "/echo", {}, false) + open(7));
  const std::string piece(16'000, 'p');
  for (int i = 0; i < 60; ++i) client.send(Client::data(7, piece, false));
  client.send(Client::data(7, "end", true));
  EXPECT_EQ(client.answer(7).body.size(), 60 * piece.size() + 3);
  client.send(Client::request(9, "PUT", "/unread", {{"content-length", "100000"}}, false));
  answer = client.answer(9);
  EXPECT_EQ(answer.headers[":status"], "403");
  client.send(Client::request(11, "HEAD", "/"));
  EXPECT_EQ(client.answer(11).headers[":status"], "200");
}

TEST_F(ServerTest, Http2BodiesAreAskedForAndRefused) {
  Limits limits;
  limits.max_body_bytes = 100'000;
  start(echo, limits);
  Client client(connect());
  const Client::Headers waits = {{"expect", "100-continue"}, {"content-length", "2"}};
  client.send(Client::request(1, "PUT", "/", waits, false));
  ASSERT_TRUE(client.is_asked(1));
  client.send(Client::data(1, "hi", true));
  EXPECT_EQ(client.answer(1).body, "PUT / hi");
  client.send(Client::request(3, "PUT", "/", {{"expect", "a-miracle"}}));
  EXPECT_EQ(client.answer(3).headers[":status"], "417");
  client.send(Client::request(5, "PUT", "/", {{"content-length", "100001"}}, false));
  EXPECT_EQ(client.answer(5).headers[":status"], "413");
  client.send(Client::request(7, "PUT", "/", {}, false));
  for (int i = 0; i < 10; ++i) client.send(Client::data(7, std::string(15'000, 'x'), false));
  EXPECT_EQ(client.answer(7).headers[":status"], "413");
  client.send(Client::request(9, "PUT", "/", {{"expect", "100-continue"}, {"content-length", "0"}}));
  EXPECT_EQ(client.answer(9).headers[":status"], "200");
}

TEST_F(ServerTest, Http2HeadersAreWhatHandlersKnow) {
  start([](const Request& request, Connection&) -> asio::awaitable<Response> {
    Response response;
    response.status = request.target == "/none" ? 204 : 200;
    response.headers = {{"X-Cookie", std::string(request.header("Cookie"))},
                        {"X-Host", std::string(request.header("Host"))},
                        {"X-After", std::string(request.header("x-after"))},
                        {"Connection", "close"},
                        {"X-Split", "a\r\nb"}};
    response.body = "text";
    co_return response;
  });
  Client client(connect());
  client.send(Client::request(1, "POST", "/", {{"cookie", "a=1"}, {"host", "host"}, {"cookie", "b=2"}}, false) +
              Client::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                            Client::field("x-after", "said by nobody")));
  auto answer = client.answer(1);
  EXPECT_EQ(answer.headers["x-cookie"], "a=1; b=2");
  EXPECT_EQ(answer.headers["x-host"], "host");
  EXPECT_EQ(answer.headers["x-after"], "");
  EXPECT_FALSE(answer.headers.contains("connection") || answer.headers.contains("x-split"));
  EXPECT_TRUE(answer.headers.contains("date"));
  client.send(Client::request(3, "GET", "/none"));
  answer = client.answer(3);
  EXPECT_FALSE(answer.headers.contains("content-length"));
  EXPECT_EQ(answer.body, "");
}

}  // namespace
}  // namespace signalbox::http

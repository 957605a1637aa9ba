#include "http/session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <ctime>

#include "base/clock.h"
#include "base/time_text.h"
#include "http/plain_error.h"

namespace signalbox::http {
namespace {

namespace beast = boost::beast;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view to_view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// The Date header's text, made anew once a second.
std::string_view date_text() {
  static thread_local std::string text;
  static thread_local std::time_t second = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    text = to_http_date(Time(std::chrono::seconds(now)));
  }
  return text;
}

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
}

void write_head(std::string& out, const Response& response, bool keep_alive) {
  out = "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  out += to_view(beast::http::obsolete_reason(static_cast<beast::http::status>(response.status)));
  out += "\r\nServer: Signalbox\r\nDate: ";
  out += date_text();
  for (const auto& [name, value] : response.headers) out.append("\r\n").append(name).append(": ").append(value);
  out += "\r\nContent-Length: ";
  append_number(out, response.content_length.value_or(response.body.size()));
  out += keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
}

template <class Message>
Request head_of(const Message& message) {
  Request request;
  request.method = to_view(message.method_string());
  request.target = to_view(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(to_view(field.name_string()), to_view(field.value()));
  }
  return request;
}

}  // namespace

/// A body as it arrives: what the parser makes of the connection's bytes, copied once.
class Session::RequestBody final : public BodyReader {
 public:
  RequestBody(Session& session, Parser&& head) : session_(session), parser_(std::move(head)) {
    parser_.body_limit(boost::none);
    parser_.eager(true);
    if (const auto length = parser_.content_length()) length_ = *length;
    waits_ = beast::iequals(parser_.get()[beast::http::field::expect], "100-continue");
  }

  Request head() {
    Request request = head_of(parser_.get());
    request.remote_address = session_.remote_;
    request.stream = this;
    return request;
  }
  bool done() const { return parser_.is_done(); }
  bool is_head() const { return parser_.get().method() == beast::http::verb::head; }
  std::optional<std::uint64_t> length() const override { return length_; }

  asio::awaitable<Result<std::string_view>> read() override {
    beast::error_code problem;
    while (!parser_.is_done()) {
      if (session_.buffer_.size() > 0) {
        auto& out = parser_.get().body();
        out.data = piece_.data();
        out.size = piece_.size();
        const std::size_t used = parser_.put(session_.buffer_.data(), problem);
        session_.buffer_.consume(used);
        if (problem == beast::http::error::need_buffer || problem == beast::http::error::need_more) problem = {};
        if (problem) break;
        if (out.size < piece_.size()) co_return std::string_view(piece_.data(), piece_.size() - out.size);
        if (used > 0) continue;
      }
      problem = co_await fill();
      if (problem) break;
    }
    if (parser_.is_done()) co_return std::string_view();
    session_.keep_alive_ = false;
    co_return fail("IncompleteBody",
                   "You did not provide the number of bytes specified by the Content-Length HTTP header", 400);
  }

 private:
  asio::awaitable<beast::error_code> fill() {
    beast::error_code problem;
    const auto bound = session_.environment_->limits.read_timeout;
    session_.deadline_ = std::chrono::steady_clock::now() + bound;
    session_.handling_ = false;  // the sweeper may end a wait for the client
    if (std::exchange(waits_, false)) {
      co_await asio::async_write(session_.socket_, asio::buffer(kContinue.data(), kContinue.size()),
                                 asio::redirect_error(asio::use_awaitable, problem));
    }
    if (!problem) {
      const auto room = session_.buffer_.prepare(kPiece);
      const std::size_t got =
          co_await session_.socket_.async_read_some(room, asio::redirect_error(asio::use_awaitable, problem));
      if (!problem) session_.buffer_.commit(got);
    }
    session_.handling_ = true;
    co_return problem;
  }

  static constexpr std::size_t kPiece = std::size_t{128} * 1024;
  Session& session_;
  beast::http::request_parser<beast::http::buffer_body> parser_;
  std::vector<char> piece_ = std::vector<char>(kPiece);
  std::optional<std::uint64_t> length_;
  bool waits_ = false;  // for 100 Continue
};

Session::Session(Socket socket, std::shared_ptr<Environment> environment)
    : socket_(std::move(socket)), environment_(std::move(environment)) {
  environment_->connections.fetch_add(1);
  beast::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto remote = socket_.remote_endpoint(ignored);
  if (!ignored) remote_ = remote.address().to_string();
  deadline_ = std::chrono::steady_clock::now() + environment_->limits.idle_timeout;
}

Session::~Session() {
  environment_->connections.fetch_sub(1);
}

asio::awaitable<void> Session::run() {
  while (keep_alive_ && !environment_->draining.load(std::memory_order_relaxed)) {
    const Read read = co_await read_request();
    if (read == Read::kClosed) break;
    if (read == Read::kHttp2) {
      co_await serve_http2();
      break;
    }
    if (read == Read::kRefused) {
      co_await discard_rest();
      break;
    }
    environment_->in_progress.fetch_add(1);
    handling_ = true;
    co_await answer_request();
    handling_ = false;
    environment_->in_progress.fetch_sub(1);
    if (body_ && !body_->done()) co_await discard_rest();
    body_.reset();
    idle_ = true;
    deadline_ = std::chrono::steady_clock::now() + environment_->limits.idle_timeout;
  }
  beast::error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

asio::awaitable<void> Session::discard_rest() {
  beast::error_code problem;
  socket_.shutdown(Socket::shutdown_send, problem);
  char rest[4096];
  std::size_t discarded = 0;
  while (!problem && discarded < environment_->limits.max_body_bytes) {
    discarded +=
        co_await socket_.async_read_some(asio::buffer(rest), asio::redirect_error(asio::use_awaitable, problem));
  }
}

beast::error_code Session::begin_body() {
  const auto length = parser_->content_length();
  const bool large = parser_->chunked() || (length && *length > kStreamedFrom);
  if (large && environment_->streams && environment_->streams(view())) {
    body_ = std::make_unique<RequestBody>(*this, std::move(*parser_));
    return {};
  }
  if (length && *length > environment_->limits.max_body_bytes) return beast::http::error::body_limit;
  parser_->body_limit(environment_->limits.max_body_bytes);
  parser_->eager(true);
  return {};
}

asio::awaitable<Session::Read> Session::read_request() {
  parser_.emplace();
  parser_->header_limit(environment_->limits.max_header_bytes);
  parser_->body_limit(boost::none);
  beast::error_code problem;
  bool headed = false;
  bool continued = false;
  while (!parser_->is_done()) {
    const auto http2 = fresh_ ? is_http2() : false;
    if (http2 == true) co_return Read::kHttp2;
    if (http2.has_value() && buffer_.size() > 0) {
      fresh_ = false;
      if (idle_) deadline_ = std::chrono::steady_clock::now() + environment_->limits.read_timeout;
      idle_ = false;
      const std::size_t used = parser_->put(buffer_.data(), problem);
      buffer_.consume(used);
      if (problem == beast::http::error::need_more) problem = {};
      if (!problem && parser_->is_header_done() && !headed) {
        headed = true;
        keep_alive_ = parser_->get().keep_alive();
        problem = begin_body();
        if (body_) co_return Read::kRequest;
        if (!problem && buffer_.size() > 0) continue;
      }
      if (problem) {
        co_await refuse(problem);
        co_return Read::kRefused;
      }
      if (parser_->is_done()) break;
    }
    if (headed && !continued && beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
      continued = true;
      co_await asio::async_write(socket_, asio::buffer(kContinue.data(), kContinue.size()),
                                 asio::redirect_error(asio::use_awaitable, problem));
      if (problem) co_return Read::kClosed;
    }
    const auto room = buffer_.prepare(beast::read_size(buffer_, 65536));
    const std::size_t got = co_await socket_.async_read_some(room, asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return Read::kClosed;
    buffer_.commit(got);
  }
  co_return Read::kRequest;
}

Request Session::view() const {
  if (body_) return body_->head();
  Request request = head_of(parser_->get());
  request.body = parser_->get().body();
  request.remote_address = remote_;
  return request;
}

asio::awaitable<void> Session::answer_request() {
  const Request request = view();
  Response response;
  try {
    response = co_await environment_->handler(request, *this);
  } catch (const std::exception& exception) {
    environment_->log.error("a request handler threw", {{"what", exception.what()}});
    response = plain_error(500, "InternalFailure");
  }
  unwatch();
  if (response.stream && !response.content_length) response.content_length = response.stream->length();
  const bool rest_unread = body_ && !body_->done();
  const bool keep = keep_alive_ && !rest_unread && !environment_->draining.load(std::memory_order_relaxed);
  const bool written = co_await write(response, keep);
  keep_alive_ = keep && written;
}

asio::awaitable<bool> Session::write(const Response& response, bool keep_alive) {
  write_head(head_, response, keep_alive);
  const bool head_only =
      body_ ? body_->is_head() : parser_->is_header_done() && parser_->get().method() == beast::http::verb::head;
  const std::array<asio::const_buffer, 2> parts = {
      asio::buffer(head_),
      asio::buffer(response.body.data(),
                   head_only ? 0 : std::min(response.body.size(), response.cut_after.value_or(response.body.size())))};
  beast::error_code problem;
  deadline_ = std::chrono::steady_clock::now() + environment_->limits.idle_timeout;
  handling_ = false;
  co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, problem));
  if (!problem && response.stream && !head_only) co_return co_await write_stream(*response.stream);
  co_return !problem && !response.cut_after;
}

asio::awaitable<bool> Session::write_stream(BodyReader& stream) {
  beast::error_code problem;
  for (;;) {
    handling_ = true;
    const Result<std::string_view> piece = co_await stream.read();
    handling_ = false;
    if (!piece) {
      // The head is sent: breaking off is all that can tell the client.
      environment_->log.error("a body could not be read to its end", {{"what", piece.error().message}});
      co_return false;
    }
    if (piece->empty()) co_return true;
    deadline_ = std::chrono::steady_clock::now() + environment_->limits.idle_timeout;
    co_await asio::async_write(socket_, asio::buffer(piece->data(), piece->size()),
                               asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return false;
  }
}

asio::awaitable<void> Session::refuse(const beast::error_code& problem) {
  keep_alive_ = false;
  Response response;
  if (problem == beast::http::error::body_limit) {
    response = body_too_large(environment_->limits.max_body_bytes);
  } else if (problem == beast::http::error::header_limit) {
    response = plain_error(431, "The request's header is larger than " +
                                    std::to_string(environment_->limits.max_header_bytes) + " bytes.");
  } else {
    response = plain_error(400, "The request is not HTTP: " + problem.message());
  }
  co_await write(response, false);
}

void Session::close_if_idle() {
  if (!idle_ || handling_) return;
  beast::error_code ignored;
  socket_.cancel(ignored);
}

void Session::close_if_late(std::chrono::steady_clock::time_point now) {
  if (handling_ || now < deadline_) return;
  beast::error_code ignored;
  socket_.cancel(ignored);
  socket_.close(ignored);
}

void Session::watch(std::function<void()> gone) {
  gone_ = std::move(gone);
  const std::uint64_t number = ++watch_number_;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this(), number](const beast::error_code& cancelled) {
    if (cancelled || number != self->watch_number_ || !self->gone_) return;
    char byte = 0;
    beast::error_code problem;
    self->socket_.non_blocking(true, problem);
    const std::size_t got = self->socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, problem);
    // Bytes are the client's next request, sent ahead: it is still there.
    if (got > 0 || problem == asio::error::would_block) return;
    std::exchange(self->gone_, nullptr)();
  });
}

void Session::unwatch() {
  if (!gone_) return;
  gone_ = nullptr;
  ++watch_number_;
  beast::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace signalbox::http

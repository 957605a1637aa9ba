#include "http/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "http/http2.h"
#include "http/plain_error.h"
#include "http/response_head.h"
#include "http/session_body.h"

namespace signalbox::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kReadSize = 65536;
/// How much of a body is written within one deadline: beside kLeastProgress a client has that much in flight.
constexpr std::size_t kWritePiece = std::size_t{128} * 1024;
/// How long a client may take to end a connection of TLS as it should.
constexpr std::chrono::seconds kGoodbye{2};
/// What a client of TLS begins with: a handshake record.
constexpr char kHandshakeRecord = 0x16;

}  // namespace

Response Environment::too_large(const Request& head) const {
  return refuse_too_large ? refuse_too_large(head, limits.max_body_bytes) : body_too_large(limits.max_body_bytes);
}

Session::Session(Socket socket, std::shared_ptr<Environment> environment, std::shared_ptr<TlsContext> tls, bool inside)
    : ClientConnection(tls != nullptr ? Privacy::kTls
                       : inside       ? Privacy::kInside
                                      : Privacy::kNone),
      channel_(std::move(socket)),
      environment_(std::move(environment)),
      tls_(std::move(tls)),
      held_(environment_) {
  environment_->connections.fetch_add(1);
  Problem ignored;
  channel_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto remote = channel_.socket().remote_endpoint(ignored);
  if (!ignored) remote_ = remote.address().to_string();
  set_deadline(environment_->limits.idle_timeout);
}

Session::~Session() {
  environment_->connections.fetch_sub(1);
}

void Session::set_deadline(std::chrono::steady_clock::duration bound) {
  deadline_ = std::chrono::steady_clock::now() + bound;
}

asio::awaitable<void> Session::run() {
  bool open = true;
  if (tls_) open = co_await begin_tls();
  if (open) co_await serve();
  co_await finish();
}

asio::awaitable<bool> Session::begin_tls() {
  set_deadline(environment_->limits.handshake_timeout);
  Problem problem;
  co_await channel_.socket().async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return false;
  channel_.socket().non_blocking(true, problem);
  char first = 0;
  if (channel_.socket().receive(asio::buffer(&first, 1), asio::socket_base::message_peek, problem) == 0) {
    co_return false;
  }
  if (first != kHandshakeRecord) {
    co_await refuse(plain_error(400, "This port speaks TLS: use https://."));
    co_await discard_rest(environment_->limits.read_timeout);
    co_return false;
  }
  co_await channel_.handshake(tls_, problem);
  set_tls_version(channel_.tls_version());
  set_deadline(environment_->limits.idle_timeout);
  co_return !problem;
}

asio::awaitable<void> Session::serve() {
  while (keep_alive_ && !draining()) {
    const Read read = co_await read_request();
    if (read == Read::kClosed) co_return;
    if (read == Read::kHttp2) co_return co_await serve_http2();
    if (read == Read::kRefused) co_return co_await discard_rest(environment_->limits.read_timeout);
    {
      const InProgress counted(environment_);
      handling_ = true;
      co_await answer_request();
      handling_ = false;
    }
    if (body_ && !body_->done()) co_await discard_rest(environment_->limits.read_timeout);
    body_.reset();
    parser_.reset();
    held_.set(0);
    idle_ = true;
    set_deadline(environment_->limits.idle_timeout);
  }
}

asio::awaitable<void> Session::finish() {
  if (channel_.secure() && channel_.socket().is_open()) {
    set_deadline(kGoodbye);
    Problem ignored;
    co_await channel_.end_output(ignored);
  }
  channel_.close();
}

// A connection that is closed with bytes unread is reset, and then the client may never see its answer.
asio::awaitable<void> Session::discard_rest(std::chrono::seconds bound) {
  Problem problem;
  set_deadline(channel_.secure() ? kGoodbye : bound);
  co_await channel_.end_output(problem);
  set_deadline(bound);
  char rest[4096];
  while (!problem) {
    co_await channel_.socket().async_read_some(asio::buffer(rest), asio::redirect_error(asio::use_awaitable, problem));
  }
}

bool Session::begin_body() {
  const auto length = parser_->content_length();
  const bool large = parser_->chunked() || (length && *length > kStreamedFrom);
  if (large && environment_->streams && environment_->streams(view())) {
    body_ = std::make_unique<RequestBody>(*this, std::move(*parser_));
    return true;
  }
  if (length && *length > environment_->limits.max_body_bytes) return false;
  parser_->body_limit(environment_->limits.max_body_bytes);
  parser_->eager(true);
  return true;
}

std::optional<Response> Session::take_head(std::string_view text) {
  keep_alive_ = parser_->get().keep_alive();
  if (auto refusal = http::refusal_of(parser_->get(), text)) return refusal;
  if (!begin_body()) return environment_->too_large(view());
  return std::nullopt;
}

asio::awaitable<bool> Session::ask_for_body() {
  const auto read_deadline = deadline_;
  const Problem problem = co_await send(kContinue);
  deadline_ = read_deadline;
  co_return !problem;
}

asio::awaitable<Session::Read> Session::read_request() {
  parser_.emplace();
  parser_->header_limit(environment_->limits.max_header_bytes);
  parser_->body_limit(boost::none);
  bool headed = false;
  while (!parser_->is_done() || !headed) {
    const auto http2 = fresh_ ? is_http2() : false;
    if (http2 == true) co_return Read::kHttp2;
    if (http2.has_value() && buffer_.size() > 0) {
      fresh_ = false;
      if (idle_) set_deadline(environment_->limits.read_timeout);
      idle_ = false;
      Problem problem;
      const auto bytes = buffer_.data();
      const std::size_t used = parser_->put(bytes, problem);
      if (problem == beast::http::error::need_more) problem = {};
      std::optional<Response> refusal;
      const bool head_ends = !problem && !headed && parser_->is_header_done();
      if (head_ends) refusal = take_head({static_cast<const char*>(bytes.data()), used});
      if (!body_) held_.set(parser_->get().body().size());
      if (problem) refusal = refusal_of(problem);
      if (held_.count() > kStreamedFrom && held_.too_many()) {
        refusal = plain_error(503, "ServiceUnavailable: too many requests wait with large bodies.");
      }
      headed = headed || head_ends;
      buffer_.consume(used);
      if (refusal) {
        co_await refuse(*refusal);
        co_return Read::kRefused;
      }
      if (body_) co_return Read::kRequest;
      // Also where there is no body to wait for: there are clients that then still wait to be asked.
      if (head_ends && awaits_continue(parser_->get())) {
        const bool asked = co_await ask_for_body();
        if (!asked) co_return Read::kClosed;
      }
      if (parser_->is_done()) break;
      if (headed && used > 0 && buffer_.size() > 0) continue;
    }
    // A handler's watch may not have ended yet.
    while (peeking_) co_await asio::post(channel_.socket().get_executor(), asio::use_awaitable);
    Problem problem;
    const auto room = buffer_.prepare(beast::read_size(buffer_, kReadSize));
    const std::size_t got = co_await channel_.read_some(room, problem);
    if (problem) co_return Read::kClosed;
    buffer_.commit(got);
  }
  co_return Read::kRequest;
}

Request Session::view() const {
  if (body_) return body_->head();
  Request request = view_of(parser_->get());
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
  if (body_ && response.status < 300) {
    const Problem problem = co_await body_->ask();
    if (problem) keep_alive_ = false;
  }
  const bool rest_unread = body_ && !body_->done();
  const bool keep = keep_alive_ && !rest_unread && !draining() && (length_of(response) || !response.stream);
  const bool written = co_await write(response, keep);
  keep_alive_ = keep && written;
}

asio::awaitable<Session::Problem> Session::send(std::string_view bytes) {
  Problem problem;
  set_deadline(environment_->limits.write_timeout);
  co_await channel_.write({asio::buffer(bytes.data(), bytes.size()), asio::const_buffer()}, problem);
  co_return problem;
}

asio::awaitable<bool> Session::write(const Response& response, bool keep_alive) {
  const bool headed = body_ || (parser_ && parser_->is_header_done());
  const Head* const request = !headed ? nullptr : body_ ? &body_->fields() : &parser_->get();
  const bool has_body =
      has_content(response.status) && (request == nullptr || request->method() != beast::http::verb::head);
  write_head(head_, response, keep_alive, request != nullptr && request->version() < 11);
  std::string_view body = has_body ? response.body : std::string_view();
  body = body.substr(0, response.cut_after.value_or(body.size()));
  handling_ = false;
  set_deadline(environment_->limits.write_timeout);
  Problem problem;
  const std::string_view first = body.substr(0, kWritePiece);
  co_await channel_.write({asio::buffer(head_), asio::buffer(first.data(), first.size())}, problem);
  if (problem) co_return false;
  if (body.size() > kWritePiece) {
    const bool sent = co_await write_rest(body.substr(kWritePiece));
    if (!sent) co_return false;
  }
  if (response.stream && has_body) co_return co_await write_stream(*response.stream);
  co_return !response.cut_after;
}

asio::awaitable<bool> Session::write_rest(std::string_view body) {
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, kWritePiece);
    body.remove_prefix(piece.size());
    const Problem problem = co_await send(piece);
    if (problem) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Session::write_stream(BodyReader& stream) {
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
    const bool sent = co_await write_rest(*piece);
    if (!sent) co_return false;
  }
}

Response Session::refusal_of(const Problem& problem) const {
  if (problem == beast::http::error::body_limit) return environment_->too_large(view());
  if (problem == beast::http::error::header_limit) {
    return plain_error(431, "The request's header is larger than " +
                                std::to_string(environment_->limits.max_header_bytes) + " bytes.");
  }
  return plain_error(400, "The request is not HTTP: " + problem.message());
}

asio::awaitable<void> Session::refuse(const Response& response) {
  keep_alive_ = false;
  co_await write(response, false);
}

void Session::close_if_idle() {
  if (http2_) {
    http2_->wind_up();
    return flush_http2();
  }
  if (idle_ && !handling_) channel_.cancel();
}

void Session::close_if_late(std::chrono::steady_clock::time_point now) {
  const bool late = http2_ ? (writing_ && now >= deadline_) || http2_->late(now) : !handling_ && now >= deadline_;
  if (late) channel_.close();
}

void Session::watch(std::function<void()> gone) {
  gone_ = std::move(gone);
  const std::uint64_t number = ++watch_number_;
  if (channel_.secure()) return watch_secure();
  channel_.socket().async_wait(Socket::wait_read, [self = shared_from_this(), number](const Problem& cancelled) {
    if (cancelled || number != self->watch_number_ || !self->gone_) return;
    Socket& socket = self->channel_.socket();
    char byte = 0;
    Problem problem;
    socket.non_blocking(true, problem);
    const std::size_t got = socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, problem);
    // Bytes are the client's next request, sent ahead: it is still there.
    if (got > 0 || problem == asio::error::would_block) return;
    std::exchange(self->gone_, nullptr)();
  });
}

// What the socket has to read may be a part of TLS only: whether the client is there shows when it is read in earnest.
void Session::watch_secure() {
  if (peeking_ || body_) return;
  peeking_ = true;
  const auto read = [self = shared_from_this()]() -> asio::awaitable<void> {
    Problem problem;
    const std::size_t got = co_await self->channel_.read_some(self->buffer_.prepare(kReadSize), problem);
    self->peeking_ = false;
    if (!problem) {
      self->buffer_.commit(got);
    } else if (problem == asio::error::operation_aborted) {
      if (self->gone_) self->watch_secure();  // the watch that ended was an earlier one
    } else if (self->gone_) {
      std::exchange(self->gone_, nullptr)();
    }
  };
  asio::co_spawn(channel_.socket().get_executor(), read, [self = shared_from_this()](const std::exception_ptr& thrown) {
    if (thrown) self->environment_->log.error("the watch of a connection threw");
  });
}

void Session::unwatch() {
  if (!gone_) return;
  gone_ = nullptr;
  ++watch_number_;
  channel_.cancel();
}

}  // namespace signalbox::http

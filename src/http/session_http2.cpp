// A connection of HTTP/2: one coroutine reads, another writes while there is something to write.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/http2.h"
#include "http/session.h"

namespace signalbox::http {
namespace {

constexpr std::size_t kFrameReadSize = 65536;
/// How long a client may go on after its GOAWAY.
constexpr std::chrono::seconds kGoodbyeTime{2};
/// How much is gathered for one write.
constexpr std::size_t kWriteSize = std::size_t{128} * 1024;

}  // namespace

std::optional<bool> Session::is_http2() const {
  const auto bytes = buffer_.data();
  const std::string_view got(static_cast<const char*>(bytes.data()), bytes.size());
  if (got.starts_with(kHttp2Preface)) return true;
  if (kHttp2Preface.starts_with(got)) return std::nullopt;
  return false;
}

asio::awaitable<void> Session::serve_http2() {
  const auto executor = channel_.socket().get_executor();
  Http2::Link link;
  link.executor = executor;
  link.remote = remote_;
  link.privacy = privacy();
  link.tls_version = tls_version();
  // Not at once: the one who wakes may stand in the middle of what is to be flushed. Weak, since it is this that owns
  // the one who wakes.
  link.wake = [executor, weak = weak_from_this()] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->flush_http2();
    });
  };
  written_.emplace(executor);
  http2_ = std::make_shared<Http2>(std::move(link), environment_);
  const std::shared_ptr<Http2> served = http2_;
  if (draining()) served->wind_up();
  Problem problem;
  while (!problem && http2_) {
    const auto bytes = buffer_.data();
    const bool fine = served->input({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(bytes.size());
    flush_http2();
    if (!fine || served->finished()) break;
    // A client that fetches nothing is asked nothing more.
    if (writing_ && served->clogged()) co_await until_written();
    if (problem || !http2_) break;
    const std::size_t got = co_await channel_.read_some(buffer_.prepare(kFrameReadSize), problem);
    buffer_.commit(got);
  }
  // What is left to say: a GOAWAY and its reason, say.
  if (!problem) {
    flush_http2();
    co_await until_written();
  }
  http2_.reset();
  served->abandon();
  co_await until_written();
  written_.reset();
  if (!problem) co_await discard_rest(kGoodbyeTime);
}

asio::awaitable<void> Session::until_written() {
  while (writing_) {
    written_->expires_at(asio::steady_timer::time_point::max());
    Problem woken;
    co_await written_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

void Session::flush_http2() {
  if (writing_ || !http2_) return;
  writing_ = true;
  asio::co_spawn(
      channel_.socket().get_executor(), [self = shared_from_this()] { return self->write_http2(); },
      [self = shared_from_this()](const std::exception_ptr& thrown) {
        if (!thrown) return;
        self->environment_->log.error("writing a connection of HTTP/2 threw");
        self->writing_ = false;
        if (self->written_) self->written_->cancel();
        self->channel_.close();
      });
}

asio::awaitable<void> Session::write_http2() {
  const std::shared_ptr<Http2> served = http2_;
  const InProgress counted(environment_);  // what is written last belongs to a request that counts no more
  Problem problem;
  while (served && !problem) {
    head_.clear();
    for (std::string_view more = served->output(); !more.empty(); more = served->output()) {
      head_.append(more);
      if (head_.size() >= kWriteSize) break;
    }
    if (head_.empty()) break;
    problem = co_await send(head_);
  }
  writing_ = false;
  if (written_) written_->cancel();
  // Ends the wait for the client's next bytes, and with it the connection.
  if (problem || (served && served->finished())) channel_.cancel();
}

}  // namespace signalbox::http

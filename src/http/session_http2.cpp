// A connection of HTTP/2: one coroutine reads, another writes while there is something to write.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "http/http2.h"
#include "http/session.h"

namespace signalbox::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kReadSize = 65536;
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
  Http2::Link link;
  link.executor = socket_.get_executor();
  link.remote = remote_;
  // Not at once: the one who wakes may stand in the middle of what is to be flushed.
  link.wake = [self = shared_from_this()] {
    asio::post(self->socket_.get_executor(), [self] { self->flush_http2(); });
  };
  link.count = [self = shared_from_this()](int change) { self->count_http2(change); };
  http2_ = std::make_shared<Http2>(std::move(link), environment_->handler, environment_->limits, environment_->log);
  const std::shared_ptr<Http2> served = http2_;
  beast::error_code problem;
  while (!problem && http2_) {
    const auto bytes = buffer_.data();
    const bool receiving = served->receiving() > 0;
    const bool fine = served->input({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(bytes.size());
    flush_http2();
    if (!fine || served->finished()) break;
    const auto now = std::chrono::steady_clock::now();
    if (served->receiving() == 0) deadline_ = now + environment_->limits.idle_timeout;
    if (served->receiving() > 0 && !receiving) deadline_ = now + environment_->limits.read_timeout;
    const std::size_t got = co_await socket_.async_read_some(buffer_.prepare(kReadSize),
                                                             asio::redirect_error(asio::use_awaitable, problem));
    buffer_.commit(got);
  }
  http2_.reset();
  served->abandon();
}

void Session::flush_http2() {
  if (writing_ || !http2_) return;
  writing_ = true;
  asio::co_spawn(socket_.get_executor(), [self = shared_from_this()] { return self->write_http2(); }, asio::detached);
}

asio::awaitable<void> Session::write_http2() {
  const std::shared_ptr<Http2> served = http2_;
  beast::error_code problem;
  while (served && !problem) {
    head_.clear();
    for (std::string_view more = served->output(); !more.empty(); more = served->output()) {
      head_.append(more);
      if (head_.size() >= kWriteSize) break;
    }
    if (head_.empty()) break;
    co_await asio::async_write(socket_, asio::buffer(head_), asio::redirect_error(asio::use_awaitable, problem));
  }
  writing_ = false;
  const bool drained = environment_->draining.load(std::memory_order_relaxed) && served && served->in_progress() == 0;
  if (problem || drained || (served && served->finished())) {
    beast::error_code ignored;
    socket_.cancel(ignored);
    http2_.reset();
  }
}

void Session::count_http2(int change) {
  if (change > 0) {
    environment_->in_progress.fetch_add(1);
  } else {
    environment_->in_progress.fetch_sub(1);
  }
  const bool busy = http2_ && http2_->in_progress() > 0;
  handling_ = busy;
  idle_ = !busy;
  if (!busy) deadline_ = std::chrono::steady_clock::now() + environment_->limits.idle_timeout;
  if (!busy && http2_ && environment_->draining.load(std::memory_order_relaxed)) http2_->wind_up();
}

}  // namespace signalbox::http

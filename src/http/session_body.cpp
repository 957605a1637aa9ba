#include "http/session_body.h"

namespace signalbox::http {

using beast_error = boost::beast::http::error;

Session::RequestBody::RequestBody(Session& session, Parser&& head)
    : session_(session), parser_(std::move(head)), left_(session.environment_->limits.read_timeout) {
  parser_.body_limit(boost::none);
  parser_.eager(true);
  if (const auto length = parser_.content_length()) length_ = *length;
  waits_ = awaits_continue(parser_.get());
}

asio::awaitable<Result<std::string_view>> Session::RequestBody::read() {
  Problem problem = co_await ask();
  while (!problem && !parser_.is_done()) {
    if (session_.buffer_.size() > 0) {
      auto& out = parser_.get().body();
      out.data = piece_.data();
      out.size = piece_.size();
      const std::size_t used = parser_.put(session_.buffer_.data(), problem);
      session_.buffer_.consume(used);
      if (problem == beast_error::need_buffer || problem == beast_error::need_more) problem = {};
      if (problem) break;
      if (out.size < piece_.size()) co_return std::string_view(piece_.data(), piece_.size() - out.size);
      if (used > 0) continue;
    }
    problem = co_await fill();
  }
  if (!problem && parser_.is_done()) co_return std::string_view();
  session_.keep_alive_ = false;
  co_return fail("IncompleteBody",
                 "You did not provide the number of bytes specified by the Content-Length HTTP header", 400);
}

asio::awaitable<Session::Problem> Session::RequestBody::ask() {
  if (!std::exchange(waits_, false)) co_return Problem();
  session_.handling_ = false;  // the sweeper may end a wait for the client
  const Problem problem = co_await session_.send(kContinue);
  session_.handling_ = true;
  co_return problem;
}

asio::awaitable<Session::Problem> Session::RequestBody::fill() {
  Problem problem;
  session_.handling_ = false;
  const auto began = std::chrono::steady_clock::now();
  session_.deadline_ = began + left_;
  const std::size_t got = co_await session_.channel_.read_some(session_.buffer_.prepare(kPiece), problem);
  if (!problem) session_.buffer_.commit(got);
  progress_ += got;
  left_ -= std::chrono::steady_clock::now() - began;
  if (progress_ >= kLeastProgress) {
    progress_ = 0;
    left_ = session_.environment_->limits.read_timeout;
  }
  session_.handling_ = true;
  co_return problem;
}

}  // namespace signalbox::http

#include "http/http2_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

namespace signalbox::http {

asio::awaitable<Result<std::string_view>> Http2::Inflow::read() {
  if (ask_) std::exchange(ask_, nullptr)();
  if (queued_.empty() && !ended_) {
    waits_ = true;
    since_ = std::chrono::steady_clock::now();
    arrived_.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    waits_ = false;
    left_ -= std::chrono::steady_clock::now() - since_;
  }
  if (queued_.empty() && ended_ && whole_) co_return std::string_view();
  if (queued_.empty()) co_return fail("IncompleteBody", "The request's body broke off.", 400);
  piece_.clear();
  std::swap(piece_, queued_);
  consumed_(piece_.size());
  co_return piece_;
}

void Http2::Inflow::add(std::string_view bytes) {
  queued_ += bytes;
  progress_ += bytes.size();
  if (progress_ >= kLeastProgress) {
    progress_ = 0;
    left_ = bound_;
    since_ = std::chrono::steady_clock::now();
  }
  arrived_.cancel();
}

void Http2::Inflow::end(bool whole) {
  if (ended_) return;
  ended_ = true;
  whole_ = whole;
  arrived_.cancel();
}

std::string_view Http2::Stream::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// nghttp2 refuses what is no number, and bodies of another length.
std::optional<std::uint64_t> Http2::Stream::content_length() const {
  const std::string_view text = header("content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

Request Http2::Stream::request(std::string_view remote) const {
  Request request;
  request.method = method;
  request.target = target;
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  request.body = body;
  request.remote_address = remote;
  request.stream = inflow.get();
  return request;
}

void Http2::Stream::leave() {
  closed = true;
  if (inflow) inflow->end(false);
  if (gone_) std::exchange(gone_, nullptr)();
}

}  // namespace signalbox::http

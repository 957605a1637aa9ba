// One request of HTTP/2 and its answer.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "http/body.h"
#include "http/http2.h"
#include "http/secure.h"

namespace signalbox::http {

/// A body that its handler reads while it arrives: at most a flow-control window of it waits here.
class Http2::Inflow final : public BodyReader {
 public:
  /// `consumed` is told how many bytes were read; `ask` is called once, before the first read. A client may take
  /// `bound` for kLeastProgress bytes.
  Inflow(const asio::any_io_executor& executor, std::optional<std::uint64_t> length, std::function<void()> ask,
         std::function<void(std::size_t)> consumed, std::chrono::steady_clock::duration bound)
      : length_(length),
        ask_(std::move(ask)),
        consumed_(std::move(consumed)),
        arrived_(executor),
        bound_(bound),
        left_(bound) {}

  asio::awaitable<Result<std::string_view>> read() override;
  std::optional<std::uint64_t> length() const override { return length_; }

  void add(std::string_view bytes);
  /// There is no more: the body is whole, or broken off.
  void end(bool whole);
  bool late(Moment now) const { return waits_ && now >= since_ + left_; }

 private:
  std::optional<std::uint64_t> length_;
  std::function<void()> ask_;
  std::function<void(std::size_t)> consumed_;
  asio::steady_timer arrived_;
  std::string queued_;
  std::string piece_;
  bool waits_ = false;
  const std::chrono::steady_clock::duration bound_;
  std::chrono::steady_clock::duration left_;  // of the bound, for waits
  Moment since_;                              // when the wait began
  std::size_t progress_ = 0;
  bool ended_ = false;
  bool whole_ = false;
};

class Http2::Stream final : public ClientConnection {
 public:
  Stream(std::int32_t number, Privacy privacy, std::string_view tls_version, Moment now)
      : ClientConnection(privacy, tls_version), id(number), begun(now) {}

  std::string_view header(std::string_view name) const;
  std::optional<std::uint64_t> content_length() const;
  bool awaits_continue() const { return same_name(header("expect"), "100-continue"); }

  /// The strings of the request live here as long as it is answered.
  Request request(std::string_view remote) const;

  void watch(std::function<void()> gone) override { gone_ = std::move(gone); }
  void unwatch() override { gone_ = nullptr; }
  void leave();

  /// Whether the client takes too long over the request.
  bool late(Moment now, std::chrono::steady_clock::duration bound) const {
    return inflow ? inflow->late(now) : !complete && now >= begun + bound;
  }
  /// The client may fetch of the answer: a piece is here, or is read once the client has room for it.
  bool sendable() const { return submitted && !fetching && (sent < out.size() || !last); }

  const std::int32_t id;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t header_bytes = 0;
  std::string body;
  std::shared_ptr<Inflow> inflow;  // in place of the body
  std::size_t held = 0;            // bytes of the body that count as held
  const Moment begun;
  bool complete = false;
  bool answering = false;  // its handler runs, and may read the body
  bool refused = false;    // what else comes of the request is not wanted

  std::optional<InProgress> in_progress;
  Response response;
  bool submitted = false;
  std::string_view out;      // of the body, or of a piece of it
  std::size_t sent = 0;      // of `out`
  std::size_t unsent = 0;    // bytes that count as unsent
  std::size_t reserved = 0;  // the same, while its handler runs
  bool fetching = false;
  bool last = false;  // nothing follows `out`
  bool closed = false;

 private:
  std::function<void()> gone_;
};

}  // namespace signalbox::http

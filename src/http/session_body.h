// The body of a request of HTTP/1.1 as it arrives: what the parser makes of the connection's bytes, copied once.
#pragma once

#include <utility>
#include <vector>

#include "http/plain_error.h"
#include "http/request_head.h"
#include "http/session.h"

namespace signalbox::http {

class Session::RequestBody final : public BodyReader {
 public:
  RequestBody(Session& session, Parser&& head);

  Request head() {
    Request request = view_of(parser_.get());
    request.remote_address = session_.remote_;
    request.stream = this;
    return request;
  }
  const Head& fields() const { return parser_.get(); }
  bool done() const { return parser_.is_done(); }
  std::optional<std::uint64_t> length() const override { return length_; }

  asio::awaitable<Result<std::string_view>> read() override;

  /// Asks for the body a client that waits to be asked, once.
  asio::awaitable<Problem> ask();

 private:
  asio::awaitable<Problem> fill();

  static constexpr std::size_t kPiece = std::size_t{128} * 1024;
  Session& session_;
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
  std::vector<char> piece_ = std::vector<char>(kPiece);
  std::optional<std::uint64_t> length_;
  bool waits_ = false;  // for 100 Continue
  /// How long the client may still take for the rest of kLeastProgress bytes.
  std::chrono::steady_clock::duration left_;
  std::size_t progress_ = 0;
};

}  // namespace signalbox::http

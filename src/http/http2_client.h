// A client of HTTP/2 for tests that says each frame itself: also those that no client should send.
#pragma once

#include <nghttp2/nghttp2.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signalbox::http {

class Http2Client {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Frame {
    std::uint8_t type;
    std::uint8_t flags;
    std::uint32_t stream;
    std::string payload;
  };
  struct Answer {
    std::vector<std::string> informed;  // statuses that came before
    std::map<std::string, std::string> headers;
    std::string body;
    std::optional<std::uint32_t> reset;
  };

  /// With a first window of so many bytes for each answer.
  explicit Http2Client(boost::asio::ip::tcp::socket socket, std::uint32_t window = 0x7fffffff)
      : socket_(std::move(socket)) {
    nghttp2_hd_inflate_new(&inflater_);
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + number(window)) +
         frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(0x70000000)));
  }
  ~Http2Client() { nghttp2_hd_inflate_del(inflater_); }

  static std::string number(std::uint32_t value) {
    return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
            static_cast<char>(value)};
  }
  static std::string frame(int type, int flags, std::uint32_t stream, const std::string& payload = "") {
    std::string out = number(static_cast<std::uint32_t>(payload.size())).substr(1);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + number(stream) + payload;
  }
  /// A header that no table holds; of at most 126 bytes.
  static std::string field(const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
  }
  static std::string head(const std::string& method, const std::string& path, const Headers& more = {}) {
    std::string block =
        field(":method", method) + field(":path", path) + field(":scheme", "http") + field(":authority", "host");
    for (const auto& [name, value] : more) block += field(name, value);
    return block;
  }
  static std::string request(std::uint32_t stream, const std::string& method, const std::string& path,
                             const Headers& more = {}, bool ends = true) {
    return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | (ends ? NGHTTP2_FLAG_END_STREAM : 0), stream,
                 head(method, path, more));
  }
  static std::string data(std::uint32_t stream, const std::string& bytes, bool ends) {
    return frame(NGHTTP2_DATA, ends ? NGHTTP2_FLAG_END_STREAM : 0, stream, bytes);
  }

  /// False when the server has closed.
  bool send(const std::string& bytes) {
    boost::system::error_code problem;
    boost::asio::write(socket_, boost::asio::buffer(bytes), problem);
    return !problem;
  }
  std::optional<Frame> receive() {
    boost::system::error_code problem;
    std::string top(9, '\0');
    if (boost::asio::read(socket_, boost::asio::buffer(top), problem) != top.size()) return std::nullopt;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(top[at])); };
    Frame got{static_cast<std::uint8_t>(top[3]), static_cast<std::uint8_t>(top[4]),
              byte(5) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8),
              std::string(byte(0) << 16U | byte(1) << 8U | byte(2), '\0')};
    boost::asio::read(socket_, boost::asio::buffer(got.payload), problem);
    if (problem) return std::nullopt;
    return got;
  }
  /// Reads on until the server's settings, and takes them.
  void settle() {
    while (const auto got = receive()) {
      if (got->type == NGHTTP2_SETTINGS && got->flags == 0) break;
    }
    send(frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0));
  }
  /// Reads on until that stream is asked for its body.
  bool is_asked(std::uint32_t stream) {
    while (answers_[stream].informed.empty() && !done_[stream]) {
      const auto got = receive();
      if (!got) break;
      take(*got);
    }
    return !answers_[stream].informed.empty();
  }
  /// Reads on until that stream is answered or reset.
  Answer answer(std::uint32_t stream) {
    while (!done_[stream]) {
      const auto got = receive();
      if (!got) break;
      take(*got);
    }
    return answers_[stream];
  }
  /// The code of a GOAWAY, when the server says one before it closes.
  std::optional<std::uint32_t> farewell() {
    std::optional<std::uint32_t> code;
    while (const auto got = receive()) {
      if (got->type != NGHTTP2_GOAWAY) continue;
      code = 0;
      for (std::size_t i = 4; i < 8; ++i) code = *code << 8U | static_cast<unsigned char>(got->payload[i]);
    }
    return code;
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  void take(const Frame& got) {
    Answer& answer = answers_[got.stream];
    if (got.type == NGHTTP2_HEADERS) {
      auto headers = inflate(got.payload);
      if (headers[":status"] == "100") {
        answer.informed.push_back(headers[":status"]);
      } else {
        answer.headers = std::move(headers);
      }
    }
    if (got.type == NGHTTP2_DATA) answer.body += got.payload;
    if (got.type == NGHTTP2_RST_STREAM) answer.reset = static_cast<unsigned char>(got.payload[3]);
    const bool last =
        (got.type == NGHTTP2_HEADERS || got.type == NGHTTP2_DATA) && (got.flags & NGHTTP2_FLAG_END_STREAM);
    if (last || got.type == NGHTTP2_RST_STREAM) done_[got.stream] = true;
  }
  std::map<std::string, std::string> inflate(std::string block) {
    std::map<std::string, std::string> out;
    int flags = 0;
    auto* at = reinterpret_cast<std::uint8_t*>(block.data());
    std::size_t left = block.size();
    while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
      nghttp2_nv one{};
      const auto used = nghttp2_hd_inflate_hd2(inflater_, &one, &flags, at, left, 1);
      if (used < 0) break;
      at += used;
      left -= static_cast<std::size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        out[std::string(one.name, one.name + one.namelen)] = std::string(one.value, one.value + one.valuelen);
      }
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return out;
  }

  boost::asio::ip::tcp::socket socket_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::map<std::uint32_t, Answer> answers_;
  std::map<std::uint32_t, bool> done_;
};

}  // namespace signalbox::http

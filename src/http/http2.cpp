#include "http/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "http/body.h"
#include "http/plain_error.h"

namespace signalbox::http {
namespace {

constexpr std::uint32_t kMaxStreams = 128;
constexpr std::uint32_t kWindow = 1024 * 1024;
/// Bodies of one connection may hold so many times what one body may.
constexpr std::size_t kBodiesAtOnce = 4;

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

nghttp2_nv field(std::string& name, std::string& value) {
  return {reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

/// One request and its answer.
class Http2::Stream final : public Connection {
 public:
  explicit Stream(std::int32_t number) : id(number) {}

  /// The strings of the request live here as long as it is answered.
  Request request(std::string_view remote) const {
    Request out;
    out.method = method;
    out.target = target;
    for (const auto& [name, value] : headers) out.headers.emplace_back(name, value);
    out.body = body;
    out.remote_address = remote;
    return out;
  }

  void watch(std::function<void()> gone) override { gone_ = std::move(gone); }
  void unwatch() override { gone_ = nullptr; }
  void leave() {
    closed = true;
    if (gone_) std::exchange(gone_, nullptr)();
  }

  const std::int32_t id;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t header_bytes = 0;
  std::string body;
  std::size_t held = 0;  // bytes of the body, until the stream is closed
  bool complete = false;
  Response response;
  std::size_t sent = 0;
  bool too_long = false;
  bool closed = false;

 private:
  std::function<void()> gone_;
};

/// nghttp2's callbacks, each to its method.
struct Http2::Callbacks {
  static Http2& self(void* user) { return *static_cast<Http2*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) self(user).begin(frame->hd.stream_id);
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    const bool added = self(user).add_header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
    return added ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
      self(user).received(frame->hd.stream_id);
    }
    return 0;
  }
  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                  void* user) {
    if (!self(user).add_body(id, view(bytes, size))) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).closed(id);
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room, std::uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    const std::size_t size = std::min(room, stream.response.body.size() - stream.sent);
    std::memcpy(out, stream.response.body.data() + stream.sent, size);
    stream.sent += size;
    if (stream.sent == stream.response.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

Http2::Http2(Link link, Handler handler, const Limits& limits, Log& log)
    : link_(std::move(link)), handler_(std::move(handler)), limits_(limits), log_(log) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_closed);
  nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.max_header_bytes}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
}

Http2::~Http2() {
  nghttp2_session_del(session_);
}

bool Http2::input(std::string_view bytes) {
  const auto used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return used >= 0;
}

std::string_view Http2::output() {
  const std::uint8_t* bytes = nullptr;
  const auto size = nghttp2_session_mem_send(session_, &bytes);
  return size > 0 ? view(bytes, static_cast<std::size_t>(size)) : std::string_view();
}

bool Http2::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Http2::wind_up() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2::abandon() {
  abandoned_ = true;
  const auto streams = std::move(streams_);
  streams_.clear();
  for (const auto& [id, stream] : streams) stream->leave();
}

Http2::Stream* Http2::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Http2::begin(std::int32_t id) {
  streams_[id] = std::make_shared<Stream>(id);
  ++receiving_;
}

bool Http2::add_header(std::int32_t id, std::string_view name, std::string_view value) {
  Stream* const stream = find(id);
  if (stream == nullptr) return true;
  stream->header_bytes += name.size() + value.size();
  if (stream->header_bytes > limits_.max_header_bytes) return false;
  if (name == ":method") {
    stream->method = value;
  } else if (name == ":path") {
    stream->target = value;
  } else if (name == ":authority") {
    stream->headers.insert(stream->headers.begin(), {"host", std::string(value)});
  } else if (!name.starts_with(':')) {
    stream->headers.emplace_back(name, value);
  }
  return true;
}

bool Http2::add_body(std::int32_t id, std::string_view bytes) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->too_long) return true;
  if (held_ + bytes.size() > kBodiesAtOnce * limits_.max_body_bytes) return false;
  if (stream->body.size() + bytes.size() > limits_.max_body_bytes) {
    stream->too_long = true;
    held_ -= std::exchange(stream->held, 0);
    stream->body = {};
    return true;
  }
  held_ += bytes.size();
  stream->held += bytes.size();
  stream->body.append(bytes);
  return true;
}

void Http2::received(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second->complete = true;
  --receiving_;
  if (found->second->too_long) {
    found->second->response = body_too_large(limits_.max_body_bytes);
    return submit(*found->second);
  }
  ++answering_;
  link_.count(1);
  asio::co_spawn(link_.executor, answer(found->second), asio::detached);
}

void Http2::closed(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr stream = found->second;
  streams_.erase(found);
  held_ -= stream->held;
  if (!stream->complete) --receiving_;
  stream->leave();
}

asio::awaitable<void> Http2::answer(StreamPtr stream) {
  const auto self = shared_from_this();
  const Request request = stream->request(link_.remote);
  try {
    stream->response = co_await handler_(request, *stream);
  } catch (const std::exception& exception) {
    log_.error("a request handler threw", {{"what", exception.what()}});
    stream->response = plain_error(500, "InternalFailure");
  }
  stream->unwatch();
  --answering_;
  link_.count(-1);
  if (!stream->closed) submit(*stream);
  link_.wake();
}

void Http2::submit(Stream& stream) {
  if (abandoned_) return;
  Response& response = stream.response;
  if (response.stream || response.cut_after) {
    // Answers that come in pieces are sent over HTTP/1.1 only.
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_HTTP_1_1_REQUIRED);
    return;
  }
  response.headers.insert(response.headers.begin(), {":status", std::to_string(response.status)});
  response.headers.emplace_back("server", "Signalbox");
  response.headers.emplace_back("content-length",
                                std::to_string(response.content_length.value_or(response.body.size())));
  std::vector<nghttp2_nv> fields;
  for (auto& [name, value] : response.headers) {
    std::ranges::transform(name, name.begin(), lower);
    fields.push_back(field(name, value));
  }
  const bool without_body = stream.method == "HEAD" || response.body.empty();
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Callbacks::read_body;
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), without_body ? nullptr : &provider);
}

}  // namespace signalbox::http

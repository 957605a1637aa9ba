#include "http/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "http/http2_callbacks.h"
#include "http/http2_stream.h"
#include "http/plain_error.h"
#include "http/response_head.h"

namespace signalbox::http {
namespace {

constexpr std::uint32_t kMaxStreams = 128;
constexpr std::uint32_t kWindow = 1024 * 1024;
/// Bodies of one connection may hold so many times what one body may.
constexpr std::size_t kBodiesAtOnce = 4;
/// While so many bytes of answers wait for the client to fetch them, no more requests are begun.
constexpr std::size_t kUnsentToBegin = std::size_t{1024} * 1024;
/// What a piece of an answer counts that is read in pieces: while it is read, and of the first before the client has
/// room for it, as its reader may have it already.
constexpr std::size_t kPieceCost = std::size_t{256} * 1024;
/// No answers are kept beyond this; the client may ask again.
constexpr std::size_t kMaxUnsent = std::size_t{64} * 1024 * 1024;
/// Whoever leaves more than this waiting has less time to fetch it.
constexpr std::size_t kMuchUnsent = std::size_t{4} * 1024 * 1024;
constexpr std::chrono::seconds kTimeForMuch{10};
/// Frames that wait to be sent.
constexpr std::size_t kMaxQueued = 1000;
/// A header counts this much beside its bytes (RFC 9113, 6.5.2).
constexpr std::size_t kHeaderCost = 32;
/// What a client earns (http2_calm.h) by a request, and by a frame of an answer that it fetches.
constexpr std::int64_t kEarnedByRequest = 3;
constexpr std::int64_t kEarnedByFrame = 2;
constexpr std::size_t kEarnedBytes = 2048;
constexpr std::int64_t kHeaderBombCost = 200;

nghttp2_nv field(std::string_view name, std::string_view value) {
  return {const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(name.data())),
          const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2::Http2(Link link, std::shared_ptr<Environment> environment)
    : link_(std::move(link)),
      environment_(std::move(environment)),
      held_(environment_),
      unsent_(environment_),
      pieces_(environment_),
      calm_(std::chrono::steady_clock::now()),
      progress_(std::chrono::steady_clock::now()),
      busy_(progress_) {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_callbacks* callbacks = Callbacks::make();
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, environment_->limits.max_header_bytes}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Http2::~Http2() {
  nghttp2_session_del(session_);
}

bool Http2::input(std::string_view bytes) {
  const auto used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  pump();
  if (used >= 0 && !excess_) return true;
  const bool flooded = excess_ || used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
  nghttp2_session_terminate_session(session_, flooded ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  return false;
}

std::string_view Http2::output() {
  // nghttp2 reads answers where they are: after the end nobody keeps them.
  if (abandoned_) return {};
  const std::uint8_t* bytes = nullptr;
  const auto size = nghttp2_session_mem_send(session_, &bytes);
  if (size > 0) return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  pump();
  return {};
}

bool Http2::finished() const {
  return abandoned_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

bool Http2::clogged() const {
  return !abandoned_ && nghttp2_session_get_outbound_queue_size(session_) > kMaxQueued;
}

void Http2::wind_up() {
  if (abandoned_) return;
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2::abandon() {
  abandoned_ = true;
  ready_.clear();
  const auto streams = std::move(streams_);
  streams_.clear();
  for (const auto& [id, stream] : streams) stream->leave();
}

bool Http2::late(Moment now) const {
  const Limits& limits = environment_->limits;
  const bool sendable = std::ranges::any_of(streams_, [](const auto& one) { return one.second->sendable(); });
  const std::chrono::seconds bound = unsent_.count() > kMuchUnsent || unsent_.too_many()
                                         ? std::min(kTimeForMuch, limits.write_timeout)
                                         : limits.write_timeout;
  if (sendable && now >= progress_ + bound) return true;
  for (const auto& [id, stream] : streams_) {
    if (stream->late(now, limits.read_timeout)) return true;
  }
  return streams_.empty() && answering_ == 0 && now >= busy_ + limits.idle_timeout;
}

bool Http2::spend(std::int64_t tokens) {
  if (!calm_.spend(tokens, std::chrono::steady_clock::now())) excess_ = true;
  return !excess_;
}

void Http2::reset(std::int32_t id, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
}

Http2::Stream* Http2::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Http2::spawn(asio::awaitable<void> work) {
  asio::co_spawn(link_.executor, std::move(work), [self = shared_from_this()](const std::exception_ptr& thrown) {
    if (thrown) self->environment_->log.error("a stream of HTTP/2 threw");
  });
}

void Http2::begin(std::int32_t id) {
  streams_[id] = std::make_shared<Stream>(id, link_.privacy, link_.tls_version, std::chrono::steady_clock::now());
  calm_.earn(kEarnedByRequest);
}

bool Http2::add_header(std::int32_t id, std::string_view name, std::string_view value) {
  Stream* const stream = find(id);
  if (stream == nullptr) return true;
  stream->header_bytes += name.size() + value.size() + kHeaderCost;
  if (stream->header_bytes > environment_->limits.max_header_bytes) {
    spend(kHeaderBombCost);
    return false;
  }
  if (name == ":method") {
    stream->method = value;
  } else if (name == ":path") {
    if (!value.starts_with('/') && value != "*") return false;  // nghttp2 asks for it with the schemes that it knows
    stream->target = value;
  } else if ((name == ":authority" || name == "host") && !is_host(value)) {
    return false;
  } else if (name == ":authority") {
    stream->headers.insert(stream->headers.begin(), {"host", std::string(value)});
  } else if (name == "host" && !stream->header(name).empty()) {
    return same_name(value, stream->header(name));  // both say whom the request is for (RFC 9113, 8.3.1)
  } else if (name == "cookie" && !stream->header(name).empty()) {
    const auto held = std::ranges::find(stream->headers, name, [](const auto& one) { return one.first; });
    held->second.append("; ").append(value);  // RFC 9113, 8.2.3
  } else if (!name.starts_with(':')) {
    stream->headers.emplace_back(name, value);
  }
  return true;
}

void Http2::headed(std::int32_t id, bool ends) {
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  const auto length = stream->content_length();
  const bool large = !ends && (!length || *length > kStreamedFrom);
  std::optional<Response> refusal;
  const std::string_view expect = stream->header("expect");
  if (!expect.empty() && !stream->awaits_continue()) {
    refusal = plain_error(417, "Expect is not 100-continue, the only expectation there is.");
  } else if (large && environment_->streams && environment_->streams(stream->request(link_.remote))) {
    const auto ask = [this, id] {
      const nghttp2_nv status = field(":status", "100");
      if (abandoned_ || find(id) == nullptr) return;
      nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, &status, 1, nullptr);
      link_.wake();
    };
    const auto consumed = [this, id](std::size_t bytes) {
      Stream* const open = find(id);
      if (abandoned_ || open == nullptr) return;
      open->held -= bytes;
      held_.take(bytes);
      nghttp2_session_consume_stream(session_, id, bytes);
      link_.wake();
    };
    stream->inflow = std::make_shared<Inflow>(link_.executor, length,
                                              stream->awaits_continue() ? std::function<void()>(ask) : nullptr,
                                              consumed, environment_->limits.read_timeout);
    ready_.push_back(streams_.at(id));
  } else if (length && *length > environment_->limits.max_body_bytes) {
    refusal = environment_->too_large(stream->request(link_.remote));
  } else if (!ends && stream->awaits_continue()) {
    const nghttp2_nv status = field(":status", "100");
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, &status, 1, nullptr);
  }
  if (refusal) {
    stream->refused = true;
    stream->response = *std::move(refusal);
    submit(*stream);
  }
  if (ends) received(id);
}

void Http2::add_body(std::int32_t id, std::string_view bytes) {
  nghttp2_session_consume_connection(session_, bytes.size());
  Stream* const stream = find(id);
  const bool streamed = stream != nullptr && stream->inflow;
  if (!streamed) nghttp2_session_consume_stream(session_, id, bytes.size());
  if (stream == nullptr || stream->refused) return;
  const std::size_t most = environment_->limits.max_body_bytes;
  if (held_.count() + bytes.size() > kBodiesAtOnce * std::max<std::size_t>(most, kWindow) ||
      (held_.count() > kStreamedFrom && held_.too_many())) {
    stream->refused = true;
    return reset(id, NGHTTP2_ENHANCE_YOUR_CALM);
  }
  if (!streamed && stream->body.size() + bytes.size() > most) {
    stream->refused = true;
    release(*stream);
    stream->response = environment_->too_large(stream->request(link_.remote));
    return submit(*stream);
  }
  held_.add(bytes.size());
  stream->held += bytes.size();
  if (streamed) return stream->inflow->add(bytes);
  stream->body.append(bytes);
}

void Http2::received(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr& stream = found->second;
  stream->complete = true;
  if (stream->inflow) return stream->inflow->end(true);
  if (!stream->refused) ready_.push_back(stream);
}

void Http2::answered(std::int32_t id) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->complete) return;
  // The answer is there: what else comes of the request is taken and dropped. RST_STREAM with NO_ERROR, which RFC 9113,
  // 8.1 has for this, is an error to curl.
  stream->refused = true;
  const std::size_t queued = stream->held;
  release(*stream);
  if (!stream->inflow) return;
  stream->inflow.reset();
  nghttp2_session_consume_stream(session_, id, queued);
}

void Http2::closed(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr stream = found->second;
  streams_.erase(found);
  std::erase(ready_, stream);
  if (!stream->answering) release(*stream);
  unsent_of(*stream).take(std::exchange(stream->unsent, 0));
  busy_ = std::chrono::steady_clock::now();
  stream->leave();
}

void Http2::release(Stream& stream) {
  held_.take(std::exchange(stream.held, 0));
  stream.body = std::string();  // "= {}" would keep its room
}

// Handlers of streams that are closed run on: those count too, or a client that resets what it asks could have any
// number of them.
void Http2::pump() {
  while (!abandoned_ && !excess_ && !ready_.empty() && answering_ < kMaxStreams && unsent_.count() < kUnsentToBegin) {
    // Where memory for bodies is short, one request of each connection after another.
    if (answering_ > 0 && pieces_.too_many()) return;
    const StreamPtr stream = std::move(ready_.front());
    ready_.pop_front();
    start(stream);
  }
}

HeldBytes& Http2::unsent_of(const Stream& stream) {
  return stream.response.stream ? pieces_ : unsent_;
}

void Http2::note_wait() {
  if (!is_waited_for()) progress_ = std::chrono::steady_clock::now();
}

bool Http2::may_wait(const Stream& stream, std::size_t bytes) {
  const HeldBytes& held = unsent_of(stream);
  return held.count() == 0 || (held.count() + bytes <= kMaxUnsent && !held.too_many());
}

void Http2::start(const StreamPtr& stream) {
  ++answering_;
  stream->answering = true;
  // What it may read of its answer before that can be given to the client.
  stream->reserved = stream->method == "GET" ? kPieceCost : 0;
  pieces_.add(stream->reserved);
  stream->in_progress.emplace(environment_);
  spawn(answer(stream));
}

asio::awaitable<void> Http2::answer(StreamPtr stream) {
  const auto self = shared_from_this();
  const Request request = stream->request(link_.remote);
  try {
    stream->response = co_await environment_->handler(request, *stream);
  } catch (const std::exception& exception) {
    environment_->log.error("a request handler threw", {{"what", exception.what()}});
    stream->response = plain_error(500, "InternalFailure");
  }
  stream->unwatch();
  pieces_.take(std::exchange(stream->reserved, 0));
  --answering_;
  stream->answering = false;
  busy_ = std::chrono::steady_clock::now();
  if (stream->closed) {
    release(*stream);
  } else {
    submit(*stream);
  }
  link_.wake();
}

void Http2::submit(Stream& stream) {
  if (abandoned_) return;
  Response& response = stream.response;
  const bool has_body =
      stream.method != "HEAD" && has_content(response.status) && (response.stream != nullptr || !response.body.empty());
  if (response.cut_after) return reset(stream.id, NGHTTP2_INTERNAL_ERROR);
  const std::size_t cost = response.stream ? kPieceCost : response.body.size();
  if (has_body && !may_wait(stream, cost)) {
    response = {};
    return reset(stream.id, NGHTTP2_ENHANCE_YOUR_CALM);
  }
  if (response.stream && !response.content_length) response.content_length = response.stream->length();
  const std::string status = std::to_string(response.status);
  const auto length = length_of(response);
  const std::string length_text = length ? std::to_string(*length) : "";
  std::vector<nghttp2_nv> fields = {field(":status", status), field("server", "Signalbox"), field("date", date_text())};
  if (length) fields.push_back(field("content-length", length_text));
  for (auto& [name, value] : response.headers) {
    if (is_framing(name) || !is_sendable(name, value)) continue;
    std::ranges::transform(name, name.begin(), ascii_lower);
    fields.push_back(field(name, value));
  }
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Callbacks::read_body;
  if (has_body) {
    stream.out = response.stream ? std::string_view() : response.body;
    stream.last = response.stream == nullptr;
    stream.unsent = cost;
    note_wait();
    unsent_of(stream).add(stream.unsent);
    stream.submitted = true;
  }
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), has_body ? &provider : nullptr);
}

std::int64_t Http2::give(Stream& stream, std::uint8_t* out, std::size_t room, std::uint32_t& flags) {
  const std::size_t size = std::min(room, stream.out.size() - stream.sent);
  if (size == 0 && !stream.last) {
    pieces_.take(std::exchange(stream.unsent, 0));  // the reader's cost, before the first piece
    // Not at once: a piece that is there already would come before nghttp2 waits for it.
    if (!std::exchange(stream.fetching, true)) {
      asio::post(link_.executor,
                 [self = shared_from_this(), waiting = streams_.at(stream.id)] { self->spawn(self->fetch(waiting)); });
    }
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size > 0) std::memcpy(out, stream.out.data() + stream.sent, size);
  stream.sent += size;
  stream.unsent -= size;
  unsent_of(stream).take(size);
  fetched_ += size;
  if (fetched_ >= kLeastProgress || !is_waited_for()) {
    fetched_ = 0;
    progress_ = std::chrono::steady_clock::now();
  }
  calm_.earn(kEarnedByFrame + static_cast<std::int64_t>(size / kEarnedBytes));
  if (stream.last && stream.sent == stream.out.size()) flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<std::int64_t>(size);
}

asio::awaitable<void> Http2::fetch(StreamPtr stream) {
  const auto self = shared_from_this();
  // Of a file; what has no length waits for something to happen, and has little then.
  const std::size_t cost = stream->response.content_length ? kPieceCost : 0;
  const bool may = may_wait(*stream, cost);
  stream->unsent = may ? cost : 0;
  pieces_.add(stream->unsent);
  Result<std::string_view> piece;
  if (may) piece = co_await stream->response.stream->read();
  pieces_.take(std::exchange(stream->unsent, 0));
  stream->fetching = false;
  if (stream->closed || abandoned_) co_return;
  if (!piece) {
    environment_->log.error("a body could not be read to its end", {{"what", piece.error().message}});
    reset(stream->id, NGHTTP2_INTERNAL_ERROR);
  } else if (!may) {
    reset(stream->id, NGHTTP2_ENHANCE_YOUR_CALM);
  } else {
    note_wait();
    stream->out = *piece;
    stream->sent = 0;
    stream->unsent = piece->size();
    pieces_.add(stream->unsent);
    stream->last = piece->empty();
    nghttp2_session_resume_data(session_, stream->id);
  }
  link_.wake();
}

}  // namespace signalbox::http

#include "services/lambda/log_stream.h"

#include "base/encoding.h"
#include "models/logs.h"

namespace signalbox::lambda {
namespace {

namespace m = models::logs;

/// "Maximum event size", without what each event counts for beside.
constexpr std::size_t kMaxLine = std::size_t{255} * 1024;
constexpr std::size_t kMaxCallBytes = std::size_t{900} * 1024;
constexpr std::size_t kMaxCallEvents = 10'000;
constexpr std::size_t kEventOverhead = 26;
constexpr std::size_t kTail = 4096;
/// How our runtimes begin an event on their standard output, followed by its length in four bytes, as AWS's do on a
/// descriptor of their own: here it keeps its place among what else is printed.
constexpr std::string_view kMagic("\xa5\x5a\x00\x03", 4);
constexpr std::size_t kHead = 8;

cloud::Call call_of(const cloud::House& house, const cloud::Scope& scope, const cloud::Principal& principal) {
  cloud::Call call;
  call.scope = scope;
  call.principal = principal;
  call.invoked_by = "lambda.amazonaws.com";
  call.request_id = house.random.uuid();
  return call;
}

/// Text that logs take: what is no UTF-8 is replaced.
std::string as_text(std::string line) {
  if (is_utf8(line)) return line;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return line;
}

}  // namespace

void LogStream::begin() {
  tail_.clear();
  output_ = dropped_ = 0;
}

std::string LogStream::tail() const {
  return tail_.size() <= kTail ? tail_ : tail_.substr(tail_.size() - kTail);
}

/// Events keep the line ends that they came with, as AWS's do.
void LogStream::put(std::string text) {
  if (text.empty()) text = " ";  // logs have no empty events
  tail_.append(text);
  if (!text.ends_with('\n')) tail_.push_back('\n');
  if (tail_.size() > 4 * kTail) tail_.erase(0, tail_.size() - kTail);
  waiting_bytes_ += text.size() + kEventOverhead;
  waiting_.push_back({house_.clock.now().time_since_epoch().count(), as_text(std::move(text))});
}

void LogStream::end_line() {
  put(std::exchange(line_, {}));
}

/// Bytes of one event that the runtime has announced.
void LogStream::take_framed(std::string_view& bytes) {
  const std::string_view part = bytes.substr(0, std::min(frame_left_, kMaxLine - line_.size()));
  line_ += part;
  bytes.remove_prefix(part.size());
  frame_left_ -= part.size();
  if (frame_left_ == 0 || line_.size() >= kMaxLine) end_line();
}

/// What may be the beginning of an event that the runtime announces, or is plain text after all.
void LogStream::take_head(std::string_view& bytes) {
  while (!bytes.empty() && head_.size() < kHead) {
    if (head_.size() < kMagic.size() && bytes.front() != kMagic[head_.size()]) {
      line_ += std::exchange(head_, {});
      return;
    }
    head_ += bytes.front();
    bytes.remove_prefix(1);
  }
  if (head_.size() < kHead) return;
  std::size_t length = 0;
  for (std::size_t i = kMagic.size(); i < kHead; ++i) length = length << 8 | static_cast<unsigned char>(head_[i]);
  head_.clear();
  if (length > 0 && !line_.empty()) end_line();
  frame_left_ = length;
}

void LogStream::take_lines(std::string_view& bytes) {
  const auto end = bytes.find_first_of(std::string_view("\n\xa5"));
  const std::string_view part = bytes.substr(0, std::min(end, kMaxLine - line_.size()));
  line_ += part;
  bytes.remove_prefix(part.size());
  const bool ended = bytes.starts_with('\n');
  if (ended) {
    line_ += '\n';
    bytes.remove_prefix(1);
  }
  if (ended || line_.size() >= kMaxLine) end_line();
}

void LogStream::add_output(std::string_view bytes) {
  if (output_ + bytes.size() > kMaxOutput) {
    dropped_ += bytes.size();
    // What is dropped ends no event in the middle of another.
    head_.clear();
    frame_left_ = 0;
    return;
  }
  output_ += bytes.size();
  while (!bytes.empty()) {
    if (frame_left_ > 0) {
      take_framed(bytes);
    } else if (!head_.empty() || bytes.front() == kMagic.front()) {
      take_head(bytes);
    } else {
      take_lines(bytes);
    }
  }
  if (is_full()) flush();
}

void LogStream::add_line(std::string line) {
  line_ += std::exchange(head_, {});
  if (!line_.empty()) end_line();
  if (dropped_ > 0) {
    put("[signalbox] " + std::to_string(dropped_) + " bytes of output were dropped: an invocation logs at most " +
        std::to_string(kMaxOutput) + ".");
    dropped_ = 0;
  }
  put(std::move(line.append("\n")));
}

void LogStream::flush() {
  if (writing_ || waiting_.empty()) return;
  writing_ = true;
  shard_.spawn("lambda.log", write_out(shared_from_this()));
}

asio::awaitable<void> LogStream::write_out(std::shared_ptr<LogStream> self) {
  while (!self->waiting_.empty()) co_await self->write();
  self->writing_ = false;
}

asio::awaitable<void> LogStream::write() {
  m::PutLogEventsRequest request;
  request.log_group_name = group_;
  request.log_stream_name = stream_;
  auto& events = request.log_events.emplace();
  std::size_t bytes = 0;
  while (!waiting_.empty() && events.size() < kMaxCallEvents && bytes < kMaxCallBytes - kMaxLine) {
    Event& event = waiting_.front();
    bytes += event.text.size() + kEventOverhead;
    events.push_back({event.time, std::move(event.text)});
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  const auto done = co_await send(std::move(request));
  if (done) co_return;
  made_ = false;  // the group may have been deleted: the next lines make it anew
  house_.log.warning("a function's log lines are lost", {{"group", group_}, {"why", done.error().message}});
}

asio::awaitable<Result<void>> LogStream::send(m::PutLogEventsRequest request) {
  const auto principal = house_.sessions.principal_of(role_);
  if (!principal) co_return std::unexpected(principal.error());
  if (!made_) {
    // That they are there already is no error here.
    m::CreateLogGroupRequest group;
    group.log_group_name = group_;
    co_await house_.door.call(call_of(house_, scope_, *principal), m::kCreateLogGroup, std::move(group));
    m::CreateLogStreamRequest stream;
    stream.log_group_name = group_;
    stream.log_stream_name = stream_;
    co_await house_.door.call(call_of(house_, scope_, *principal), m::kCreateLogStream, std::move(stream));
    made_ = true;
  }
  auto put = co_await house_.door.call(call_of(house_, scope_, *principal), m::kPutLogEvents, std::move(request));
  if (!put) co_return std::unexpected(std::move(put).error());
  co_return Result<void>();
}

}  // namespace signalbox::lambda

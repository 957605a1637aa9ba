// What a worker writes to its log stream of CloudWatch Logs: an event for each line, or for each print of our runtimes.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "cloud/services.h"
#include "models/logs.h"

namespace signalbox::lambda {

namespace asio = boost::asio;

/// On one shard's thread. Lines are put together, and written behind the back of whoever adds them.
class LogStream : public std::enable_shared_from_this<LogStream> {
 public:
  /// `role` is the function's, by which the lines are written.
  LogStream(const cloud::House& house, cloud::Shard& shard, cloud::Scope scope, cloud::RoleUse role, std::string group,
            std::string stream)
      : house_(house),
        shard_(shard),
        scope_(std::move(scope)),
        role_(std::move(role)),
        group_(std::move(group)),
        stream_(std::move(stream)) {}

  const std::string& group() const { return group_; }
  const std::string& stream() const { return stream_; }

  /// Bytes of output; what is behind the last line end waits for more.
  void add_output(std::string_view bytes);
  /// A line of ours, in one event, after all output so far.
  void add_line(std::string line);
  /// Writes what there is, soon.
  void flush();
  /// Whether so much waits that no more should be added for now.
  bool is_full() const { return waiting_bytes_ > kMaxWaiting; }

  /// An invocation begins: the tail and the bound of its output begin anew.
  void begin();
  /// The last 4 KB of the invocation's lines.
  std::string tail() const;

  /// Output of one invocation at most; what is beyond is counted and dropped.
  static constexpr std::size_t kMaxOutput = std::size_t{16} * 1024 * 1024;
  static constexpr std::size_t kMaxWaiting = std::size_t{1024} * 1024;

 private:
  struct Event {
    std::int64_t time;
    std::string text;
  };
  void end_line();
  void take_framed(std::string_view& bytes);
  void take_head(std::string_view& bytes);
  void take_lines(std::string_view& bytes);
  void put(std::string text);
  asio::awaitable<void> write();
  asio::awaitable<Result<void>> send(models::logs::PutLogEventsRequest request);
  asio::awaitable<void> write_out(std::shared_ptr<LogStream> self);

  const cloud::House& house_;
  cloud::Shard& shard_;
  const cloud::Scope scope_;
  const cloud::RoleUse role_;
  const std::string group_;
  const std::string stream_;
  std::string line_;
  std::string head_;            // what may be the beginning of an event
  std::size_t frame_left_ = 0;  // of an event that has begun
  std::deque<Event> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t output_ = 0;   // of this invocation
  std::size_t dropped_ = 0;  // of that
  std::string tail_;
  bool writing_ = false;
  bool made_ = false;
};

}  // namespace signalbox::lambda

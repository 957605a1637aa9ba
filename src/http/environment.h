// What the sessions of one server share.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "http/server.h"
#include "http/tls.h"

namespace signalbox::http {

/// Lives as long as any session.
struct Environment {
  Environment(Handler answers, Streams in_pieces, const Limits& bounds, Log& lines)
      : handler(std::move(answers)), streams(std::move(in_pieces)), limits(bounds), log(lines) {}

  /// The answer to a request whose body is longer than bodies may be.
  Response too_large(const Request& head) const;

  std::shared_ptr<TlsContext> tls() const {
    const std::lock_guard lock(tls_mutex);
    return tls_context;
  }

  Handler handler;
  Streams streams;
  TooLarge refuse_too_large;
  Limits limits;
  Log& log;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> in_progress{0};
  std::atomic<std::size_t> body_bytes{0};  // see HeldBytes
  mutable std::mutex tls_mutex;
  std::shared_ptr<TlsContext> tls_context;  // null: connections are plain
};

/// A request in progress: as long as this is there, a drain waits for it.
class InProgress {
 public:
  explicit InProgress(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {
    environment_->in_progress.fetch_add(1);
  }
  ~InProgress() {
    if (environment_) environment_->in_progress.fetch_sub(1);
  }
  InProgress(InProgress&&) noexcept = default;
  InProgress& operator=(InProgress&&) = delete;

 private:
  std::shared_ptr<Environment> environment_;
};

/// Bytes of requests' bodies, or of answers, that a connection holds in memory. They count for all connections
/// together.
class HeldBytes {
 public:
  explicit HeldBytes(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {}
  ~HeldBytes() { set(0); }
  HeldBytes(const HeldBytes&) = delete;

  std::size_t count() const { return count_; }
  void add(std::size_t count) { set(count_ + count); }
  void take(std::size_t count) { set(count_ - count); }
  void set(std::size_t count) {
    if (count == count_) return;
    environment_->body_bytes.fetch_add(count - count_);  // less wraps around, as it should
    count_ = count;
  }
  bool too_many() const { return environment_->body_bytes.load() > environment_->limits.max_bodies_bytes; }

 private:
  const std::shared_ptr<Environment> environment_;
  std::size_t count_ = 0;
};

}  // namespace signalbox::http

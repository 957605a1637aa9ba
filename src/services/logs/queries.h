// Logs Insights queries under way and their results. They run on threads of their own, a chunk at a time, so that many
// share them evenly, and are kept in memory.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "services/logs/group.h"
#include "services/logs/insights/query.h"

namespace signalbox::logs {

/// One log group that a query reads.
struct QuerySource {
  View view;
  std::string name;
  std::string log;  // @log: "ACCOUNT:NAME"
};

struct QueryFigures {
  std::uint64_t matched = 0;
  std::uint64_t scanned = 0;
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;  // records in chunks that need not be looked into
  std::uint64_t skipped_bytes = 0;
};

enum class QueryStatus { kScheduled, kRunning, kComplete, kFailed, kCancelled, kTimeout };
std::string_view to_text(QueryStatus status);

class QueryRun {
 public:
  struct Given {
    std::string id;
    cloud::Scope scope;
    std::string text;
    std::string group_names;  // as DescribeQueries shows them
    Millis created = 0;
    Millis from = 0;  // both included
    Millis to = 0;
  };
  QueryRun(Given given, insights::Query query, std::vector<QuerySource> sources);

  const Given given;
  const std::vector<std::string> groups;  // names, by Pointer::group

  // Any thread.
  QueryStatus status() const;
  QueryFigures figures() const;
  Millis duration() const;
  /// What is known so far. Errors: of a query that kept too much.
  Result<std::vector<insights::ResultRow>> results() const;
  /// Bytes of memory that its results take, about.
  std::size_t bytes() const;

 private:
  friend class Queries;
  struct Unit {
    std::size_t source;
    std::shared_ptr<const ChunkInfo> chunk;  // null: the tail
  };

  std::vector<Unit> units_of(const std::vector<QuerySource>& sources) const;
  /// Works on the next unit, if one is left. True when there may be more.
  bool step();
  Result<void> run(const Unit& unit, insights::Scan& scan, QueryFigures& seen);
  Result<void> run_tail(const QuerySource& source, std::uint32_t group, insights::Scan& scan, QueryFigures& seen);
  Result<void> run_chunk(const QuerySource& source, const Unit& unit, insights::Scan& scan, QueryFigures& seen);
  void end(QueryStatus status);
  bool is_over() const { return status_ != QueryStatus::kScheduled && status_ != QueryStatus::kRunning; }

  const insights::Query query_;
  mutable std::mutex mutex_;
  std::vector<QuerySource> sources_;
  std::vector<Unit> units_;
  std::size_t next_ = 0;
  std::size_t working_ = 0;
  QueryStatus status_ = QueryStatus::kScheduled;
  insights::Part part_;
  QueryFigures figures_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point ended_;
};
using QueryPtr = std::shared_ptr<QueryRun>;

class Queries {
 public:
  explicit Queries(std::size_t threads);
  ~Queries();

  /// Errors: LimitExceededException when the account has too many under way.
  Result<void> start(QueryPtr query);
  /// Null when there is none of that id, or it was too long ago.
  QueryPtr find(const cloud::Scope& scope, std::string_view id) const;
  /// The latest first.
  std::vector<QueryPtr> list(const cloud::Scope& scope) const;
  /// False when it had ended before.
  bool cancel(QueryRun& query);

  /// Ends what runs; no other may start.
  void stop();

  static constexpr std::size_t kMaxRunning = 100;  // AWS's quota of an account
  static constexpr std::size_t kMaxKept = 1000;
  static constexpr std::size_t kMaxKeptBytes = 256UL * 1024 * 1024;

 private:
  void work();
  /// Forgets the oldest, but the last.
  void forget_some();
  std::vector<std::thread> threads_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<QueryPtr> running_;  // taken in turns
  std::deque<QueryPtr> kept_;     // the latest last
  bool stopping_ = false;
};

}  // namespace signalbox::logs

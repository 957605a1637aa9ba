// Logs Insights queries ("CloudWatch Logs Insights language query syntax" in the CloudWatch Logs User Guide): compiled,
// run over log events, and their results. A pure library: no I/O, no threads.
//
//   auto query = Query::compile("filter level = \"ERROR\" | stats count(*) by bin(5m)", {.now = ...});
//   Part all = query->begin();                    // one a thread
//   Scan scan(*query, all);
//   for (...) scan.add(event);
//   ...                                           // query->merge(all, other)
//   for (const ResultRow& row : query->results(all)) ...
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "services/logs/insights/reduce.h"
#include "services/logs/insights/row.h"
#include "services/logs/insights/syntax.h"

namespace signalbox::logs::insights {

struct QueryOptions {
  std::int64_t now = 0;                   // milliseconds: what now() says
  std::optional<std::size_t> limit = {};  // of rows, where the query has no limit of its own
};

/// Rows that a query without a limit gives.
inline constexpr std::size_t kDefaultLimit = 10'000;

struct ResultRow {
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<Pointer> pointer;  // none for rows that stats made
};

/// What a query has of the events it has seen.
struct Part {
  std::unique_ptr<Reduction> reduction;
  std::uint64_t matched = 0;
};

class Query {
 public:
  /// Errors: MalformedQueryException.
  static Result<Query> compile(std::string_view text, const QueryOptions& options);
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  Part begin() const;
  void merge(Part& into, Part from) const;
  /// What is known so far, as far as it goes. Errors: LimitExceeded when it is too large.
  Result<std::vector<ResultRow>> results(const Part& part) const;

  /// Whether events need their messages.
  bool reads_messages() const;
  /// A text that every event that matters has in its message; "" for none.
  const std::string& needed_text() const;

  struct Plan;
  const Plan& plan() const { return *plan_; }

 private:
  explicit Query(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

/// Runs a query over events, one after another.
class Scan {
 public:
  Scan(const Query& query, Part& part);
  void add(const SourceEvent& event);

 private:
  const Query::Plan& plan_;
  Part& part_;
  Row row_;
};

}  // namespace signalbox::logs::insights

#include "services/logs/queries.h"

#include <string.h>

#include <algorithm>

namespace signalbox::logs {
namespace {

/// AWS's is 60 minutes, on larger machines.
constexpr auto kMaxTime = std::chrono::minutes(15);

std::vector<std::string> names_of(const std::vector<QuerySource>& sources) {
  std::vector<std::string> names;
  for (const QuerySource& source : sources) names.push_back(source.name);
  return names;
}

bool has(std::string_view text, const std::string& part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

std::string_view to_text(QueryStatus status) {
  constexpr std::string_view kTexts[] = {"Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout"};
  return kTexts[static_cast<std::size_t>(status)];
}

QueryRun::QueryRun(Given with, insights::Query query, std::vector<QuerySource> sources)
    : given(std::move(with)), groups(names_of(sources)), query_(std::move(query)), part_(query_.begin()) {
  units_ = units_of(sources);
  sources_ = std::move(sources);
  began_ = ended_ = std::chrono::steady_clock::now();
}

std::vector<QueryRun::Unit> QueryRun::units_of(const std::vector<QuerySource>& sources) const {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    units.push_back({i, nullptr});
    const Millis from = std::max(given.from, sources[i].view.expired_before);
    for (const auto& chunk : *sources[i].view.chunks) {
      if (chunk->max_time >= from && chunk->min_time <= given.to) units.push_back({i, chunk});
    }
  }
  // The latest first: what most queries show is there soon.
  std::ranges::stable_sort(units, std::greater<>(), [](const Unit& unit) {
    return unit.chunk ? unit.chunk->max_time : std::numeric_limits<Millis>::max();
  });
  return units;
}

bool QueryRun::step() {
  Unit unit{};
  {
    const std::lock_guard lock(mutex_);
    if (is_over() || next_ == units_.size()) return false;
    if (std::chrono::steady_clock::now() - began_ > kMaxTime) {
      end(QueryStatus::kTimeout);
      return false;
    }
    status_ = QueryStatus::kRunning;
    unit = units_[next_++];
    ++working_;
  }
  insights::Part part = query_.begin();
  QueryFigures seen;
  Result<void> done;
  {
    insights::Scan scan(query_, part);
    done = run(unit, scan, seen);
  }
  const std::lock_guard lock(mutex_);
  --working_;
  if (!is_over()) {
    seen.matched = part.matched;
    figures_.matched += seen.matched;
    figures_.scanned += seen.scanned;
    figures_.bytes += seen.bytes;
    figures_.skipped += seen.skipped;
    figures_.skipped_bytes += seen.skipped_bytes;
    query_.merge(part_, std::move(part));
    const bool too_large = part_.reduction->bytes() > insights::kMaxKeptBytes;
    if (!done || too_large) {
      end(QueryStatus::kFailed);
    } else if (next_ == units_.size() && working_ == 0) {
      end(QueryStatus::kComplete);
    }
  }
  if (is_over() && working_ == 0) sources_.clear();  // the snapshots with them
  return !is_over() && next_ < units_.size();
}

void QueryRun::end(QueryStatus status) {
  status_ = status;
  ended_ = std::chrono::steady_clock::now();
  if (status == QueryStatus::kFailed) part_ = query_.begin();
  if (working_ == 0) sources_.clear();
}

Result<void> QueryRun::run(const Unit& unit, insights::Scan& scan, QueryFigures& seen) {
  const QuerySource& source = sources_[unit.source];  // stays while anybody works
  if (!unit.chunk) return run_tail(source, static_cast<std::uint32_t>(unit.source), scan, seen);
  return run_chunk(source, unit, scan, seen);
}

Result<void> QueryRun::run_tail(const QuerySource& source, std::uint32_t group, insights::Scan& scan,
                                QueryFigures& seen) {
  const View& view = source.view;
  const Millis from = std::max(given.from, view.expired_before);
  bool broken = false;
  Result<void> scanned = view.snapshot->scan(frame_key(view.group, view.head), tail_key(view.group).end(),
                                             [&](std::string_view key, std::string_view value) {
                                               const auto number = number_in_key(key);
                                               FrameReader frame(value, number.value_or(0));
                                               const StreamPtr stream = view.streams->find(frame.stream());
                                               while (const auto event = frame.next()) {
                                                 if (!stream || event->at.time < from || event->at.time > given.to)
                                                   continue;
                                                 ++seen.scanned;
                                                 seen.bytes += event->message.size() + kEventOverhead;
                                                 scan.add({event->at.time, event->at.number, event->ingested,
                                                           event->message, stream->name, source.log, group, false});
                                               }
                                               broken = !number || !frame.ok();
                                               return !broken;
                                             });
  if (!scanned) return scanned;
  return broken ? unreadable("log events") : Result<void>();
}

Result<void> QueryRun::run_chunk(const QuerySource& source, const Unit& unit, insights::Scan& scan,
                                 QueryFigures& seen) {
  static thread_local Chunk chunk;
  const View& view = source.view;
  const auto bytes = view.snapshot->get(chunk_key(view.group, unit.chunk->id));
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return unit.chunk->id >= view.first_uncertain_chunk ? Result<void>() : unreadable("log events");
  const bool needs_text = query_.reads_messages();
  if (needs_text) {
    Result<void> done = read_chunk_text(**bytes, chunk);
    if (!done) return done;
    if (!query_.needed_text().empty() && !has(chunk.whole_text(), query_.needed_text())) {
      seen.scanned += unit.chunk->count;
      seen.bytes += unit.chunk->bytes;
      return {};
    }
  }
  Result<void> done = read_chunk_columns(**bytes, chunk);
  if (!done) return done;
  const auto streams = view.streams->find_all(chunk.dictionary);
  const Millis from = std::max(given.from, view.expired_before);
  insights::SourceEvent event;
  event.log = source.log;
  event.group = static_cast<std::uint32_t>(unit.source);
  event.is_padded = true;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const Position& at = chunk.positions[i];
    const StreamPtr& stream = streams[chunk.streams[i]];
    if (!stream || at.time < from || at.time > given.to) continue;
    ++seen.scanned;
    event.time = at.time;
    event.number = at.number;
    event.ingested = chunk.ingested[i];
    event.stream = stream->name;
    if (needs_text) event.message = chunk.message(i);
    seen.bytes += (needs_text ? event.message.size() : chunk.length(i)) + kEventOverhead;
    scan.add(event);
  }
  return {};
}

QueryStatus QueryRun::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

QueryFigures QueryRun::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

Millis QueryRun::duration() const {
  const std::lock_guard lock(mutex_);
  const auto until = is_over() ? ended_ : std::chrono::steady_clock::now();
  return std::chrono::duration_cast<std::chrono::milliseconds>(until - began_).count();
}

std::size_t QueryRun::bytes() const {
  const std::lock_guard lock(mutex_);
  return part_.reduction->bytes();
}

Result<std::vector<insights::ResultRow>> QueryRun::results() const {
  const std::lock_guard lock(mutex_);
  if (status_ == QueryStatus::kFailed) return std::vector<insights::ResultRow>();
  return query_.results(part_);
}

Queries::Queries(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Queries::~Queries() {
  stop();
}

void Queries::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    running_.clear();
    for (const QueryPtr& query : kept_) cancel(*query);
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  kept_.clear();
}

Result<void> Queries::start(QueryPtr query) {
  {
    const std::lock_guard lock(mutex_);
    const auto same = [&](const QueryPtr& other) { return other->given.scope == query->given.scope; };
    if (stopping_ || static_cast<std::size_t>(std::ranges::count_if(running_, same)) >= kMaxRunning) {
      return fail("LimitExceededException",
                  "Account maximum query concurrency limit of [" + std::to_string(kMaxRunning) + "] reached.");
    }
    running_.push_back(query);
    kept_.push_back(std::move(query));
    forget_some();
  }
  arrived_.notify_all();
  return {};
}

void Queries::forget_some() {
  std::size_t bytes = 0;
  for (const QueryPtr& query : kept_) bytes += query->bytes();
  while (kept_.size() > 1 && (kept_.size() > kMaxKept || bytes > kMaxKeptBytes)) {
    bytes -= std::min(bytes, kept_.front()->bytes());
    kept_.pop_front();
  }
}

QueryPtr Queries::find(const cloud::Scope& scope, std::string_view id) const {
  const std::lock_guard lock(mutex_);
  for (const QueryPtr& query : kept_) {
    if (query->given.id == id && query->given.scope == scope) return query;
  }
  return nullptr;
}

std::vector<QueryPtr> Queries::list(const cloud::Scope& scope) const {
  std::vector<QueryPtr> found;
  const std::lock_guard lock(mutex_);
  for (auto at = kept_.rbegin(); at != kept_.rend(); ++at) {
    if ((*at)->given.scope == scope) found.push_back(*at);
  }
  return found;
}

bool Queries::cancel(QueryRun& query) {
  const std::lock_guard lock(query.mutex_);
  if (query.is_over()) return false;
  query.end(QueryStatus::kCancelled);
  return true;
}

void Queries::work() {
  while (true) {
    QueryPtr query;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !running_.empty(); });
      if (stopping_) return;
      query = running_.front();
      running_.pop_front();
      running_.push_back(query);
    }
    if (query->step()) continue;
    const std::lock_guard lock(mutex_);
    std::erase(running_, query);
  }
}

}  // namespace signalbox::logs

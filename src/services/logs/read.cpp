#include "services/logs/read.h"

#include <algorithm>
#include <limits>

namespace signalbox::logs {
namespace {

/// A page that has read this much of messages ends where it can, so that no call takes much longer than a second.
constexpr std::uint64_t kMaxScannedBytes = 128ULL * 1024 * 1024;
constexpr std::uint64_t kLastNumber = std::numeric_limits<std::uint64_t>::max();

/// Keeps the events that come first, or, backward, last, of those it is shown in any order. What does not fit moves the
/// cut, beyond which nothing is taken any more: a page has no holes.
class Keeper {
  bool nearer(const Position& a, const Position& b) const { return request_.backward ? a > b : a < b; }
  auto farthest_first() const {
    return [this](const FoundEvent& a, const FoundEvent& b) { return nearer(a.at, b.at); };
  }

 public:
  explicit Keeper(const PageRequest& request) : request_(request) {}

  bool wants(const Position& at) const {
    if (at < request_.from || at >= request_.to) return false;
    return !cut_ || nearer(at, *cut_);
  }
  void add(FoundEvent event) {
    bytes_ += event.message.size() + kEventOverhead;
    kept_.push_back(std::move(event));
    std::ranges::push_heap(kept_, farthest_first());
    while (kept_.size() > request_.max_events || (bytes_ > request_.max_bytes && kept_.size() > 1)) drop();
  }
  /// Nothing at `at` or beyond is known to be complete.
  void cut_at(const Position& at) {
    if (!cut_ || nearer(at, *cut_)) cut_ = at;
    while (!kept_.empty() && !nearer(kept_.front().at, *cut_)) drop();
  }
  const std::optional<Position>& cut() const { return cut_; }

  Page take() && {
    std::ranges::sort(kept_, {}, &FoundEvent::at);
    Page page{std::move(kept_), cut_};
    if (page.rest && request_.backward) ++page.rest->number;  // `to` is not included, the cut is
    return page;
  }

 private:
  void drop() {
    std::ranges::pop_heap(kept_, farthest_first());
    bytes_ -= kept_.back().message.size() + kEventOverhead;
    if (!cut_ || nearer(kept_.back().at, *cut_)) cut_ = kept_.back().at;
    kept_.pop_back();
  }

  const PageRequest& request_;
  std::vector<FoundEvent> kept_;  // a heap
  std::size_t bytes_ = 0;
  std::optional<Position> cut_;
};

class PageReader {
 public:
  PageReader(const View& view, const PageRequest& request) : view_(view), request_(request), keeper_(request_) {
    request_.from = std::max(request_.from, Position{view.expired_before, 0});
  }

  Result<Page> read() {
    Result<void> done = read_tail();
    if (done) done = read_chunks();
    if (!done) return std::unexpected(std::move(done).error());
    return std::move(keeper_).take();
  }

 private:
  bool wants_stream(std::uint32_t id) const {
    return !request_.streams || std::ranges::binary_search(*request_.streams, id);
  }

  void consider(const Position& at, Millis ingested, const StreamPtr& stream, std::string_view message) {
    if (!keeper_.wants(at) || !request_.pattern.matches(message)) return;
    keeper_.add({at, ingested, stream, std::string(message)});
  }

  Result<void> read_tail() {
    bool broken = false;
    Result<void> scanned = view_.snapshot->scan(
        frame_key(view_.group, view_.head), tail_key(view_.group).end(),
        [&](std::string_view key, std::string_view value) {
          const auto number = number_in_key(key);
          FrameReader frame(value, number.value_or(0));
          const StreamPtr stream = wants_stream(frame.stream()) ? view_.streams->find(frame.stream()) : nullptr;
          if (stream) {
            while (const auto event = frame.next()) consider(event->at, event->ingested, stream, event->message);
          }
          broken = !number || !frame.ok();
          return !broken;
        });
    if (!scanned) return scanned;
    return broken ? unreadable("log events") : Result<void>();
  }

  /// The chunks with events of the range, in the order in which they matter.
  ChunkList candidates() const {
    ChunkList found;
    for (const auto& chunk : *view_.chunks) {
      if (chunk->max_time < request_.from.time || chunk->min_time > request_.to.time) continue;
      const auto in_it = [&](std::uint32_t id) { return chunk->has_stream(id); };
      // With many streams wanted, most chunks have one of them.
      if (request_.streams && request_.streams->size() <= 8 && !std::ranges::any_of(*request_.streams, in_it)) continue;
      found.push_back(chunk);
    }
    if (request_.backward) {
      std::ranges::sort(found, std::greater<>(), [](const auto& chunk) { return chunk->max_time; });
    } else {
      std::ranges::sort(found, {}, [](const auto& chunk) { return chunk->min_time; });
    }
    return found;
  }

  Result<void> read_chunks() {
    std::uint64_t scanned = 0;
    for (const auto& chunk : candidates()) {
      const Position start = request_.backward ? Position{chunk->max_time, kLastNumber} : Position{chunk->min_time, 0};
      if (!keeper_.wants(std::clamp(start, request_.from, before_end()))) break;  // nor any chunk that follows
      const bool moved_on = request_.backward ? start < request_.to : start > request_.from;
      if (scanned > kMaxScannedBytes && moved_on) {
        keeper_.cut_at(start);
        break;
      }
      Result<void> done = read_chunk(*chunk, scanned);
      if (!done) return done;
    }
    return {};
  }
  Position before_end() const {
    Position last = request_.to;
    if (last.number > 0) {
      --last.number;
    } else {
      --last.time;
      last.number = kLastNumber;
    }
    return std::max(last, request_.from);
  }

  Result<void> read_chunk(const ChunkInfo& info, std::uint64_t& scanned) {
    const auto bytes = view_.snapshot->get(chunk_key(view_.group, info.id));
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return info.id >= view_.first_uncertain_chunk ? Result<void>() : unreadable("log events");
    Result<void> done = read_chunk_columns(**bytes, chunk_);
    if (!done) return done;
    const auto streams = view_.streams->find_all(chunk_.dictionary);
    std::vector<bool> wanted(streams.size());
    for (std::size_t i = 0; i < streams.size(); ++i) wanted[i] = streams[i] && wants_stream(chunk_.dictionary[i]);
    bool has_text = false;
    for (std::size_t i = 0; i < chunk_.size(); ++i) {
      const Position& at = chunk_.positions[i];
      if (!wanted[chunk_.streams[i]] || !keeper_.wants(at)) continue;
      if (!has_text) {
        done = read_chunk_text(**bytes, chunk_);
        if (!done) return done;
        has_text = true;
        scanned += info.bytes;
      }
      consider(at, chunk_.ingested[i], streams[chunk_.streams[i]], chunk_.message(i));
    }
    return {};
  }

  const View& view_;
  PageRequest request_;
  Keeper keeper_;
  Chunk chunk_;
};

}  // namespace

Result<Page> read_page(const View& view, const PageRequest& request) {
  if (request.from >= request.to) return Page{};
  return PageReader(view, request).read();
}

}  // namespace signalbox::logs

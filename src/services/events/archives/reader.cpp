#include "services/events/archives/reader.h"

#include <algorithm>

namespace signalbox::events {
namespace {

/// What all pages hold together, and a page at least.
constexpr std::size_t kMemory = 4 * 1024 * 1024;
constexpr std::size_t kMinPage = 16 * 1024;
/// Later than the time of any event.
constexpr Time kLast = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + std::chrono::days(1);

std::unexpected<Error> broken() {
  return fail("InternalFailure", "The archived events cannot be read.", 500);
}

}  // namespace

ArchiveReader::ArchiveReader(const store::Store& store, const ArchivedEvents& archive, EventPlace from, Time to)
    : store_(store), id_(archive.id()), from_(from), to_(std::min(to, kLast)), closed_(archive.spans(from.time, to)) {
  std::ranges::reverse(closed_);
}

std::size_t ArchiveReader::page_bytes() const {
  return std::clamp(kMemory / (open_.size() + 1), kMinPage, kBlockBytes);
}

Result<const ArchivedEvent*> ArchiveReader::next() {
  const auto later = [](const Stream& a, const Stream& b) { return a.place() > b.place(); };
  if (given_) {
    given_ = false;
    std::ranges::pop_heap(open_, later);
    Stream& last = open_.back();
    bool more = ++last.at < last.page.size();
    if (!more) {
      const Result<bool> filled = fill(last);
      if (!filled) return std::unexpected(filled.error());
      more = *filled;
    }
    if (more) {
      std::ranges::push_heap(open_, later);
    } else {
      open_.pop_back();
    }
  }
  while (!closed_.empty() && (open_.empty() || closed_.back().earliest <= open_.front().place().time)) {
    Stream stream{closed_.back().segment, from_};
    const Result<bool> filled = fill(stream);
    if (!filled) return std::unexpected(filled.error());
    closed_.pop_back();
    if (!*filled) continue;
    open_.push_back(std::move(stream));
    std::ranges::push_heap(open_, later);
  }
  if (open_.empty()) return nullptr;
  given_ = true;
  return &open_.front().page[open_.front().at];
}

Result<bool> ArchiveReader::fill(Stream& stream) const {
  stream.page.clear();
  stream.at = 0;
  const auto snapshot = store_.read();
  // Events become a block in one commit, so either they are there or, in the same snapshot, the block is.
  Result<void> read = read_events(*snapshot, stream);
  if (read && stream.page.empty()) read = read_block(*snapshot, stream);
  if (!read) return std::unexpected(read.error());
  if (stream.page.empty()) return false;
  stream.from = stream.page.back().place;
  ++stream.from.sequence;
  return true;
}

Result<void> ArchiveReader::read_events(const store::Snapshot& snapshot, Stream& stream) const {
  std::size_t bytes = 0;
  bool readable = true;
  const std::string end = place_key(kEventSpace, id_, stream.segment, {to_ + Duration(1), 0}).bytes();
  const Result<void> scanned = snapshot.scan(place_key(kEventSpace, id_, stream.segment, stream.from), end,
                                             [&](std::string_view key, auto value) {
                                               const auto place = read_place(key);
                                               const auto text = decode_event(value);
                                               readable = place && text;
                                               if (!readable) return false;
                                               stream.page.push_back({*place, std::string(*text)});
                                               bytes += text->size();
                                               return bytes < page_bytes();
                                             });
  if (!scanned) return scanned;
  return readable ? Result<void>() : broken();
}

Result<void> ArchiveReader::read_block(const store::Snapshot& snapshot, Stream& stream) const {
  const store::Key all = segment_key(kBlockSpace, id_, stream.segment);
  std::optional<std::vector<ArchivedEvent>> block;
  bool found = false;
  const Result<void> scanned =
      snapshot.scan(place_key(kBlockSpace, id_, stream.segment, stream.from), all.end(), [&](auto, auto value) {
        found = true;
        block = unpack_block(value);
        return false;
      });
  if (!scanned || !found) return scanned;
  if (!block) return broken();
  std::size_t bytes = 0;
  for (ArchivedEvent& event : *block) {
    if (event.place < stream.from) continue;
    if (event.place.time > to_ || bytes >= page_bytes()) break;
    bytes += event.text.size();
    stream.page.push_back(std::move(event));
  }
  return {};
}

}  // namespace signalbox::events

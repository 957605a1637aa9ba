// GetLogEvents and FilterLogEvents.
#include <algorithm>
#include <limits>

#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/core.h"
#include "services/logs/position_text.h"
#include "services/logs/read.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

constexpr Millis kEndOfTime = std::numeric_limits<Millis>::max();

/// Reads a page on a thread of the pool.
asio::awaitable<Result<Page>> read_on_pool(Core& core, const View& view, const PageRequest& request) {
  auto work = [&] { return read_page(view, request); };
  co_return co_await core.workers.run(work);
}

/// "f/3600...0/s": forward from a position, which is the first that the next page may have; "b/.../s": backward from
/// it, which the next page does not have.
std::string page_token(char direction, const Position& at) {
  return std::string{direction} + "/" + to_event_id(at) + "/s";
}

struct Token {
  bool backward = false;
  Position at;
};
Result<Token> read_token(std::string_view text) {
  const bool known = (text.starts_with("f/") || text.starts_with("b/")) && text.ends_with("/s") && text.size() > 4;
  const auto at = known ? from_event_id(text.substr(2, text.size() - 4)) : std::nullopt;
  if (!at) return invalid("The specified nextToken is invalid.");
  return Token{text.front() == 'b', *at};
}

Position after(const Position& at) {
  return {at.time, at.number + 1};
}

Result<PageRequest> page_of(const m::GetLogEventsRequest& request) {
  PageRequest page;
  page.from = {request.start_time.value_or(0), 0};
  page.to = {request.end_time.value_or(kEndOfTime), 0};
  page.backward = !request.start_from_head.value_or(false);
  page.max_events = static_cast<std::size_t>(request.limit.value_or(kMaxPageEvents));
  if (!request.next_token) return page;
  const auto token = read_token(*request.next_token);
  if (!token) return std::unexpected(token.error());
  page.backward = token->backward;
  if (token->backward) {
    page.to = std::min(page.to, token->at);
  } else {
    page.from = std::max(page.from, token->at);
  }
  return page;
}

/// Where the tokens of a page without events stay: where the reader is.
std::pair<Position, Position> tokens_of_nothing(const m::GetLogEventsRequest& request, const PageRequest& asked,
                                                const Page& page) {
  if (page.rest) return {*page.rest, *page.rest};  // only so much was looked at
  if (request.next_token) {
    const auto token = read_token(*request.next_token);
    return {token->at, token->at};
  }
  return {asked.from, asked.from};
}

asio::awaitable<Result<m::GetLogEventsResponse>> get(Core& core, const Call& call, m::GetLogEventsRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name, request.log_group_identifier);
  if (!group) co_return std::unexpected(group.error());
  auto asked = page_of(request);
  if (!asked) co_return std::unexpected(std::move(asked).error());
  auto look = [&]() -> asio::awaitable<Result<View>> {
    const StreamPtr stream = (*group)->streams().find(*request.log_stream_name);
    if (!stream) co_return no_such_stream();
    asked->streams = std::vector{stream->record.id};
    co_return (*group)->view(core.house.clock.now());
  };
  Result<View> view = co_await with_group(*group, std::ref(look));
  if (!view) co_return std::unexpected(std::move(view).error());
  Result<Page> page = co_await read_on_pool(core, *view, *asked);
  if (!page) co_return std::unexpected(std::move(page).error());
  auto [backward, forward] = tokens_of_nothing(request, *asked, *page);
  m::GetLogEventsResponse response;
  auto& events = response.events.emplace();
  for (FoundEvent& found : page->events) {
    m::OutputLogEvent& event = events.emplace_back();
    event.timestamp = found.at.time;
    event.message = std::move(found.message);
    event.ingestion_time = found.ingested;
  }
  if (!page->events.empty()) {
    backward = page->events.front().at;
    forward = after(page->events.back().at);
  }
  response.next_backward_token = page_token('b', backward);
  response.next_forward_token = page_token('f', forward);
  co_return response;
}

constexpr std::string_view kFilterListing = "filter";

Result<PageRequest> page_of(const m::FilterLogEventsRequest& request) {
  PageRequest page;
  page.from = {request.start_time.value_or(0), 0};
  const Millis end = request.end_time.value_or(kEndOfTime);
  page.to = {end == kEndOfTime ? end : end + 1, 0};  // events of that time are included
  page.max_events = static_cast<std::size_t>(request.limit.value_or(kMaxPageEvents));
  auto pattern = filter::Pattern::compile(request.filter_pattern.value_or(""));
  if (!pattern) return std::unexpected(std::move(pattern).error());
  page.pattern = *std::move(pattern);
  if (request.next_token) {
    const auto text = cloud::read_page_token(kFilterListing, *request.next_token);
    const auto at = text ? from_event_id(*text) : std::nullopt;
    if (!at) return invalid("The specified nextToken is invalid.");
    page.from = std::max(page.from, *at);
  }
  if (request.log_stream_names && request.log_stream_name_prefix) {
    return invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  return page;
}

/// The ids of the streams that the request names, one way or another.
Result<std::optional<std::vector<std::uint32_t>>> streams_of(const StreamTable& streams,
                                                             const m::FilterLogEventsRequest& request) {
  std::vector<std::uint32_t> ids;
  if (request.log_stream_names) {
    for (const std::string& name : *request.log_stream_names) {
      const StreamPtr stream = streams.find(name);
      if (!stream) return no_such_stream();
      ids.push_back(stream->record.id);
    }
  } else if (request.log_stream_name_prefix) {
    const auto& all = streams.by_name();
    for (auto at = all.lower_bound(*request.log_stream_name_prefix); at != all.end(); ++at) {
      if (!at->first.starts_with(*request.log_stream_name_prefix)) break;
      ids.push_back(at->second->record.id);
    }
  } else {
    return std::nullopt;
  }
  std::ranges::sort(ids);
  return ids;
}

asio::awaitable<Result<m::FilterLogEventsResponse>> filter_events(Core& core, const Call& call,
                                                                  m::FilterLogEventsRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name, request.log_group_identifier);
  if (!group) co_return std::unexpected(group.error());
  auto asked = page_of(request);
  if (!asked) co_return std::unexpected(std::move(asked).error());
  auto look = [&]() -> asio::awaitable<Result<View>> {
    auto streams = streams_of((*group)->streams(), request);
    if (!streams) co_return std::unexpected(std::move(streams).error());
    asked->streams = *std::move(streams);
    co_return (*group)->view(core.house.clock.now());
  };
  Result<View> view = co_await with_group(*group, std::ref(look));
  if (!view) co_return std::unexpected(std::move(view).error());
  Result<Page> page = co_await read_on_pool(core, *view, *asked);
  if (!page) co_return std::unexpected(std::move(page).error());
  m::FilterLogEventsResponse response;
  response.searched_log_streams.emplace();  // empty since 2020
  auto& events = response.events.emplace();
  for (FoundEvent& found : page->events) {
    m::FilteredLogEvent& event = events.emplace_back();
    event.log_stream_name = found.stream->name;
    event.timestamp = found.at.time;
    event.message = std::move(found.message);
    event.ingestion_time = found.ingested;
    event.event_id = to_event_id(found.at);
  }
  if (page->rest) response.next_token = cloud::make_page_token(kFilterListing, to_event_id(*page->rest));
  co_return response;
}

}  // namespace

void register_get_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kGetLogEvents, [&core](const Call& call, m::GetLogEventsRequest request) {
    return get(core, call, std::move(request));
  });
  door.handle(m::kFilterLogEvents, [&core](const Call& call, m::FilterLogEventsRequest request) {
    return filter_events(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs

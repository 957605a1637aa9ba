#include <algorithm>

#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/ingest.h"
#include "services/logs/position_text.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

constexpr std::int32_t kMaxStreams = 50;

asio::awaitable<Result<m::CreateLogStreamResponse>> create(Core& core, const Call& call,
                                                           m::CreateLogStreamRequest request) {
  auto named = named_group(core, call.scope, request.log_group_name);
  if (!named) co_return std::unexpected(std::move(named).error());
  const GroupPtr group = *named;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (group->streams().find(*request.log_stream_name)) {
      co_return fail("ResourceAlreadyExistsException", "The specified log stream already exists");
    }
    store::Batch batch;
    const StreamPtr stream = make_stream(*group, *request.log_stream_name, millis_of(core.house.clock.now()), batch);
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) group->streams().remove(*stream);
    co_return done;
  };
  Result<void> done = co_await with_group(group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::CreateLogStreamResponse{};
}

asio::awaitable<Result<m::DeleteLogStreamResponse>> remove(Core& core, const Call& call,
                                                           m::DeleteLogStreamRequest request) {
  auto named = named_group(core, call.scope, request.log_group_name);
  if (!named) co_return std::unexpected(std::move(named).error());
  const GroupPtr group = *named;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const StreamPtr stream = group->streams().find(*request.log_stream_name);
    if (!stream) co_return no_such_stream();
    store::Batch batch;
    batch.erase(stream_key(group->id, stream->name));
    batch.put(next_stream_key(group->id), store::encode(store::NumberRecord{group->next_stream}));
    group->streams().remove(*stream);
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) {
      group->streams().add(stream);
      co_return done;
    }
    group->has_garbage = true;
    sweep_when_due(core, group);
    co_return done;
  };
  Result<void> done = co_await with_group(group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteLogStreamResponse{};
}

m::LogStream shown(const Group& group, const Stream& stream) {
  const StreamRecord& record = stream.record;
  m::LogStream out;
  out.log_stream_name = stream.name;
  out.creation_time = record.created;
  if (record.first >= 0) {
    out.first_event_timestamp = record.first;
    out.last_event_timestamp = record.last;
    out.last_ingestion_time = record.ingested;
  }
  out.upload_sequence_token = to_event_id({record.created, record.id});
  out.arn = group.record()->arn() + ":log-stream:" + stream.name;
  out.stored_bytes = 0;  // "As of June 17, 2019, this parameter is no longer supported for log streams"
  return out;
}

struct StreamQuery {
  std::string prefix;
  bool by_time = false;
  bool descending = false;
  std::size_t most = 0;
  std::optional<std::string> token;
};

/// The listing's name in page tokens: a token holds for the order it was given in.
std::string listing_of(const StreamQuery& query) {
  return std::string("streams-") + (query.by_time ? "time" : "name") + (query.descending ? "-down" : "-up");
}

using Found = std::vector<StreamPtr>;

/// One more than asked for, where there are more.
Found by_name(const StreamTable::ByName& streams, const StreamQuery& query, const std::optional<std::string>& last) {
  Found found;
  auto first = streams.lower_bound(query.prefix);
  auto end = streams.end();
  if (!query.prefix.empty()) {
    std::string after = query.prefix;  // the prefix with its last byte one higher; 0xFF is no byte of UTF-8
    ++after.back();
    end = streams.lower_bound(after);
  }
  if (!query.descending) {
    if (last && *last >= query.prefix) first = streams.upper_bound(*last);
    for (; first != end && found.size() <= query.most; ++first) {
      if (!first->first.starts_with(query.prefix)) break;
      found.push_back(first->second);
    }
    return found;
  }
  if (last) end = streams.lower_bound(*last);
  while (end != first && found.size() <= query.most) {
    --end;
    if (!end->first.starts_with(query.prefix)) break;
    found.push_back(end->second);
  }
  return found;
}

Found by_time(const StreamTable::ByName& streams, const StreamQuery& query, const std::optional<std::string>& last) {
  // Sorted by what the token holds: the time with an offset that makes it sort as text, then the name.
  const auto order = [](const Stream& stream) {
    return std::pair<Millis, std::string_view>(stream.record.last, stream.name);
  };
  const auto before = [&](const StreamPtr& a, const StreamPtr& b) {
    return query.descending ? order(*b) < order(*a) : order(*a) < order(*b);
  };
  std::optional<std::pair<Millis, std::string>> after;
  if (last) {
    const auto space = last->find(' ');
    after.emplace(std::strtoll(last->c_str(), nullptr, 10), space == std::string::npos ? "" : last->substr(space + 1));
  }
  Found found;
  for (const auto& [name, stream] : streams) {
    if (after) {
      const std::pair<Millis, std::string_view> mark(after->first, after->second);
      if (query.descending ? order(*stream) >= mark : order(*stream) <= mark) continue;
    }
    found.push_back(stream);
  }
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(found.size(), query.most + 1));
  std::partial_sort(found.begin(), end, found.end(), before);
  found.erase(end, found.end());
  return found;
}

Result<m::DescribeLogStreamsResponse> describe_here(const Group& group, const StreamTable::ByName& streams,
                                                    const StreamQuery& query) {
  std::optional<std::string> last;
  if (query.token) {
    last = cloud::read_page_token(listing_of(query), *query.token);
    if (!last) return invalid("The specified nextToken is invalid.");
  }
  Found found = query.by_time ? by_time(streams, query, last) : by_name(streams, query, last);
  m::DescribeLogStreamsResponse response;
  auto& list = response.log_streams.emplace();
  if (found.size() > query.most) {
    found.resize(query.most);
    const Stream& end = *found.back();
    response.next_token = cloud::make_page_token(
        listing_of(query), query.by_time ? std::to_string(end.record.last) + " " + end.name : end.name);
  }
  for (const StreamPtr& stream : found) list.push_back(shown(group, *stream));
  return response;
}

asio::awaitable<Result<m::DescribeLogStreamsResponse>> describe(Core& core, const Call& call,
                                                                m::DescribeLogStreamsRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name, request.log_group_identifier);
  if (!group) co_return std::unexpected(group.error());
  StreamQuery query;
  query.prefix = request.log_stream_name_prefix.value_or("");
  query.by_time = request.order_by == m::order_by::kLastEventTime;
  query.descending = request.descending.value_or(false);
  query.most = static_cast<std::size_t>(request.limit.value_or(kMaxStreams));
  query.token = request.next_token;
  if (query.by_time && !query.prefix.empty()) {
    co_return invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  auto work = [&]() -> asio::awaitable<Result<m::DescribeLogStreamsResponse>> {
    co_return describe_here(**group, (*group)->streams().by_name(), query);
  };
  co_return co_await with_group(*group, std::ref(work));
}

}  // namespace

void register_stream_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateLogStream, [&core](const Call& call, m::CreateLogStreamRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDeleteLogStream, [&core](const Call& call, m::DeleteLogStreamRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeLogStreams, [&core](const Call& call, m::DescribeLogStreamsRequest request) {
    return describe(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs

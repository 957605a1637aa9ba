// Logs Insights: queries.
#include <algorithm>

#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/core.h"
#include "services/logs/event_fields.h"
#include "services/logs/queries.h"
#include "services/logs/read.h"
#include "services/logs/record_pointer.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

constexpr std::size_t kMaxGroupsOfQuery = 50;
constexpr std::size_t kMaxQueryPage = 1000;
constexpr std::size_t kMaxResultsPage = 10'000;

std::unexpected<Error> no_such_query() {
  return fail("ResourceNotFoundException", "Query does not exist.");
}

Result<std::vector<GroupPtr>> groups_of(const Core& core, const Call& call, const m::StartQueryRequest& request) {
  const int given = int{request.log_group_name.has_value()} + int{request.log_group_names.has_value()} +
                    int{request.log_group_identifiers.has_value()};
  if (given != 1) {
    return invalid(
        "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given; SOURCE is not supported.");
  }
  std::vector<std::string> wanted;
  if (request.log_group_name) wanted = {*request.log_group_name};
  if (request.log_group_names) wanted = *request.log_group_names;
  if (request.log_group_identifiers) wanted = *request.log_group_identifiers;
  if (wanted.empty() || wanted.size() > kMaxGroupsOfQuery) {
    return invalid("A query takes 1 to " + std::to_string(kMaxGroupsOfQuery) + " log groups.");
  }
  std::vector<GroupPtr> groups;
  for (const std::string& one : wanted) {
    auto group = named_group(core, call.scope, std::nullopt, one);
    if (!group) return std::unexpected(std::move(group).error());
    if (std::ranges::find(groups, *group) == groups.end()) groups.push_back(*std::move(group));
  }
  return groups;
}

asio::awaitable<Result<std::vector<QuerySource>>> sources_of(Core& core, std::vector<GroupPtr> groups) {
  std::vector<QuerySource> sources;
  for (const GroupPtr& group : groups) {
    auto look = [&]() -> asio::awaitable<Result<View>> { co_return group->view(core.house.clock.now()); };
    auto view = co_await with_group(group, std::ref(look));
    if (!view) co_return std::unexpected(std::move(view).error());
    sources.push_back({*std::move(view), group->name, group->record()->scope.account + ":" + group->name});
  }
  co_return sources;
}

/// The end of the year 9999, in seconds: far beyond any event, and far from where milliseconds overflow.
constexpr std::int64_t kLastSecond = 253'402'300'799;

/// The API's times are seconds.
Millis millis_of_seconds(std::int64_t seconds) {
  return std::clamp<std::int64_t>(seconds, 0, kLastSecond) * 1000;
}

asio::awaitable<Result<m::StartQueryResponse>> start(Core& core, Queries& queries, const Call& call,
                                                     m::StartQueryRequest request) {
  if (request.query_language.value_or(m::query_language::kCWLI) != m::query_language::kCWLI) {
    co_return not_supported("queryLanguage " + *request.query_language, "queries are in CWLI");
  }
  if (*request.start_time > *request.end_time) co_return invalid("endTime must not be before startTime.");
  const auto groups = groups_of(core, call, request);
  if (!groups) co_return std::unexpected(groups.error());
  const Millis now = millis_of(core.house.clock.now());
  std::optional<std::size_t> limit;
  if (request.limit) limit = static_cast<std::size_t>(*request.limit);
  auto query = insights::Query::compile(*request.query_string, {now, limit});
  if (!query) co_return std::unexpected(std::move(query).error());
  auto sources = co_await sources_of(core, *groups);
  if (!sources) co_return std::unexpected(std::move(sources).error());
  QueryRun::Given given{core.house.random.uuid(),
                        call.scope,
                        *request.query_string,
                        "",
                        now,
                        millis_of_seconds(*request.start_time),
                        millis_of_seconds(*request.end_time) + 999};
  for (const GroupPtr& group : *groups) given.group_names += (given.group_names.empty() ? "" : ",") + group->name;
  auto run = std::make_shared<QueryRun>(std::move(given), *std::move(query), *std::move(sources));
  if (auto started = queries.start(run); !started) co_return std::unexpected(std::move(started).error());
  m::StartQueryResponse response;
  response.query_id = run->given.id;
  co_return response;
}

m::QueryStatistics statistics_of(const QueryRun& query) {
  const QueryFigures figures = query.figures();
  m::QueryStatistics out;
  out.records_matched = static_cast<double>(figures.matched);
  out.records_scanned = static_cast<double>(figures.scanned);
  out.bytes_scanned = static_cast<double>(figures.bytes);
  out.estimated_records_skipped = 0;
  out.estimated_bytes_skipped = 0;
  out.log_groups_scanned = static_cast<double>(query.groups.size());
  return out;
}

std::vector<m::ResultField> shown(const QueryRun& query, insights::ResultRow row) {
  std::vector<m::ResultField> fields;
  const auto put = [&](std::string name, std::string value) {
    m::ResultField& field = fields.emplace_back();
    field.field = std::move(name);
    field.value = std::move(value);
  };
  for (auto& [name, value] : row.fields) put(std::move(name), std::move(value));
  if (row.pointer)
    put("@ptr", to_text(RecordPointer{query.groups[row.pointer->group], {row.pointer->time, row.pointer->number}}));
  return fields;
}

asio::awaitable<Result<m::GetQueryResultsResponse>> results(Core& core, const Queries& queries, const Call& call,
                                                            m::GetQueryResultsRequest request) {
  const QueryPtr query = queries.find(call.scope, *request.query_id);
  if (!query) co_return no_such_query();
  std::size_t first = 0;
  if (request.next_token) {
    const auto text = cloud::read_page_token("results", *request.next_token);
    const auto id_end = text ? text->find(' ') : std::string::npos;
    if (id_end == std::string::npos || text->substr(id_end + 1) != query->given.id) {
      co_return invalid("The specified nextToken is invalid.");
    }
    first = std::strtoull(text->c_str(), nullptr, 10);
  }
  m::GetQueryResultsResponse response;
  response.query_language = m::query_language::kCWLI;
  response.status = std::string(to_text(query->status()));  // before the results: those are then of a later moment
  auto work = [&] { return query->results(); };
  auto rows = co_await core.workers.run(work);
  if (!rows) co_return std::unexpected(Error{"InvalidParameterException", rows.error().message});
  response.statistics = statistics_of(*query);
  auto& list = response.results.emplace();
  const auto most = std::max<std::size_t>(1, static_cast<std::size_t>(request.max_items.value_or(kMaxResultsPage)));
  const std::size_t end = std::min(rows->size(), first + most);
  for (std::size_t i = std::min(first, end); i < end; ++i) list.push_back(shown(*query, std::move((*rows)[i])));
  if (end < rows->size()) {
    response.next_token = cloud::make_page_token("results", std::to_string(end) + " " + query->given.id);
  }
  co_return response;
}

asio::awaitable<Result<m::StopQueryResponse>> stop(Queries& queries, const Call& call, m::StopQueryRequest request) {
  const QueryPtr query = queries.find(call.scope, *request.query_id);
  if (!query) co_return no_such_query();
  if (!queries.cancel(*query)) {
    co_return invalid("Query " + query->given.id + " has ended with " + std::string(to_text(query->status())) +
                      " status.");
  }
  m::StopQueryResponse response;
  response.success = true;
  co_return response;
}

asio::awaitable<Result<m::DescribeQueriesResponse>> describe(const Queries& queries, const Call& call,
                                                             m::DescribeQueriesRequest request) {
  std::string last;
  if (request.next_token) {
    const auto read = cloud::read_page_token("queries", *request.next_token);
    if (!read) co_return invalid("The specified nextToken is invalid.");
    last = *read;
  }
  m::DescribeQueriesResponse response;
  auto& list = response.queries.emplace();
  if (request.query_language.value_or(m::query_language::kCWLI) != m::query_language::kCWLI) co_return response;
  const auto most = std::min(kMaxQueryPage, static_cast<std::size_t>(request.max_results.value_or(kMaxQueryPage)));
  for (const QueryPtr& query : queries.list(call.scope)) {
    if (!last.empty()) {
      if (query->given.id == last) last.clear();
      continue;
    }
    const std::string status(to_text(query->status()));
    if (request.status && *request.status != status) continue;
    if (request.log_group_name && std::ranges::find(query->groups, *request.log_group_name) == query->groups.end())
      continue;
    if (list.size() == most) {
      response.next_token = cloud::make_page_token("queries", *list.back().query_id);
      break;
    }
    m::QueryInfo& info = list.emplace_back();
    info.query_language = m::query_language::kCWLI;
    info.query_id = query->given.id;
    info.query_string = query->given.text;
    info.status = status;
    info.create_time = query->given.created;
    info.log_group_name = query->given.group_names;
    info.query_duration = query->duration();
    info.bytes_scanned = static_cast<double>(query->figures().bytes);
  }
  co_return response;
}

asio::awaitable<Result<m::GetLogRecordResponse>> get_record(Core& core, const Call& call,
                                                            m::GetLogRecordRequest request) {
  const auto pointer = read_record_pointer(*request.log_record_pointer);
  if (!pointer) co_return invalid("The log record pointer is invalid.");
  const GroupPtr group = core.find(call.scope, pointer->group);
  if (!group) co_return no_such_group();
  auto look = [&]() -> asio::awaitable<Result<View>> { co_return group->view(core.house.clock.now()); };
  auto view = co_await with_group(group, std::ref(look));
  if (!view) co_return std::unexpected(std::move(view).error());
  PageRequest asked;
  asked.from = pointer->at;
  asked.to = {pointer->at.time, pointer->at.number + 1};
  auto work = [&] { return read_page(*view, asked); };
  auto page = co_await core.workers.run(work);
  if (!page) co_return std::unexpected(std::move(page).error());
  if (page->events.empty()) co_return fail("ResourceNotFoundException", "The log record does not exist.");
  const FoundEvent& event = page->events.front();
  m::GetLogRecordResponse response;
  auto& record = response.log_record.emplace();
  for (auto& [name, value] : fields_in(event.message)) record[name] = std::move(value);
  record["@timestamp"] = std::to_string(event.at.time);
  record["@ingestionTime"] = std::to_string(event.ingested);
  record["@message"] = event.message;
  record["@logStream"] = event.stream->name;
  record["@log"] = call.scope.account + ":" + group->name;
  co_return response;
}

constexpr std::size_t kSampledEvents = 1000;
constexpr Millis kMinute = 60'000;

asio::awaitable<Result<m::GetLogGroupFieldsResponse>> get_fields(Core& core, const Call& call,
                                                                 m::GetLogGroupFieldsRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name, request.log_group_identifier);
  if (!group) co_return std::unexpected(group.error());
  auto look = [&]() -> asio::awaitable<Result<View>> { co_return (*group)->view(core.house.clock.now()); };
  auto view = co_await with_group(*group, std::ref(look));
  if (!view) co_return std::unexpected(std::move(view).error());
  // "the 8 minutes before and 8 minutes after" a time, else the last 15.
  const Millis now = millis_of(core.house.clock.now());
  const Millis time = request.time ? millis_of_seconds(*request.time) : now;
  PageRequest asked;
  asked.from = {time - (request.time ? 8 : 15) * kMinute, 0};
  asked.to = {time + 8 * kMinute, 0};
  asked.backward = true;
  asked.max_events = kSampledEvents;
  auto work = [&] { return read_page(*view, asked); };
  auto page = co_await core.workers.run(work);
  if (!page) co_return std::unexpected(std::move(page).error());
  std::map<std::string, std::size_t> counts;
  for (const FoundEvent& event : page->events) {
    for (const auto& [name, value] : fields_in(event.message)) ++counts[name];
    for (const char* name : {"@timestamp", "@ingestionTime", "@message", "@logStream", "@log"}) ++counts[name];
  }
  m::GetLogGroupFieldsResponse response;
  auto& list = response.log_group_fields.emplace();
  for (const auto& [name, count] : counts) {
    m::LogGroupField& field = list.emplace_back();
    field.name = name;
    field.percent = static_cast<std::int32_t>(count * 100 / page->events.size());
  }
  co_return response;
}

}  // namespace

void register_query_operations(Core& core, Queries& queries) {
  auto& door = core.house.door;
  door.handle(m::kStartQuery, [&](const Call& call, m::StartQueryRequest request) {
    return start(core, queries, call, std::move(request));
  });
  door.handle(m::kGetQueryResults, [&](const Call& call, m::GetQueryResultsRequest request) {
    return results(core, queries, call, std::move(request));
  });
  door.handle(m::kStopQuery,
              [&](const Call& call, m::StopQueryRequest request) { return stop(queries, call, std::move(request)); });
  door.handle(m::kDescribeQueries, [&](const Call& call, m::DescribeQueriesRequest request) {
    return describe(queries, call, std::move(request));
  });
  door.handle(m::kGetLogRecord, [&](const Call& call, m::GetLogRecordRequest request) {
    return get_record(core, call, std::move(request));
  });
  door.handle(m::kGetLogGroupFields, [&](const Call& call, m::GetLogGroupFieldsRequest request) {
    return get_fields(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs

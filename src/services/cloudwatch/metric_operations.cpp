// PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics.
#include <algorithm>

#include "cloud/paging.h"
#include "services/cloudwatch/get_metric_data.h"
#include "services/cloudwatch/put_metric_data.h"
#include "store/key.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

constexpr std::size_t kMetricsPage = 500;
/// A metric without samples for so long is not listed any more; one with, within the hours of RecentlyActive, is
/// recent.
constexpr auto kListedFor = std::chrono::hours(14 * 24);
constexpr auto kRecent = std::chrono::hours(3);

/// A metric as a page token holds it.
std::string token_of(const MetricId& metric) {
  store::Key key(metric.name_space);
  key.text(metric.name);
  for (const auto& [name, value] : metric.dimensions) key.text(name).text(value);
  return cloud::make_page_token("ListMetrics", key.bytes());
}

Result<std::optional<MetricId>> after_of(const cloud::Scope& scope, const std::optional<std::string>& token) {
  if (!token) return std::nullopt;
  const auto invalid = [] { return fail("InvalidParameterValueException", "The NextToken is not valid."); };
  const auto bytes = cloud::read_page_token("ListMetrics", *token);
  if (!bytes) return invalid();
  store::KeyReader in(*bytes);
  const auto name_space = in.text();
  const auto name = in.text();
  if (!name_space || !name) return invalid();
  MetricId metric{scope, *name_space, *name, {}};
  while (!in.done()) {
    const auto dimension = in.text();
    const auto value = in.text();
    if (!dimension || !value) return invalid();
    metric.dimensions[*dimension] = *value;
  }
  return metric;
}

bool has_all(const MetricId& metric, const std::vector<m::DimensionFilter>& filters) {
  return std::ranges::all_of(filters, [&](const m::DimensionFilter& filter) {
    const auto found = metric.dimensions.find(*filter.name);
    return found != metric.dimensions.end() && (!filter.value || found->second == *filter.value);
  });
}

Result<m::ListMetricsOutput> list_metrics(Core& core, const cloud::Scope& scope, const m::ListMetricsInput& request) {
  if (request.include_linked_accounts.value_or(false)) return not_supported_yet("IncludeLinkedAccounts");
  if (request.owning_account && *request.owning_account != scope.account) return not_supported_yet("OwningAccount");
  const auto after = after_of(scope, request.next_token);
  if (!after) return std::unexpected(after.error());
  const Time since = core.house.clock.now() - (request.recently_active ? kRecent : kListedFor);
  const auto wanted = [&](const ListedMetric& listed) {
    if (request.metric_name && listed.metric.name != *request.metric_name) return false;
    return listed.last >= since && (!request.dimensions || has_all(listed.metric, *request.dimensions));
  };
  auto found = core.metrics.list(scope, request.namespace_, *after, kMetricsPage + 1, wanted);
  m::ListMetricsOutput output;
  if (found.size() > kMetricsPage) {
    found.pop_back();
    output.next_token = token_of(found.back().metric);
  }
  output.metrics.emplace();
  for (const ListedMetric& listed : found) {
    m::Metric& metric = output.metrics->emplace_back();
    metric.namespace_ = listed.metric.name_space;
    metric.metric_name = listed.metric.name;
    metric.dimensions.emplace();
    for (const auto& [name, value] : listed.metric.dimensions) metric.dimensions->push_back({name, value});
  }
  return output;
}

asio::awaitable<Result<m::PutMetricDataResponse>> put_metric_data(Core& core, const Call& call,
                                                                  m::PutMetricDataInput request) {
  auto samples = samples_of(call.scope, request, core.house.clock.now());
  if (!samples) co_return std::unexpected(std::move(samples).error());
  Result<void> done = co_await core.metrics.put(*std::move(samples));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutMetricDataResponse{};
}

}  // namespace

asio::awaitable<Result<void>> take_measures(Core& core) {
  std::map<std::pair<cloud::Scope, std::string>, std::vector<Sample>> by_namespace;
  for (cloud::Measures::Taken& taken : core.house.measures.take()) {
    auto& samples = by_namespace[{taken.id.scope, taken.id.name_space}];
    samples.push_back({std::move(taken.id), std::move(taken.unit), taken.time, false, std::move(taken.samples)});
  }
  Result<void> all;
  for (auto& [name, samples] : by_namespace) {
    Result<void> done = co_await core.metrics.put(std::move(samples));
    if (!done) all = std::move(done);
  }
  co_return all;
}

void register_metric_operations(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kPutMetricData, [&core](const Call& call, m::PutMetricDataInput request) {
    return put_metric_data(core, call, std::move(request));
  });
  // Whoever asks sees what this server measured until now.
  door.handle(
      m::kGetMetricData,
      [&core](const Call& call, m::GetMetricDataInput request) -> asio::awaitable<Result<m::GetMetricDataOutput>> {
        Result<void> taken = co_await take_measures(core);
        if (!taken) co_return std::unexpected(std::move(taken).error());
        co_return get_metric_data(core, call.scope, request);
      });
  door.handle(m::kGetMetricStatistics,
              [&core](const Call& call,
                      m::GetMetricStatisticsInput request) -> asio::awaitable<Result<m::GetMetricStatisticsOutput>> {
                Result<void> taken = co_await take_measures(core);
                if (!taken) co_return std::unexpected(std::move(taken).error());
                co_return get_metric_statistics(core, call.scope, request);
              });
  door.handle(m::kListMetrics,
              [&core](const Call& call, m::ListMetricsInput request) -> asio::awaitable<Result<m::ListMetricsOutput>> {
                Result<void> taken = co_await take_measures(core);
                if (!taken) co_return std::unexpected(std::move(taken).error());
                co_return list_metrics(core, call.scope, request);
              });
}

}  // namespace signalbox::cloudwatch

// Metric filters.
#include <algorithm>

#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/metric_filters.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's quota of metric filters of a log group.
constexpr std::size_t kMaxFilters = 100;
constexpr std::int32_t kMaxFilterPage = 50;

asio::awaitable<Result<m::TestMetricFilterResponse>> test(m::TestMetricFilterRequest request) {
  const auto pattern = filter::Pattern::compile(request.filter_pattern.value_or(""));
  if (!pattern) co_return std::unexpected(pattern.error());
  m::TestMetricFilterResponse response;
  auto& matches = response.matches.emplace();
  std::int64_t number = 0;
  for (const std::string& message : request.log_event_messages.value_or(std::vector<std::string>())) {
    ++number;
    if (!pattern->matches(message)) continue;
    m::MetricFilterMatchRecord& match = matches.emplace_back();
    match.event_number = number;
    match.event_message = message;
    match.extracted_values = pattern->extract(message);
  }
  co_return response;
}

/// Whether somebody keeps the metrics.
bool has_metrics(const Core& core) {
  return std::ranges::any_of(core.house.door.services(),
                             [](const wire::Service* one) { return one->id == "cloudwatch"; });
}

Result<MetricFilter> filter_of(const Core& core, const m::PutMetricFilterRequest& request) {
  if (!has_metrics(core)) return not_supported("metricTransformations", "this server has no CloudWatch metrics yet");
  if (request.apply_on_transformed_logs.value_or(false)) {
    return not_supported("applyOnTransformedLogs", "there are no transformers");
  }
  if (request.field_selection_criteria) return not_supported("fieldSelectionCriteria", "it is not done yet");
  if (request.emit_system_field_dimensions) return not_supported("emitSystemFieldDimensions", "it is not done yet");
  const m::MetricTransformation& given = request.metric_transformations->front();
  MetricFilterRecord record;
  record.name = *request.filter_name;
  record.pattern = *request.filter_pattern;
  record.metric = *given.metric_name;
  record.metric_namespace = *given.metric_namespace;
  record.value = *given.metric_value;
  record.default_value = given.default_value;
  record.unit = given.unit.value_or("");
  record.dimensions = given.dimensions.value_or(Tags());
  record.created = millis_of(core.house.clock.now());
  return compile_metric_filter(std::move(record));
}

asio::awaitable<Result<void>> put_here(Core& core, GroupPtr group, MetricFilter made) {
  const auto turn = co_await group->turns.take();
  if (group->deleted) co_return no_such_group();
  const std::string name = made.record.name;
  const auto before = group->metric_filters.find(name);
  if (before == group->metric_filters.end() && group->metric_filters.size() >= kMaxFilters) {
    co_return fail("LimitExceededException", "Resource limit exceeded.");
  }
  store::Batch batch;
  batch.put(metric_filter_key(group->id, name), store::encode(made.record));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) group->metric_filters.insert_or_assign(name, std::move(made));
  co_return done;
}

asio::awaitable<Result<m::PutMetricFilterResponse>> put(Core& core, const Call& call,
                                                        m::PutMetricFilterRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  auto made = filter_of(core, request);
  if (!made) co_return std::unexpected(std::move(made).error());
  auto work = [&] { return put_here(core, *group, *std::move(made)); };
  Result<void> done = co_await with_group(*group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutMetricFilterResponse{};
}

asio::awaitable<Result<m::DeleteMetricFilterResponse>> remove(Core& core, const Call& call,
                                                              m::DeleteMetricFilterRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await (*group)->turns.take();
    const std::string& name = *request.filter_name;
    if (!(*group)->metric_filters.contains(name)) {
      co_return fail("ResourceNotFoundException", "The specified metric filter does not exist.");
    }
    store::Batch batch;
    batch.erase(metric_filter_key((*group)->id, name));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*group)->metric_filters.erase(name);
    co_return done;
  };
  Result<void> done = co_await with_group(*group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteMetricFilterResponse{};
}

m::MetricFilter shown(const Group& group, const MetricFilterRecord& record) {
  m::MetricFilter out;
  out.filter_name = record.name;
  out.filter_pattern = record.pattern;
  out.log_group_name = group.name;
  out.creation_time = record.created;
  out.apply_on_transformed_logs = false;
  m::MetricTransformation& transformation = out.metric_transformations.emplace().emplace_back();
  transformation.metric_name = record.metric;
  transformation.metric_namespace = record.metric_namespace;
  transformation.metric_value = record.value;
  transformation.default_value = record.default_value;
  if (!record.dimensions.empty()) transformation.dimensions = record.dimensions;
  if (!record.unit.empty()) transformation.unit = record.unit;
  return out;
}

/// Filters of one group that the request wants, after `last`: "GROUP\0FILTER" of the last one shown.
asio::awaitable<Result<std::vector<m::MetricFilter>>> filters_of(GroupPtr group,
                                                                 const m::DescribeMetricFiltersRequest& request,
                                                                 const std::string& last) {
  auto work = [&]() -> asio::awaitable<Result<std::vector<m::MetricFilter>>> {
    std::vector<m::MetricFilter> found;
    for (const auto& [name, filter] : group->metric_filters) {
      if (group->name + '\0' + name <= last || !name.starts_with(request.filter_name_prefix.value_or(""))) continue;
      if (request.metric_name && *request.metric_name != filter.record.metric) continue;
      if (request.metric_namespace && *request.metric_namespace != filter.record.metric_namespace) continue;
      found.push_back(shown(*group, filter.record));
    }
    co_return found;
  };
  auto found = co_await with_group(group, std::ref(work));
  if (!found && found.error().code == "ResourceNotFoundException") co_return std::vector<m::MetricFilter>();
  co_return found;
}

asio::awaitable<Result<m::DescribeMetricFiltersResponse>> describe(Core& core, const Call& call,
                                                                   m::DescribeMetricFiltersRequest request) {
  if (request.metric_name.has_value() != request.metric_namespace.has_value()) {
    co_return invalid("metricName and metricNamespace must be given together.");
  }
  std::string last;
  if (request.next_token) {
    const auto read = cloud::read_page_token("metric-filters", *request.next_token);
    if (!read) co_return invalid("The specified nextToken is invalid.");
    last = *read;
  }
  std::vector<GroupPtr> groups;
  if (request.log_group_name) {
    const auto group = named_group(core, call.scope, request.log_group_name);
    if (!group) co_return std::unexpected(group.error());
    groups.push_back(*group);
  } else {
    groups = core.list(call.scope, "", "", core.count(call.scope));
  }
  m::DescribeMetricFiltersResponse response;
  auto& list = response.metric_filters.emplace();
  const auto most = static_cast<std::size_t>(request.limit.value_or(kMaxFilterPage));
  for (const GroupPtr& group : groups) {
    if (group->name < last.substr(0, last.find('\0'))) continue;
    auto found = co_await filters_of(group, request, last);
    if (!found) co_return std::unexpected(std::move(found).error());
    for (m::MetricFilter& filter : *found) {
      if (list.size() == most) {
        response.next_token =
            cloud::make_page_token("metric-filters", *list.back().log_group_name + '\0' + *list.back().filter_name);
        co_return response;
      }
      list.push_back(std::move(filter));
    }
  }
  co_return response;
}

}  // namespace

void register_filter_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kTestMetricFilter,
              [](const Call&, m::TestMetricFilterRequest request) { return test(std::move(request)); });
  door.handle(m::kPutMetricFilter, [&core](const Call& call, m::PutMetricFilterRequest request) {
    return put(core, call, std::move(request));
  });
  door.handle(m::kDeleteMetricFilter, [&core](const Call& call, m::DeleteMetricFilterRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeMetricFilters, [&core](const Call& call, m::DescribeMetricFiltersRequest request) {
    return describe(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs

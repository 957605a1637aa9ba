#include "services/logs/metric_filters.h"

#include "services/logs/filter/operand.h"

namespace signalbox::logs {
namespace {

constexpr std::size_t kMaxDimensions = 3;

cloud::MetricId metric_of(const Group& group, const MetricFilterRecord& record) {
  return {group.record()->scope, record.metric_namespace, record.metric, {}};
}

std::string_view unit_of(const MetricFilterRecord& record) {
  return record.unit.empty() ? std::string_view("None") : std::string_view(record.unit);
}

/// The value of the metric for an event that matches; empty when the event has no number there.
std::optional<double> value_of(const MetricFilter& filter, std::string_view message) {
  if (const auto constant = filter::number_of(filter.record.value)) return constant;
  const auto text = filter.pattern.value(message, filter.record.value);
  return text ? filter::number_of(*text) : std::nullopt;
}

void record(Core& core, const Group& group, const MetricFilter& filter, std::string_view message) {
  const auto value = value_of(filter, message);
  if (!value) return;
  cloud::MetricId id = metric_of(group, filter.record);
  for (const auto& [name, selector] : filter.record.dimensions) {
    auto text = filter.pattern.value(message, selector);
    if (!text || text->empty()) return;  // "the metric filter doesn't report" without one of its dimensions
    id.dimensions[name] = *std::move(text);
  }
  core.house.measures.record(std::move(id), unit_of(filter.record), *value);
}

bool is_selector(const MetricFilter& filter, const std::string& text) {
  return text.starts_with('$') && filter.pattern.can_select(text);
}

}  // namespace

void measure(Core& core, const Group& group, std::span<const NewEvent> events) {
  for (const auto& [name, filter] : group.metric_filters) {
    bool matched = false;
    for (const NewEvent& event : events) {
      if (!filter.pattern.matches(event.message)) continue;
      matched = true;
      record(core, group, filter, event.message);
    }
    if (matched || !filter.record.default_value) continue;
    core.house.measures.record(metric_of(group, filter.record), unit_of(filter.record), *filter.record.default_value);
  }
}

Result<MetricFilter> compile_metric_filter(MetricFilterRecord given) {
  auto pattern = filter::Pattern::compile(given.pattern);
  if (!pattern) return std::unexpected(std::move(pattern).error());
  MetricFilter filter{std::move(given), *std::move(pattern)};
  const MetricFilterRecord& made = filter.record;
  if (!filter::number_of(made.value) && !is_selector(filter, made.value)) {
    return invalid("Invalid metric transformation: metricValue " + made.value +
                   " is neither a number nor in the filter pattern.");
  }
  if (made.dimensions.size() > kMaxDimensions) return invalid("Invalid metric transformation: more than 3 dimensions.");
  if (!made.dimensions.empty() && made.default_value) {
    return invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.");
  }
  for (const auto& [name, selector] : made.dimensions) {
    if (name.empty() || !is_selector(filter, selector)) {
      return invalid("Invalid metric transformation: dimension " + name + " is not in the filter pattern.");
    }
  }
  return filter;
}

}  // namespace signalbox::logs

#include "services/cloudwatch/cloudwatch.h"

#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <future>

#include "services/cloudwatch/absent.h"
#include "services/cloudwatch/access.h"
#include "services/cloudwatch/core.h"

namespace signalbox::cloudwatch {
namespace {

/// Measures are taken at the end of the minute, and when somebody asks.
constexpr auto kTakeEvery = std::chrono::minutes(1);
/// How long a stop waits for the last of them to be stored.
constexpr auto kLastTake = std::chrono::seconds(5);

void take_at_minute(Core& core) {
  cloud::Shard& shard = core.house.shards.at(0);
  const auto since = core.house.clock.now().time_since_epoch();
  const Time end{since - since % kTakeEvery + kTakeEvery};
  shard.alarms().set(end, [&core, &shard] {
    shard.spawn("cloudwatch.measures", [](Core& of) -> asio::awaitable<void> {
      const Result<void> taken = co_await take_measures(of);
      if (!taken) of.house.log.error("measures were lost", {{"why", taken.error().message}});
    }(core));
  });
}

}  // namespace

Core::Core(const cloud::House& with) : house(with), metrics(house), alarms(with.shards) {}

Result<cloud::MetricId> metric_of(const cloud::Scope& scope, const std::optional<std::string>& name_space,
                                  const std::optional<std::string>& name,
                                  const std::optional<std::vector<m::Dimension>>& dimensions) {
  cloud::MetricId metric{scope, name_space.value_or(""), name.value_or(""), {}};
  if (!dimensions) return metric;
  for (const m::Dimension& dimension : *dimensions) {
    if (dimension.name->starts_with(':')) {
      return invalid_value("The value " + *dimension.name +
                           " for parameter Dimensions is invalid: a name cannot begin with a colon.");
    }
    if (!metric.dimensions.emplace(*dimension.name, *dimension.value).second) {
      return invalid_value("The dimension " + *dimension.name + " is given twice.");
    }
  }
  return metric;
}

Result<void> check_dimensions(const std::optional<std::vector<m::Dimension>>& dimensions, std::string_view name) {
  const auto check = [](std::string_view text, const std::string& parameter) -> Result<void> {
    if (std::ranges::any_of(text, [](unsigned char c) { return c > 126; })) {
      return invalid_value("The value for parameter " + parameter + " contains non-ASCII characters.");
    }
    if (std::ranges::any_of(text, [](unsigned char c) { return c < ' '; })) {
      return invalid_value("The value for parameter " + parameter + " contains ASCII control characters.");
    }
    return {};
  };
  for (std::size_t i = 0; dimensions && i < dimensions->size(); ++i) {
    const std::string member = std::string(name) + ".member." + std::to_string(i + 1);
    Result<void> good = check(*(*dimensions)[i].name, member + ".Name");
    if (good) good = check(*(*dimensions)[i].value, member + ".Value");
    if (!good) return good;
  }
  return {};
}

std::unexpected<Error> invalid_value(std::string message) {
  return fail("InvalidParameterValueException", std::move(message));
}
std::unexpected<Error> invalid_combination(std::string message) {
  return fail("InvalidParameterCombinationException", std::move(message));
}
std::unexpected<Error> missing_parameter(std::string_view name) {
  return fail("MissingRequiredParameterException", "The parameter " + std::string(name) + " is required.");
}
std::unexpected<Error> not_supported_yet(std::string_view field, std::string_view why) {
  return fail("InvalidParameterValueException", std::string(field) + " is not supported yet" + std::string(why) + ".");
}

CloudWatch::CloudWatch(const cloud::House& house) : core_(std::make_unique<Core>(house)) {
  house.door.add_service(m::kService);
  describe_access(*core_);
  answer_absent(house);
  register_metric_operations(*core_);
  register_alarm_operations(*core_);
  register_alarm_queries(*core_);
  register_dashboard_operations(*core_);
  register_tag_operations(*core_);
  Core& core = *core_;
  house.measures.keep([&core] { core.house.shards.at(0).post([&core] { take_at_minute(core); }); });
  core.metrics.on_arrival([&core](const MetricId& metric) {
    AlarmSet& set = core.alarms.of(metric.scope);
    set.shard.post([&core, &set, metric] {
      for (const std::string& name : core.alarms.watching(metric)) {
        if (const AlarmPtr alarm = set.find(name)) wake(core, set, *alarm);
      }
    });
  });
}

CloudWatch::~CloudWatch() = default;

Result<void> CloudWatch::load() {
  Result<void> loaded = core_->metrics.load();
  if (loaded) loaded = load_alarms(*core_);
  return loaded;
}

void CloudWatch::drain() {
  auto last = asio::co_spawn(core_->house.shards.at(0).loop(), take_measures(*core_), asio::use_future);
  last.wait_for(kLastTake);
}

}  // namespace signalbox::cloudwatch

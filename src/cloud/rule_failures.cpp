#include "cloud/rule_failures.h"

namespace signalbox::cloud {

void tell_rule_failure(Measures& measures, std::string_view name, const std::string& rule) {
  constexpr std::string_view kRule = "rule/";
  const auto arn = Arn::parse(rule);
  if (!arn || arn->service != "events" || !arn->resource.starts_with(kRule)) return;
  // rule/NAME on the default bus, rule/BUS/NAME on others.
  const std::string path = arn->resource.substr(kRule.size());
  const auto slash = path.find('/');
  MetricId id{arn->scope(), "AWS/Events", std::string(name), {{"RuleName", path.substr(slash + 1)}}};
  if (slash != std::string::npos) id.dimensions["EventBusName"] = path.substr(0, slash);
  measures.record(std::move(id), "Count", 1);
}

}  // namespace signalbox::cloud

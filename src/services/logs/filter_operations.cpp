#include "models/logs.h"
#include "services/logs/core.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

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

}  // namespace

void register_filter_operations(Core& core) {
  core.house.door.handle(m::kTestMetricFilter,
                         [](const Call&, m::TestMetricFilterRequest request) { return test(std::move(request)); });
}

}  // namespace signalbox::logs

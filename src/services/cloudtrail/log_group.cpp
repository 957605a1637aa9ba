#include "services/cloudtrail/log_group.h"

#include <algorithm>
#include <optional>

#include "models/logs.h"
#include "services/cloudtrail/times.h"

namespace signalbox::cloudtrail {
namespace {

namespace logs = models::logs;

/// A batch of PutLogEvents: 1 MB with 26 bytes an event, 10,000 events; one of them may have 256 KB.
constexpr std::size_t kMaxBatchBytes = 1'048'576;
constexpr std::size_t kMaxBatchEvents = 10'000;
constexpr std::size_t kEventOverhead = 26;
constexpr std::size_t kMaxEventBytes = 262'144;

struct Group {
  cloud::Scope scope;
  std::string name;
};

/// arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
std::optional<Group> group_of(const std::string& text) {
  constexpr std::string_view kKind = "log-group:";
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kKind)) return std::nullopt;
  std::string name = arn->resource.substr(kKind.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  if (name.empty()) return std::nullopt;
  return Group{arn->scope(), std::move(name)};
}

std::unexpected<Error> bad_group(const Trail& trail) {
  return fail("InvalidCloudWatchLogsLogGroupArnException",
              "CloudTrail cannot validate the specified log group ARN: " + trail.log_group_arn);
}

/// As the trail's role.
Result<cloud::Call> call_as_role(Core& core, const Trail& trail, const Group& group) {
  cloud::Call call = call_for(core, trail);
  call.scope = group.scope;
  const cloud::RoleUse use{trail.log_role_arn, std::string(kOwnName), "", trail.arn(), trail.home.account};
  auto principal = core.house.sessions.principal_of(use);
  if (!principal) {
    return fail("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.");
  }
  call.principal = *std::move(principal);
  return call;
}

std::string stream_of(const Trail& trail, const std::string& region) {
  return trail.home.account + "_CloudTrail_" + region;
}

asio::awaitable<Result<void>> make_stream(Core& core, cloud::Call call, std::string group, std::string stream) {
  logs::CreateLogStreamRequest request;
  request.log_group_name = std::move(group);
  request.log_stream_name = std::move(stream);
  const auto made = co_await core.house.door.call(std::move(call), logs::kCreateLogStream, std::move(request));
  if (!made && made.error().code != "ResourceAlreadyExistsException") co_return std::unexpected(made.error());
  co_return Result<void>();
}

asio::awaitable<Result<void>> put_batch(Core& core, cloud::Call call, logs::PutLogEventsRequest request) {
  auto again = request;
  const std::string group = *request.log_group_name;
  const std::string stream = *request.log_stream_name;
  auto put = co_await core.house.door.call(call, logs::kPutLogEvents, std::move(request));
  if (!put && put.error().code == "ResourceNotFoundException") {
    // The stream of a Region that had no events yet.
    Result<void> made = co_await make_stream(core, call, group, stream);
    if (!made) co_return made;
    put = co_await core.house.door.call(call, logs::kPutLogEvents, std::move(again));
  }
  if (!put) co_return std::unexpected(put.error());
  co_return Result<void>();
}

}  // namespace

asio::awaitable<Result<void>> check_log_group(Core& core, Trail trail) {
  const auto group = group_of(trail.log_group_arn);
  if (!group || group->scope != trail.home) co_return bad_group(trail);
  Result<cloud::Call> call = call_as_role(core, trail, *group);
  if (!call) co_return std::unexpected(std::move(call).error());
  const Result<void> made =
      co_await make_stream(core, *std::move(call), group->name, stream_of(trail, trail.home.region));
  if (made) co_return made;
  if (made.error().code.starts_with("AccessDenied")) {
    co_return fail("InvalidCloudWatchLogsRoleArnException", made.error().message);
  }
  co_return bad_group(trail);
}

asio::awaitable<Result<void>> put_log_events(Core& core, Trail trail, std::string region,
                                             std::vector<Pending::Waiting> records) {
  const auto group = group_of(trail.log_group_arn);
  if (!group) co_return bad_group(trail);
  const Result<cloud::Call> call = call_as_role(core, trail, *group);
  if (!call) co_return std::unexpected(call.error());
  std::size_t next = 0;
  while (next < records.size()) {
    logs::PutLogEventsRequest request;
    request.log_group_name = group->name;
    request.log_stream_name = stream_of(trail, region);
    auto& events = request.log_events.emplace();
    std::size_t bytes = 0;
    for (; next < records.size() && events.size() < kMaxBatchEvents; ++next) {
      const std::size_t size = records[next].text.size() + kEventOverhead;
      if (size > kMaxEventBytes) continue;  // "... events over 256 KB are not sent to CloudWatch Logs"
      if (bytes + size > kMaxBatchBytes) break;
      bytes += size;
      logs::InputLogEvent& event = events.emplace_back();
      event.timestamp = ticks(records[next].time);
      event.message = records[next].text;
    }
    if (events.empty()) continue;
    Result<void> put = co_await put_batch(core, *call, std::move(request));
    if (!put) co_return put;
  }
  co_return Result<void>();
}

}  // namespace signalbox::cloudtrail

#include "services/sns/status_log.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/time_text.h"
#include "cloud/delivery_rights.h"
#include "cloud/outbox.h"
#include "json/json.h"
#include "models/logs.h"
#include "services/sns/core.h"

namespace signalbox::sns {
namespace {

/// Of Firehose there is never anything to log: no subscription delivers there.
constexpr std::string_view kKinds[] = {"HTTP", "SQS", "Application", "Lambda", "Firehose"};
constexpr const char* kLogPrincipal = "sns.amazonaws.com";
constexpr std::string_view kSuccessRole = "SuccessFeedbackRoleArn";
constexpr std::string_view kSuccessRate = "SuccessFeedbackSampleRate";
constexpr std::string_view kFailureRole = "FailureFeedbackRoleArn";

std::string kind_of(std::string_view protocol) {
  if (protocol.starts_with("http")) return "HTTP";
  if (protocol == "sqs") return "SQS";
  if (protocol == "lambda") return "Lambda";
  return protocol == "application" ? "Application" : "";
}

/// "sns/REGION/ACCOUNT/TOPIC", and "/Failure" behind it.
std::string group_of(const TopicId& topic, bool delivered) {
  return "sns/" + topic.scope.region + "/" + topic.scope.account + "/" + topic.name + (delivered ? "" : "/Failure");
}

/// The number behind "status " in what was made of an endpoint's answer.
std::int64_t status_code(const DeliveryStatus& status) {
  if (status.delivered) return 200;
  const auto at = status.response.find("status ");
  std::int64_t code = 0;
  if (at != std::string::npos) {
    std::from_chars(status.response.data() + at + 7, status.response.data() + status.response.size(), code);
  }
  return code;
}

std::string line_of(Core& core, const Topic& topic, const DeliveryStatus& status) {
  std::string text;
  json::Writer writer(text);
  const auto number = [&](std::string_view name, std::int64_t value) {
    writer.key(name);
    writer.number(value);
  };
  writer.begin_object();
  writer.key("notification");
  writer.begin_object();
  writer.member("messageMD5Sum", to_hex(md5(status.message)));
  writer.member("messageId", status.message_id);
  writer.member("topicArn", topic.arn);
  writer.member("timestamp", to_iso8601_millis(status.published));
  writer.end_object();
  writer.key("delivery");
  writer.begin_object();
  writer.member("deliveryId", core.house.random.uuid());
  writer.member("destination", status.destination);
  writer.member("providerResponse", status.response);
  number("dwellTimeMs", (core.house.clock.now() - status.published).count());
  number("attempts", status.attempts);
  if (const std::int64_t code = status_code(status); code != 0) number("statusCode", code);
  writer.end_object();
  writer.member("status", status.delivered ? "SUCCESS" : "FAILURE");
  writer.end_object();
  return text;
}

asio::awaitable<bool> make_group(Core& core, TopicId topic, std::string role, std::string group) {
  auto principal =
      core.house.sessions.principal_of({std::move(role), kLogPrincipal, "", topic.arn(), topic.scope.account});
  if (!principal) co_return false;
  cloud::Call call;
  call.scope = topic.scope;
  call.principal = *std::move(principal);
  call.invoked_by = kLogPrincipal;
  call.request_id = core.house.random.uuid();
  call.endpoint = core.house.site.url();
  models::logs::CreateLogGroupRequest request;
  request.log_group_name = std::move(group);
  const auto made = co_await core.house.door.call(std::move(call), models::logs::kCreateLogGroup, std::move(request));
  co_return made || made.error().code == models::logs::errors::kResourceAlreadyExistsException;
}

asio::awaitable<bool> append(Core& core, TopicId topic, std::string role, std::string group,
                             std::vector<std::string> lines) {
  const cloud::Arn arn{"aws", "logs", topic.scope.region, topic.scope.account, "log-group:" + group};
  cloud::DeliveryRight right{kLogPrincipal, topic.arn(), role, arn.text() + ":log-stream:"};
  const Result<void> may =
      co_await cloud::role_may(core.house.authority, core.house.sessions, std::move(right), "logs:PutLogEvents");
  if (!may) co_return false;
  cloud::EventTarget* const kind = core.house.event_targets.find(arn);
  if (kind == nullptr) co_return false;
  cloud::Outbox outbox(core.house, {.service = kLogPrincipal});
  for (const std::string& line : lines) {
    std::string payload = R"({"timestamp":)" + std::to_string(core.house.clock.now().time_since_epoch().count()) +
                          R"(,"message":)" + line + "}";
    outbox.add_allowed(kind, arn.text(), {std::move(payload), "", ""});
  }
  const auto failures = co_await outbox.commit();
  co_return failures && failures->empty();
}

/// `role` is what the topic names for that.
asio::awaitable<void> write(Core& core, TopicId topic, std::string role, bool delivered,
                            std::vector<std::string> lines) {
  const std::string group = group_of(topic, delivered);
  bool written = co_await append(core, topic, role, group, lines);
  if (written) co_return;
  const bool made = co_await make_group(core, topic, role, group);
  if (made) written = co_await append(core, topic, role, group, lines);
  if (written) co_return;
  core.house.log.warning("delivery statuses could not be logged", {{"group", group}});
}

}  // namespace

Result<bool> read_feedback(const std::string& name, const std::string& value, FeedbackSettings& settings) {
  const auto is_setting = [&](std::string_view kind) {
    if (!name.starts_with(kind)) return false;
    const std::string_view rest = std::string_view(name).substr(kind.size());
    return rest == kSuccessRole || rest == kSuccessRate || rest == kFailureRole;
  };
  const auto* const kind = std::ranges::find_if(kKinds, is_setting);
  if (kind == std::end(kKinds)) return false;
  Feedback& feedback = settings[std::string(*kind)];
  if (name.ends_with(kSuccessRate)) {
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), feedback.sample);
    const bool good = problem == std::errc() && end == value.data() + value.size();
    if (good && feedback.sample >= 0 && feedback.sample <= 100) return true;
    return invalid(name, "It is a whole number from 0 to 100");
  }
  // An empty one takes it back.
  (name.ends_with(kFailureRole) ? feedback.failures : feedback.successes) = !value.empty();
  if (value.empty()) return true;
  const auto role = cloud::Arn::parse(value);
  if (!role || role->service != "iam" || !role->resource.starts_with("role/")) {
    return invalid(name, "It is the ARN of a role");
  }
  return true;
}

void log_status(Core& core, const Topic& topic, std::string_view protocol, std::vector<DeliveryStatus> statuses) {
  const auto state = topic.state();
  const auto found = state ? state->settings.feedback.find(kind_of(protocol)) : FeedbackSettings::const_iterator{};
  if (!state || found == state->settings.feedback.end()) return;
  const Feedback& feedback = found->second;
  std::vector<std::string> lines[2];
  for (const DeliveryStatus& status : statuses) {
    const bool wanted = status.delivered ? feedback.successes && core.house.random.next() % 100 <
                                                                     static_cast<std::uint64_t>(feedback.sample)
                                         : feedback.failures;
    if (wanted) lines[status.delivered ? 1 : 0].push_back(line_of(core, topic, status));
  }
  for (const bool delivered : {false, true}) {
    if (lines[delivered].empty()) continue;
    const std::string_view suffix = delivered ? kSuccessRole : kFailureRole;
    const auto role = state->record.attributes.find(std::string(kind_of(protocol)).append(suffix));
    if (role == state->record.attributes.end()) continue;
    topic.owner.spawn("sns.status-log", write(core, topic.id, role->second, delivered, std::move(lines[delivered])));
  }
}

}  // namespace signalbox::sns

// The queues of events: each is a delivery record, in the store until the function is through with it.
#include <algorithm>

#include "base/time_text.h"
#include "cloud/outbox.h"
#include "json/json.h"
#include "services/lambda/fleet.h"
#include "services/lambda/invoke.h"
#include "store/record.h"

namespace signalbox::lambda {
namespace {

using Outcome = cloud::Attempt::Outcome;

/// "By default, Lambda retries ... twice"; the defaults of event age and attempts, and the bounds of both.
constexpr std::int64_t kRetries = 2;
constexpr Duration kLongestAge = std::chrono::hours(6);
constexpr Duration kFirstRetry = std::chrono::minutes(1);
constexpr Duration kSecondRetry = std::chrono::minutes(2);
/// "For throttling and system errors, retry intervals increase from 1 second to a maximum of 5 minutes".
constexpr Duration kShortestWait = std::chrono::seconds(1);
constexpr Duration kLongestWait = std::chrono::minutes(5);
constexpr std::size_t kMaxErrorMessage = 1024;
constexpr std::string_view kPrefix = "async:";

// How an attempt ended, for settle().
constexpr std::string_view kFunctionError = "Unhandled";
constexpr std::string_view kTooOld = "EventAgeExceeded";
constexpr std::string_view kNoConcurrency = "ZeroReservedConcurrency";

struct Queue {
  FunctionName function;
  std::string qualifier;
};
std::string queue_arn(const FunctionName& function, const std::string& qualifier) {
  return cloud::make_arn("lambda", function.scope,
                         std::string(kPrefix) + function.name + (qualifier.empty() ? "" : ":" + qualifier));
}
Queue read_queue_arn(const std::string& text) {
  const auto arn = cloud::Arn::parse(text);
  const std::string rest = arn->resource.substr(kPrefix.size());
  const auto colon = rest.find(':');
  return {{arn->scope(), rest.substr(0, colon)}, colon == std::string::npos ? "" : rest.substr(colon + 1)};
}

std::string encode(const AsyncEvent& event) {
  store::RecordWriter out(1);
  out.text(event.request_id).text(event.payload);
  return std::move(out).take();
}
AsyncEvent decode(const cloud::Delivery& delivery) {
  store::RecordReader in(delivery.payload, 1);
  AsyncEvent event;
  event.request_id = in.text();
  event.payload = in.text();
  event.trace_header = delivery.trace_header;
  return event;
}

struct InvokeSettings {
  std::int64_t retries = kRetries;
  Duration max_age = kLongestAge;
  std::string on_success;
  std::string on_failure;
};
InvokeSettings settings_of(const Function& function, const std::string& qualifier) {
  InvokeSettings out;
  const auto found = function.invoke_configs.find(qualifier == kLatest ? std::string_view() : qualifier);
  if (found == function.invoke_configs.end()) return out;
  const model::FunctionEventInvokeConfig& config = found->second;
  out.retries = config.maximum_retry_attempts.value_or(static_cast<std::int32_t>(kRetries));
  if (config.maximum_event_age_in_seconds) out.max_age = std::chrono::seconds(*config.maximum_event_age_in_seconds);
  if (!config.destination_config) return out;
  const auto& to = *config.destination_config;
  if (to.on_success) out.on_success = to.on_success->destination.value_or("");
  if (to.on_failure) out.on_failure = to.on_failure->destination.value_or("");
  return out;
}

/// Payloads are JSON: as it is, or as a string where it is not.
void write_payload(json::Writer& writer, const std::string& text) {
  json::Document document;
  if (document.parse(text)) return writer.raw(text);
  writer.string(text);
}

/// "Destinations" in the Lambda Developer Guide: the record of an invocation.
std::string invocation_record(const AsyncEvent& event, const std::string& function_arn, const std::string& condition,
                              std::int64_t count, const cloud::Attempt& last, const std::string& version, Time now) {
  std::string out;
  json::Writer writer(out);
  const auto member = [&](std::string_view name, std::string_view value) {
    writer.key(name);
    writer.string(value);
  };
  writer.begin_object();
  member("version", "1.0");
  member("timestamp", to_iso8601_millis(now));
  writer.key("requestContext");
  writer.begin_object();
  member("requestId", event.request_id);
  member("functionArn", function_arn);
  member("condition", condition);
  writer.key("approximateInvokeCount");
  writer.number(count);
  writer.end_object();
  writer.key("requestPayload");
  write_payload(writer, event.payload.empty() ? "{}" : event.payload);
  if (!last.answer.empty()) {
    writer.key("responseContext");
    writer.begin_object();
    writer.key("statusCode");
    writer.number(std::int64_t{200});
    member("executedVersion", version);
    if (!last.code.empty()) member("functionError", kFunctionError);
    writer.end_object();
    writer.key("responsePayload");
    write_payload(writer, last.answer);
  }
  writer.end_object();
  return out;
}

/// The errorMessage of what a function answered.
std::string error_message(const cloud::Attempt& last) {
  json::Document document;
  const auto root = document.parse(last.answer);
  const auto message = root && root->is_object() ? root->find("errorMessage") : std::nullopt;
  std::string text = message && message->is_string() ? message->as_string() : last.message;
  if (text.size() > kMaxErrorMessage) text.resize(kMaxErrorMessage);
  return text.empty() ? last.code : text;
}

cloud::EventDelivery dead_letter(const AsyncEvent& event, const cloud::Attempt& last) {
  cloud::EventDelivery letter;
  letter.payload = event.payload;
  auto typed = std::make_shared<cloud::TypedAttributes>();
  (*typed)["RequestID"] = {"String", event.request_id};
  (*typed)["ErrorCode"] = {"Number", last.answer.empty() ? "429" : "200"};
  (*typed)["ErrorMessage"] = {"String", error_message(last)};
  letter.typed = std::move(typed);
  return letter;
}

}  // namespace

Result<void> AsyncEvents::check(const cloud::Arn& target, const cloud::TargetParameters&) const {
  return fail("ValidationException", "Parameter " + target.text() + " is not valid. Reason: it names no function.");
}

asio::awaitable<cloud::Appended> AsyncEvents::add(const FunctionName& function, const std::string& qualifier,
                                                  std::vector<AsyncEvent> events, store::Batch& batch) {
  // How long and how often is decided by the settings of the time when it fails.
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->max_age = kLongestAge;
  policy->max_retries = kRetries + 1;
  std::vector<cloud::EventDelivery> deliveries;
  for (AsyncEvent& event : events) {
    cloud::EventDelivery& delivery = deliveries.emplace_back();
    if (event.payload.empty()) event.payload = "{}";
    delivery.trace_header = event.trace_header;
    delivery.payload = encode(event);
    delivery.policy = policy;
  }
  return append(queue_arn(function, qualifier), std::move(deliveries), batch);
}

asio::awaitable<cloud::Attempt> AsyncEvents::attempt(std::string target, const cloud::Delivery& delivery,
                                                     cloud::Shard&) {
  const Queue queue = read_queue_arn(target);
  const FunctionPtr function = core_.find(queue.function);
  if (!function || !function->resolve(queue.qualifier, 1)) {
    co_return cloud::Attempt{Outcome::kFailed, "ResourceNotFoundException",
                             "Function not found: " + queue.function.arn(queue.qualifier)};
  }
  const InvokeSettings settings = settings_of(*function, queue.qualifier);
  const Duration age = core_.house.clock.now() - delivery.begun;
  if (age >= settings.max_age) co_return cloud::Attempt{Outcome::kFailed, std::string(kTooOld)};
  if (function->reserved == 0)
    co_return cloud::Attempt{Outcome::kFailed, std::string(kNoConcurrency), "Rate Exceeded."};
  const Duration left = settings.max_age - age;
  AsyncEvent event = decode(delivery);
  Run run;
  run.request_id = std::move(event.request_id);
  run.payload = std::move(event.payload);
  run.trace_header = std::move(event.trace_header);
  auto invoked = co_await lambda::invoke(core_, function, queue.qualifier, std::move(run));
  if (!invoked) {
    // Throttled, or no sandbox could be made: not the event's fault.
    const Duration wait = std::clamp(age, kShortestWait, kLongestWait);
    co_return cloud::Attempt{Outcome::kBusy, invoked.error().code, invoked.error().message, std::min(wait, left)};
  }
  cloud::Attempt attempt;
  attempt.answer = std::move(invoked->result.payload);
  if (invoked->result.error.empty()) {
    attempt.message = invoked->version;
    co_return attempt;
  }
  attempt.outcome = delivery.attempts < settings.retries ? Outcome::kRetry : Outcome::kFailed;
  attempt.code = kFunctionError;
  attempt.message = invoked->version;
  attempt.retry_after = std::min(delivery.attempts == 0 ? kFirstRetry : kSecondRetry, left);
  co_return attempt;
}

asio::awaitable<cloud::AfterCommit> AsyncEvents::settle(std::string target, const cloud::Delivery& delivery,
                                                        const cloud::Attempt& last, store::Batch& batch) {
  const Queue queue = read_queue_arn(target);
  const FunctionPtr function = core_.find(queue.function);
  if (!function) co_return cloud::AfterCommit();
  const InvokeSettings settings = settings_of(*function, queue.qualifier);
  const bool good = last.outcome == Outcome::kDelivered;
  const AsyncEvent event = decode(delivery);
  const std::string function_arn = function->name.arn(queue.qualifier.empty() ? kLatest : queue.qualifier);
  std::vector<std::pair<std::string, cloud::EventDelivery>> letters;
  if (const std::string& to = good ? settings.on_success : settings.on_failure; !to.empty()) {
    const bool tried = !last.answer.empty();
    const bool none = last.code == kNoConcurrency;
    const std::string condition = good    ? "Success"
                                  : tried ? "RetriesExhausted"
                                          : std::string(none ? kNoConcurrency : kTooOld);
    cloud::EventDelivery letter;
    letter.payload = invocation_record(event, function_arn, condition, delivery.attempts + (tried ? 1 : 0), last,
                                       last.message, core_.house.clock.now());
    letter.bus_event.source = "lambda";
    letter.bus_event.detail_type = std::string("Lambda Function Invocation Result - ") + (good ? "Success" : "Failure");
    letter.bus_event.resources = {to, function_arn};
    letters.emplace_back(to, std::move(letter));
  }
  const auto& dead_letters = function->latest->config.dead_letter_config;
  if (!good && dead_letters) letters.emplace_back(*dead_letters->target_arn, dead_letter(event, last));
  cloud::Outbox outbox(core_.house, {.service = "lambda.amazonaws.com"});
  const std::string role = function->latest->config.role.value_or("");
  for (auto& [to, letter] : letters) {
    const auto arn = cloud::Arn::parse(to);
    letter.sender = "lambda.amazonaws.com";
    letter.source_arn = function->name.arn();
    letter.by_role = true;
    outbox.add(arn ? core_.house.event_targets.find(*arn) : nullptr, to, std::move(letter), role);
  }
  cloud::Settlement settlement;
  const auto failures = co_await outbox.append(batch, settlement);
  for (const cloud::Outbox::Failure& lost : failures) {
    core_.house.log.warning("the result of an invocation cannot be sent",
                            {{"function", function_arn}, {"to", lost.target}, {"why", lost.message}});
  }
  co_return cloud::Settlement::as_one(std::move(settlement));
}

}  // namespace signalbox::lambda

#include "services/sns/delivery_policy.h"

#include <algorithm>

#include "json/json.h"
#include "services/sns/names.h"

namespace signalbox::sns {
namespace {

using cloud::RetryPhases;
using Growth = RetryPhases::Growth;

constexpr std::int64_t kMaxRetries = 100;
constexpr std::int64_t kMaxDelay = 3600;
constexpr std::int64_t kMaxRate = 1'000'000;
/// "The total policy retry time for an HTTP/S endpoint cannot be greater than 3,600 seconds."
constexpr Duration kMaxTotal = std::chrono::hours(1);
constexpr std::size_t kMaxContentType = 128;
constexpr std::pair<std::string_view, Growth> kGrowths[] = {{"linear", Growth::kLinear},
                                                            {"arithmetic", Growth::kArithmetic},
                                                            {"geometric", Growth::kGeometric},
                                                            {"exponential", Growth::kExponential}};

std::unexpected<Error> wrong(const std::string& what) {
  return invalid("DeliveryPolicy: " + what);
}

/// Reads an object's members one by one and refuses those that nobody read.
class Members {
 public:
  Members(json::Value object, std::string path) : object_(object), path_(std::move(path)) {}

  std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const auto value = take(name);
    if (!value) return otherwise;
    const auto whole = value->type() == json::Type::kNumber ? value->as_integer() : std::nullopt;
    if (whole && *whole >= least && *whole <= most) return *whole;
    complain(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return otherwise;
  }

  std::optional<json::Value> object(std::string_view name) {
    const auto value = take(name);
    if (!value || value->is_object()) return value;
    complain(name, "must be an object");
    return std::nullopt;
  }

  std::optional<json::Value> take(std::string_view name) {
    const auto value = object_.find(name);
    if (!value) return std::nullopt;
    ++taken_;
    if (value->type() == json::Type::kNull) return std::nullopt;
    return value;
  }

  void complain(std::string_view name, const std::string& what) {
    if (problem_.empty()) problem_ = path_ + std::string(name) + " " + what;
  }

  Result<void> done() const {
    if (!problem_.empty()) return wrong(problem_);
    if (taken_ == object_.size()) return {};
    for (const auto [key, value] : object_.members()) {
      if (std::ranges::count(kKnown, key.as_string()) == 0) return wrong(path_ + key.as_string() + " is not known");
    }
    return wrong(path_ + " has members that do not belong there");
  }

 private:
  static constexpr std::string_view kKnown[] = {"http",
                                                "defaultHealthyRetryPolicy",
                                                "healthyRetryPolicy",
                                                "sicklyRetryPolicy",
                                                "throttlePolicy",
                                                "defaultThrottlePolicy",
                                                "requestPolicy",
                                                "defaultRequestPolicy",
                                                "disableSubscriptionOverrides",
                                                "guaranteed",
                                                "minDelayTarget",
                                                "maxDelayTarget",
                                                "numRetries",
                                                "numNoDelayRetries",
                                                "numMinDelayRetries",
                                                "numMaxDelayRetries",
                                                "backoffFunction",
                                                "maxReceivesPerSecond",
                                                "headerContentType"};
  json::Value object_;
  std::string path_;
  std::size_t taken_ = 0;
  std::string problem_;
};

Duration total_of(const RetryPhases& phases) {
  Duration total{0};
  for (std::int64_t retry = 1; retry <= phases.retries(); ++retry) total += phases.before(retry);
  return total;
}

Result<RetryPhases> read_retries(json::Value value, const std::string& name) {
  Members in(value, name + ".");
  RetryPhases phases;
  const std::int64_t least = in.number("minDelayTarget", 1, kMaxDelay, 20);
  const std::int64_t most = in.number("maxDelayTarget", 1, kMaxDelay, 20);
  const std::int64_t all = in.number("numRetries", 0, kMaxRetries, 3);
  phases.immediate = in.number("numNoDelayRetries", 0, kMaxRetries, 0);
  phases.at_least = in.number("numMinDelayRetries", 0, kMaxRetries, 0);
  phases.at_most = in.number("numMaxDelayRetries", 0, kMaxRetries, 0);
  if (const auto function = in.take("backoffFunction")) {
    const auto found = std::ranges::find_if(kGrowths, [&](const auto& growth) { return function->is(growth.first); });
    if (found == std::end(kGrowths)) {
      in.complain("backoffFunction", "must be one of linear, arithmetic, geometric, exponential");
    } else {
      phases.growth = found->second;
    }
  }
  phases.growing = all - phases.immediate - phases.at_least - phases.at_most;
  if (least > most) in.complain("maxDelayTarget", "must be greater than or equal to minDelayTarget");
  if (phases.growing < 0) in.complain("numRetries", "must be at least the sum of the retries of the phases");
  phases.least = std::chrono::seconds(least);
  phases.most = std::chrono::seconds(most);
  Result<void> done = in.done();
  if (!done) return std::unexpected(std::move(done).error());
  if (total_of(phases) > kMaxTotal) return wrong(name + " retries over more than 3600 seconds in total");
  return phases;
}

Result<std::optional<std::int64_t>> read_throttle(json::Value value, const std::string& name) {
  Members in(value, name + ".");
  const std::int64_t rate = in.number("maxReceivesPerSecond", 1, kMaxRate, 0);
  Result<void> done = in.done();
  if (!done) return std::unexpected(std::move(done).error());
  return rate == 0 ? std::nullopt : std::optional(rate);
}

bool is_media_type(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() && text.size() <= kMaxContentType &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
}

Result<std::optional<std::string>> read_request(json::Value value, const std::string& name) {
  Members in(value, name + ".");
  std::optional<std::string> type;
  if (const auto given = in.take("headerContentType")) {
    if (given->is_string() && is_media_type(given->as_string())) {
      type = given->as_string();
    } else {
      in.complain("headerContentType", "must be a media type");
    }
  }
  Result<void> done = in.done();
  if (!done) return std::unexpected(std::move(done).error());
  return type;
}

struct Names {
  std::string retries;
  std::string throttle;
  std::string request;
};

Result<HttpPolicy> read_parts(Members& in, const Names& names) {
  HttpPolicy policy;
  if (const auto part = in.object(names.retries)) {
    auto retries = read_retries(*part, names.retries);
    if (!retries) return std::unexpected(std::move(retries).error());
    policy.retries = *retries;
  }
  if (const auto part = in.object(names.throttle)) {
    auto rate = read_throttle(*part, names.throttle);
    if (!rate) return std::unexpected(std::move(rate).error());
    policy.max_receives_per_second = *rate;
  }
  if (const auto part = in.object(names.request)) {
    auto type = read_request(*part, names.request);
    if (!type) return std::unexpected(std::move(type).error());
    policy.content_type = *std::move(type);
  }
  // Written by AWS's own consoles and tools, without any effect there either.
  if (in.object("sicklyRetryPolicy")) in.complain("sicklyRetryPolicy", "is not supported");
  if (const auto guaranteed = in.take("guaranteed"); guaranteed && guaranteed->as_bool()) {
    in.complain("guaranteed", "is not supported");
  }
  return policy;
}

void write(json::Writer& writer, const std::string& name, const std::optional<RetryPhases>& given) {
  const RetryPhases phases = given.value_or(default_http_retries());
  writer.key(name);
  writer.begin_object();
  const auto number = [&](std::string_view key, std::int64_t value) {
    writer.key(key);
    writer.number(value);
  };
  number("minDelayTarget", phases.least.count() / 1000);
  number("maxDelayTarget", phases.most.count() / 1000);
  number("numRetries", phases.retries());
  number("numMaxDelayRetries", phases.at_most);
  number("numNoDelayRetries", phases.immediate);
  number("numMinDelayRetries", phases.at_least);
  writer.key("backoffFunction");
  for (const auto& [text, growth] : kGrowths) {
    if (growth == phases.growth) writer.string(text);
  }
  writer.end_object();
}

void write_rate(json::Writer& writer, const std::string& name, const std::optional<std::int64_t>& rate) {
  if (!rate) return;
  writer.key(name);
  writer.begin_object();
  writer.key("maxReceivesPerSecond");
  writer.number(*rate);
  writer.end_object();
}

void write_type(json::Writer& writer, const std::string& name, const std::optional<std::string>& type) {
  writer.key(name);
  writer.begin_object();
  writer.member("headerContentType", type ? std::string_view(*type) : kDefaultContentType);
  writer.end_object();
}

}  // namespace

RetryPhases default_http_retries() {
  return {0, 0, 3, 0, std::chrono::seconds(20), std::chrono::seconds(20), Growth::kLinear};
}

RetryPhases customer_managed_retries() {
  return {0, 2, 9, 38, std::chrono::seconds(10), std::chrono::minutes(10), Growth::kExponential};
}

Result<HttpPolicy> read_topic_policy(std::string_view text) {
  if (text.empty()) return HttpPolicy{};
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return wrong("failed to parse JSON.");
  Members outer(*root, "");
  const auto http = outer.object("http");
  Result<void> done = outer.done();
  if (!done) return std::unexpected(std::move(done).error());
  if (!http) return HttpPolicy{};
  Members in(*http, "http.");
  auto policy = read_parts(in, {"defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy"});
  if (!policy) return policy;
  if (const auto disabled = in.take("disableSubscriptionOverrides")) policy->overrides_disabled = disabled->as_bool();
  done = in.done();
  if (!done) return std::unexpected(std::move(done).error());
  return policy;
}

Result<HttpPolicy> read_subscription_policy(std::string_view text) {
  if (text.empty()) return HttpPolicy{};
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return wrong("failed to parse JSON.");
  Members in(*root, "");
  auto policy = read_parts(in, {"healthyRetryPolicy", "throttlePolicy", "requestPolicy"});
  if (!policy) return policy;
  Result<void> done = in.done();
  if (!done) return std::unexpected(std::move(done).error());
  return policy;
}

HttpPolicy effective(const HttpPolicy& topic, const HttpPolicy& subscription) {
  HttpPolicy policy = topic;
  if (topic.overrides_disabled) return policy;
  if (subscription.retries) policy.retries = subscription.retries;
  if (subscription.max_receives_per_second) policy.max_receives_per_second = subscription.max_receives_per_second;
  if (subscription.content_type) policy.content_type = subscription.content_type;
  return policy;
}

std::string topic_policy_text(const HttpPolicy& policy) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.key("http");
  writer.begin_object();
  write(writer, "defaultHealthyRetryPolicy", policy.retries);
  writer.key("disableSubscriptionOverrides");
  writer.boolean(policy.overrides_disabled);
  write_rate(writer, "defaultThrottlePolicy", policy.max_receives_per_second);
  write_type(writer, "defaultRequestPolicy", policy.content_type);
  writer.end_object();
  writer.end_object();
  return text;
}

std::string subscription_policy_text(const HttpPolicy& policy) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  write(writer, "healthyRetryPolicy", policy.retries);
  writer.key("sicklyRetryPolicy");
  writer.null();
  write_rate(writer, "throttlePolicy", policy.max_receives_per_second);
  write_type(writer, "requestPolicy", policy.content_type);
  writer.key("guaranteed");
  writer.boolean(false);
  writer.end_object();
  return text;
}

}  // namespace signalbox::sns

#include "services/cloudtrail/trail.h"

#include <algorithm>

#include "services/cloudtrail/times.h"
#include "store/record.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::uint8_t kTrailVersion = 1;
constexpr std::size_t kLeastName = 3;
constexpr std::size_t kMostName = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_mark(char c) {
  return c == '.' || c == '_' || c == '-';
}

/// 192.168.5.4
bool is_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidTrailNameException", std::move(message));
}

}  // namespace

store::Key trail_key(const cloud::Scope& home, std::string_view name) {
  return store::Key(kTrailSpace).text(home.account).text(home.region).text(name);
}

std::string encode(const Trail& trail) {
  store::RecordWriter out(kTrailVersion);
  out.text(trail.home.account).text(trail.home.region).text(trail.name).text(trail.bucket).text(trail.prefix);
  out.text(trail.topic_arn).flag(trail.global_events).flag(trail.multi_region).flag(trail.validation);
  out.text(trail.log_group_arn).text(trail.log_role_arn).flag(trail.logging);
  out.optional_integer(ticks(trail.started)).optional_integer(ticks(trail.stopped));
  write(out, trail.selectors);
  out.number(trail.tags.size());
  for (const auto& [key, value] : trail.tags) out.text(key).text(value);
  return std::move(out).take();
}

std::optional<Trail> decode_trail(std::string_view bytes) {
  store::RecordReader in(bytes, kTrailVersion);
  Trail trail;
  trail.home.account = in.text();
  trail.home.region = in.text();
  trail.name = in.text();
  trail.bucket = in.text();
  trail.prefix = in.text();
  trail.topic_arn = in.text();
  trail.global_events = in.flag();
  trail.multi_region = in.flag();
  trail.validation = in.flag();
  trail.log_group_arn = in.text();
  trail.log_role_arn = in.text();
  trail.logging = in.flag();
  trail.started = time_of(in.optional_integer());
  trail.stopped = time_of(in.optional_integer());
  trail.selectors = read_selectors(in);
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    trail.tags[std::move(key)] = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return trail;
}

std::string encode(const TrailStatus& status) {
  store::RecordWriter out(kTrailVersion);
  for (const auto& time : {status.delivered, status.attempted, status.notified, status.notify_attempted,
                           status.logs_delivered, status.digest_delivered}) {
    out.optional_integer(ticks(time));
  }
  out.text(status.delivery_error).text(status.notification_error).text(status.logs_error).text(status.digest_error);
  return std::move(out).take();
}

std::optional<TrailStatus> decode_status(std::string_view bytes) {
  store::RecordReader in(bytes, kTrailVersion);
  TrailStatus status;
  for (auto* const time : {&status.delivered, &status.attempted, &status.notified, &status.notify_attempted,
                           &status.logs_delivered, &status.digest_delivered}) {
    *time = time_of(in.optional_integer());
  }
  for (auto* const text :
       {&status.delivery_error, &status.notification_error, &status.logs_error, &status.digest_error}) {
    *text = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return status;
}

Result<void> check_trail_name(std::string_view name) {
  if (name.size() < kLeastName)
    return invalid("Trail name too short. Minimum allowed length: 3 characters. Specified name length: " +
                   std::to_string(name.size()) + " characters.");
  if (name.size() > kMostName)
    return invalid("Trail name too long. Maximum allowed length: 128 characters. Specified name length: " +
                   std::to_string(name.size()) + " characters.");
  if (!is_letter_or_digit(name.front())) return invalid("Trail name must starts with a letter or number.");
  if (!is_letter_or_digit(name.back())) return invalid("Trail name must ends with a letter or number.");
  if (!std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || is_mark(c); })) {
    return invalid(
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), "
        "and underscores (_).");
  }
  const auto twice = std::ranges::adjacent_find(name, [](char a, char b) { return is_mark(a) && is_mark(b); });
  if (twice != name.end()) return invalid("Trail name cannot have adjacent periods, underscores or dashes.");
  if (is_address(name)) return invalid("Trail name cannot be in IP address format.");
  return {};
}

}  // namespace signalbox::cloudtrail

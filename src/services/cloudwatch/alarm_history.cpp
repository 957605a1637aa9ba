#include "services/cloudwatch/alarm_history.h"

#include <algorithm>
#include <charconv>

#include "cloud/paging.h"
#include "store/record.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::string_view kHistorySpace = "cloudwatch.history";
constexpr std::uint8_t kHistoryVersion = 1;
constexpr std::int32_t kMaxPage = 100;

store::Key history_key(const cloud::Scope& scope) {
  return store::Key(kHistorySpace).text(scope.account).text(scope.region);
}

std::uint64_t ticks(Time time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

std::optional<m::AlarmHistoryItem> decode(std::string_view bytes) {
  store::RecordReader in(bytes, kHistoryVersion);
  m::AlarmHistoryItem item;
  item.alarm_name = in.text();
  item.alarm_type = in.text();
  item.timestamp = Time(Duration(in.integer()));
  item.history_item_type = in.text();
  item.history_summary = in.text();
  item.history_data = in.text();
  if (!in.complete()) return std::nullopt;
  return item;
}

bool wanted(const m::AlarmHistoryItem& item, const m::DescribeAlarmHistoryInput& request) {
  if (request.alarm_name && *request.alarm_name != *item.alarm_name) return false;
  if (request.history_item_type && *request.history_item_type != *item.history_item_type) return false;
  // Without AlarmTypes only metric alarms are told of.
  if (!request.alarm_types) return *item.alarm_type == m::alarm_type::kMetricAlarm;
  return std::ranges::count(*request.alarm_types, *item.alarm_type) != 0;
}

}  // namespace

void put_history(AlarmSet& set, const m::AlarmHistoryItem& item, store::Batch& batch) {
  store::RecordWriter out(kHistoryVersion);
  out.text(*item.alarm_name).text(*item.alarm_type).integer(item.timestamp->time_since_epoch().count());
  out.text(*item.history_item_type).text(*item.history_summary).text(*item.history_data);
  const store::Key all = history_key(set.scope);
  batch.put(store::Key(all).number(ticks(*item.timestamp)).number(set.next_history++), out.bytes());
  batch.erase_range(all, store::Key(all).number(ticks(*item.timestamp - kHistoryKept)));
}

Result<m::DescribeAlarmHistoryOutput> describe_history(Core& core, const cloud::Scope& scope,
                                                       const m::DescribeAlarmHistoryInput& request) {
  std::size_t skip = 0;
  if (request.next_token) {
    const auto text = cloud::read_page_token("DescribeAlarmHistory", *request.next_token);
    if (!text || std::from_chars(text->data(), text->data() + text->size(), skip).ec != std::errc()) {
      return fail("InvalidNextToken", "The NextToken is not valid.");
    }
  }
  const Time oldest = core.house.clock.now() - kHistoryKept;
  const Time from = std::max(request.start_date.value_or(oldest), oldest);
  const store::Key all = history_key(scope);
  const std::string to =
      request.end_date ? std::string(store::Key(all).number(ticks(*request.end_date) + 1)) : all.end();
  std::vector<m::AlarmHistoryItem> items;
  bool broken = false;
  const auto snapshot = core.house.store.read();
  const auto scanned =
      snapshot->scan(store::Key(all).number(ticks(from)), to, [&](std::string_view, std::string_view value) {
        auto item = decode(value);
        broken = !item;
        if (item && wanted(*item, request)) items.push_back(*std::move(item));
        return !broken;
      });
  if (!scanned) return std::unexpected(scanned.error());
  if (broken) return fail("InternalServiceFault", "A record of an alarm's history cannot be read.");
  if (request.scan_by.value_or(m::scan_by::kTimestampDescending) == m::scan_by::kTimestampDescending) {
    std::ranges::reverse(items);
  }
  const auto most = static_cast<std::size_t>(request.max_records.value_or(kMaxPage));
  m::DescribeAlarmHistoryOutput output;
  output.alarm_history_items.emplace();
  for (std::size_t i = skip; i < items.size() && i < skip + most; ++i) {
    output.alarm_history_items->push_back(std::move(items[i]));
  }
  if (items.size() > skip + most) {
    output.next_token = cloud::make_page_token("DescribeAlarmHistory", std::to_string(skip + most));
  }
  return output;
}

}  // namespace signalbox::cloudwatch

#include "services/cloudwatch/alarm.h"
#include "store/record.h"
#include "wire/cbor_codec.h"

namespace signalbox::cloudwatch {
namespace {

constexpr std::uint8_t kAlarmVersion = 1;

std::int64_t signed_ticks(Time time) {
  return time.time_since_epoch().count();
}
Time time_of(std::int64_t count) {
  return Time(Duration(count));
}

}  // namespace

store::Key alarm_key(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kAlarmSpace).text(scope.account).text(scope.region).text(name);
}

std::string encode(const AlarmRecord& record) {
  // What it was told to be is kept as a request: members that come with a newer model are none in older records.
  std::string given;
  if (record.composite) {
    wire::write_cbor(wire::CborDialect::kRpcV2, given, *m::kPutCompositeAlarm.operation->input, &record.combined);
  } else {
    wire::write_cbor(wire::CborDialect::kRpcV2, given, *m::kPutMetricAlarm.operation->input, &record.metric);
  }
  store::RecordWriter out(kAlarmVersion);
  out.flag(record.composite).text(given).number(record.tags.size());
  for (const auto& [key, value] : record.tags) out.text(key).text(value);
  out.flag(record.actions_enabled).integer(signed_ticks(record.configured)).text(name_of(record.state));
  out.text(record.reason)
      .text(record.reason_data)
      .integer(signed_ticks(record.updated))
      .integer(signed_ticks(record.transitioned));
  out.text(record.suppressed_by).integer(signed_ticks(record.suppressed_until));
  return std::move(out).take();
}

std::optional<AlarmRecord> decode_alarm(std::string_view bytes) {
  store::RecordReader in(bytes, kAlarmVersion);
  AlarmRecord record;
  record.composite = in.flag();
  const std::string_view given = in.text_view();
  for (auto left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    record.tags[std::move(key)] = in.text();
  }
  record.actions_enabled = in.flag();
  record.configured = time_of(in.integer());
  const auto state = state_of(in.text());
  record.reason = in.text();
  record.reason_data = in.text();
  record.updated = time_of(in.integer());
  record.transitioned = time_of(in.integer());
  record.suppressed_by = in.text();
  record.suppressed_until = time_of(in.integer());
  if (!in.complete() || !state) return std::nullopt;
  record.state = *state;
  const Result<void> read =
      record.composite
          ? wire::read_cbor(wire::CborDialect::kRpcV2, *m::kPutCompositeAlarm.operation->input, given, &record.combined)
          : wire::read_cbor(wire::CborDialect::kRpcV2, *m::kPutMetricAlarm.operation->input, given, &record.metric);
  const bool named = record.composite ? record.combined.alarm_name && record.combined.alarm_rule
                                      : record.metric.alarm_name.has_value();
  if (!read || !named) return std::nullopt;
  return record;
}

}  // namespace signalbox::cloudwatch

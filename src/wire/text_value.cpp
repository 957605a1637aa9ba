#include "wire/text_value.h"

#include <charconv>
#include <cmath>

#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/number_text.h"

namespace signalbox::wire {
namespace {

constexpr double kFarthestSecond = 253402300799.0;  // the year 9999
constexpr std::string_view kDateAlone = "2026-01-01";

template <class Number>
bool read_whole(std::string_view text, void* out) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return false;
  *static_cast<Number*>(out) = number;
  return true;
}

template <class Value>
bool set(std::optional<Value> value, void* out) {
  if (value) *static_cast<Value*>(out) = *std::move(value);
  return value.has_value();
}

std::optional<bool> bool_of(std::string_view text, Reading reading) {
  const bool tolerant = reading == Reading::kTolerant;
  if (text == "true" || (tolerant && (text == "True" || text == "TRUE"))) return true;
  if (text == "false" || (tolerant && (text == "False" || text == "FALSE"))) return false;
  return std::nullopt;
}

std::optional<Time> time_of(std::string_view text, TimestampFormat format, Reading reading) {
  std::optional<Time> time;
  if (format == TimestampFormat::kUnix) {
    const auto seconds = double_of(text);
    time = seconds ? time_of_seconds(*seconds) : std::nullopt;
  } else if (format == TimestampFormat::kHttpDate) {
    time = from_http_date(text);
  } else {
    time = from_iso8601(text);
  }
  if (time || reading == Reading::kStrict) return time;
  time = from_iso8601(text);
  if (!time) time = from_http_date(text);
  if (!time && text.size() == kDateAlone.size()) time = from_iso8601(std::string(text) + "T00:00:00Z");
  return time;
}

TimestampFormat format_of(const Shape& shape, TimestampFormat otherwise) {
  return shape.timestamp == TimestampFormat::kProtocolDefault ? otherwise : shape.timestamp;
}

}  // namespace

std::optional<Time> time_of_seconds(double seconds) {
  if (!(std::abs(seconds) <= kFarthestSecond)) return std::nullopt;
  return Time(Duration(static_cast<std::int64_t>(std::llround(seconds * 1000))));
}

bool read_text_value(const Shape& shape, std::string_view text, TimestampFormat otherwise, Reading reading, void* out) {
  switch (shape.type) {
    case ShapeType::kString:
      *static_cast<std::string*>(out) = text;
      return true;
    case ShapeType::kInteger:
      return read_whole<std::int32_t>(text, out);
    case ShapeType::kLong:
      return read_whole<std::int64_t>(text, out);
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return set(double_of(text), out);
    case ShapeType::kBoolean:
      return set(bool_of(text, reading), out);
    case ShapeType::kTimestamp:
      return set(time_of(text, format_of(shape, otherwise), reading), out);
    case ShapeType::kBlob:
      return set(from_base64(text), out);
    case ShapeType::kList:
    case ShapeType::kMap:
    case ShapeType::kStructure:
      break;
  }
  return false;
}

std::string text_of_time(TimestampFormat format, Time time) {
  const bool whole = time.time_since_epoch().count() % 1000 == 0;
  switch (format) {
    case TimestampFormat::kUnix: {
      char text[32];
      const double seconds = static_cast<double>(time.time_since_epoch().count()) / 1000.0;
      return {text, std::to_chars(text, text + sizeof text, seconds, std::chars_format::fixed).ptr};
    }
    case TimestampFormat::kHttpDate:
      return to_http_date(time);
    case TimestampFormat::kIso8601Seconds:
      return to_iso8601(time);
    case TimestampFormat::kIso8601Millis:
      return to_iso8601_millis(time);
    case TimestampFormat::kIso8601:
    case TimestampFormat::kProtocolDefault:
      break;
  }
  return whole ? to_iso8601(time) : to_iso8601_millis(time);
}

std::string text_of_value(const Shape& shape, const void* value, TimestampFormat otherwise) {
  switch (shape.type) {
    case ShapeType::kInteger:
      return std::to_string(*static_cast<const std::int32_t*>(value));
    case ShapeType::kLong:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return double_text(*static_cast<const double*>(value));
    case ShapeType::kBoolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case ShapeType::kTimestamp:
      return text_of_time(format_of(shape, otherwise), *static_cast<const Time*>(value));
    case ShapeType::kBlob:
      return to_base64(*static_cast<const std::string*>(value));
    case ShapeType::kString:
      return *static_cast<const std::string*>(value);
    case ShapeType::kList:
    case ShapeType::kMap:
    case ShapeType::kStructure:
      break;
  }
  return {};
}

}  // namespace signalbox::wire

#include "wire/json_codec.h"

#include <cmath>

#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/number_text.h"
#include "wire/text_value.h"
#include "wire/union.h"

namespace signalbox::wire {
namespace {

/// What AWS calls a token that stands where another was expected.
std::string_view token_name(json::Value value) {
  switch (value.type()) {
    case json::Type::kNull:
      return "NULL_VALUE";
    case json::Type::kFalse:
      return "FALSE_VALUE";
    case json::Type::kTrue:
      return "TRUE_VALUE";
    case json::Type::kNumber:
      return "NUMBER_VALUE";
    case json::Type::kString:
      return "STRING_VALUE";
    case json::Type::kArray:
      return "START_ARRAY";
    case json::Type::kObject:
      return "START_OBJECT";
  }
  return "UNKNOWN";
}

std::unexpected<Error> mismatch(json::Value value, std::string_view wanted) {
  if (value.is_object()) return malformed("Start of structure or map found where not expected.");
  if (value.is_array()) return malformed("Start of list found where not expected.");
  return malformed(std::string(token_name(value)) + " can not be converted to " + std::string(wanted));
}

Result<void> read_whole(json::Value value, double least, double most, std::string_view wanted, std::int64_t& out) {
  if (!value.is_number()) return mismatch(value, wanted);
  if (const auto whole = value.as_integer()) {
    out = *whole;
  } else {
    const double number = std::trunc(value.as_double());  // AWS drops a fraction
    if (!(number > -9.2e18 && number < 9.2e18)) return malformed("Number is out of range: " + std::string(value.raw()));
    out = static_cast<std::int64_t>(number);
  }
  if (static_cast<double>(out) < least || static_cast<double>(out) > most) {
    return malformed("Number is out of range: " + std::string(value.raw()));
  }
  return {};
}

Result<void> read_timestamp(json::Value value, Time& out) {
  if (value.is_number()) {
    const auto told = time_of_seconds(value.as_double());
    if (!told) return malformed("Timestamp is out of range");
    out = *told;
    return {};
  }
  if (!value.is_string()) return mismatch(value, "a Timestamp");
  auto time = from_iso8601(value.as_string());
  if (!time) time = from_http_date(value.as_string());
  if (!time) return malformed("STRING_VALUE can not be converted to a Timestamp");
  out = *time;
  return {};
}

/// A number, or a text that stands for one which JSON cannot say.
Result<void> read_double(json::Value value, double& out) {
  const auto special = value.is_string() ? special_double(value.as_string()) : std::nullopt;
  if (!special && !value.is_number()) return mismatch(value, "a Double");
  out = special ? *special : value.as_double();
  return {};
}

Result<void> read(const Shape& shape, json::Value value, void* out);

Result<void> read_members(const Shape& shape, json::Value value, void* out, Members members) {
  if (!value.is_object()) {
    if (value.is_array()) return mismatch(value, "");
    return malformed("Unexpected token " + std::string(token_name(value)) + " where a structure was expected");
  }
  int told = 0;
  int taken = 0;
  for (const auto& [key, field] : value.members()) {
    if (field.is_null()) continue;
    if (!key.is(kTypeMember)) ++told;
    for (const Member& member : shape.members) {
      if ((members == Members::kBody && member.location != Location::kBody) || !key.is(member.json_name())) continue;
      if (member.empty_is_none && field.is_string() && field.as_string().empty()) break;
      if (member.location == Location::kPayload && member.shape->type == ShapeType::kBlob) {
        // A body that stands in JSON is told as text, not encoded.
        if (!field.is_string()) return mismatch(field, "a String");
        *static_cast<std::string*>(member.emplace(out)) = field.as_string();
        break;
      }
      Result<void> done = read(*member.shape, field, member.emplace(out));
      if (!done) return done;
      ++taken;
      break;
    }
  }
  if (is_union(shape) && (told != 1 || taken != 1)) return malformed(not_one_member(shape));
  return {};
}

Result<void> read_list(const Shape& shape, json::Value value, void* out) {
  if (!value.is_array()) {
    if (value.is_object()) return mismatch(value, "");
    return malformed("Unexpected token " + std::string(token_name(value)) + " where a list was expected");
  }
  for (const json::Value element : value.elements()) {
    if (element.is_null()) continue;
    Result<void> done = read(*shape.element, element, shape.append(out));
    if (!done) return done;
  }
  return {};
}

Result<void> read_map(const Shape& shape, json::Value value, void* out) {
  if (!value.is_object()) {
    if (value.is_array()) return mismatch(value, "");
    return malformed("Unexpected token " + std::string(token_name(value)) + " where a map was expected");
  }
  for (const auto& [key, element] : value.members()) {
    if (element.is_null()) continue;
    Result<void> done = read(*shape.element, element, shape.insert(out, key.as_string()));
    if (!done) return done;
  }
  return {};
}

// Recursion is bounded by the reader of JSON: json::kMaxDepth.
Result<void> read(const Shape& shape, json::Value value, void* out) {
  std::int64_t whole = 0;
  switch (shape.type) {
    case ShapeType::kString:
      if (!value.is_string()) return mismatch(value, "a String");
      *static_cast<std::string*>(out) = value.as_string();
      return {};
    case ShapeType::kInteger: {
      Result<void> done = read_whole(value, -2147483648.0, 2147483647.0, "an Integer", whole);
      if (done) *static_cast<std::int32_t*>(out) = static_cast<std::int32_t>(whole);
      return done;
    }
    case ShapeType::kLong: {
      Result<void> done = read_whole(value, -9.3e18, 9.3e18, "a Long", whole);
      if (done) *static_cast<std::int64_t*>(out) = whole;
      return done;
    }
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return read_double(value, *static_cast<double*>(out));
    case ShapeType::kBoolean:
      if (!value.is_bool()) return mismatch(value, "a Boolean");
      *static_cast<bool*>(out) = value.as_bool();
      return {};
    case ShapeType::kTimestamp:
      return read_timestamp(value, *static_cast<Time*>(out));
    case ShapeType::kBlob: {
      if (!value.is_string()) return mismatch(value, "a Blob");
      auto bytes = from_base64(value.as_string());
      if (!bytes) return malformed("Invalid base64 encoding of a Blob");
      *static_cast<std::string*>(out) = std::move(*bytes);
      return {};
    }
    case ShapeType::kList:
      return read_list(shape, value, out);
    case ShapeType::kMap:
      return read_map(shape, value, out);
    case ShapeType::kStructure:
      return read_members(shape, value, out, Members::kAll);
  }
  return {};
}

void write(json::Writer& writer, const Shape& shape, const void* value);

void write_timestamp(json::Writer& writer, TimestampFormat format, Time time) {
  if (format != TimestampFormat::kProtocolDefault && format != TimestampFormat::kUnix) {
    return writer.string(text_of_time(format, time));
  }
  writer.number(static_cast<double>(time.time_since_epoch().count()) / 1000.0);
}

void write_members(json::Writer& writer, const Shape& shape, const void* value) {
  writer.begin_object();
  for (const Member& member : shape.members) {
    const void* field = member.find(value);
    if (field == nullptr || member.location != Location::kBody) continue;
    writer.key(member.json_name());
    write(writer, *member.shape, field);
  }
  writer.end_object();
}

void write_map(json::Writer& writer, const Shape& shape, const void* value) {
  struct Context {
    json::Writer& writer;
    const Shape& element;
  } context{writer, *shape.element};
  writer.begin_object();
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* element) {
    const auto& c = *static_cast<Context*>(opaque);
    c.writer.key(key);
    write(c.writer, c.element, element);
  });
  writer.end_object();
}

void write(json::Writer& writer, const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kString:
      return writer.string(*static_cast<const std::string*>(value));
    case ShapeType::kInteger:
      return writer.number(static_cast<std::int64_t>(*static_cast<const std::int32_t*>(value)));
    case ShapeType::kLong:
      return writer.number(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return write_double(writer, *static_cast<const double*>(value));
    case ShapeType::kBoolean:
      return writer.boolean(*static_cast<const bool*>(value));
    case ShapeType::kTimestamp:
      return write_timestamp(writer, shape.timestamp, *static_cast<const Time*>(value));
    case ShapeType::kBlob:
      return writer.string(to_base64(*static_cast<const std::string*>(value)));
    case ShapeType::kList:
      writer.begin_array();
      for (std::size_t i = 0; i < shape.size(value); ++i) write(writer, *shape.element, shape.at(value, i));
      return writer.end_array();
    case ShapeType::kMap:
      return write_map(writer, shape, value);
    case ShapeType::kStructure:
      return write_members(writer, shape, value);
  }
}

}  // namespace

std::unexpected<Error> malformed(std::string message) {
  return fail("SerializationException", std::move(message));
}

Result<void> read_json(const Shape& shape, json::Value value, void* structure, Members members) {
  return read_members(shape, value, structure, members);
}

void write_json(json::Writer& writer, const Shape& shape, const void* structure) {
  write_members(writer, shape, structure);
}

}  // namespace signalbox::wire

#include "wire/cbor_codec.h"

#include <cmath>

#include "base/clock.h"
#include "base/encoding.h"
#include "wire/cbor.h"

namespace signalbox::wire {
namespace {

using Kind = CborReader::Kind;
using Head = CborReader::Head;

/// The tag of seconds since 1970 (RFC 8949, section 3.4.2).
constexpr std::uint64_t kEpochTag = 1;
constexpr double kFarthestSecond = 253402300799.0;  // the year 9999

/// Reads one structure; what goes wrong first is kept.
class Reading {
 public:
  explicit Reading(std::string_view bytes) : in_(bytes) {}

  Result<void> run(const Shape& shape, void* out) {
    members(shape, in_.head(), out);
    if (!in_.at_end()) refuse("The body goes on after its structure");
    if (!problem_.empty()) return fail("SerializationException", problem_);
    return {};
  }

 private:
  void refuse(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
    in_.fail();
  }

  /// The body's own fault, if nothing better is known.
  bool usable() {
    if (!in_.ok()) refuse("The body is not well-formed CBOR");
    return in_.ok();
  }

  static bool is_null(const Head& head) {
    return head.kind == Kind::kSimple && (head.value == CborReader::kNull || head.value == CborReader::kUndefined);
  }

  void members(const Shape& shape, const Head& head, void* out) {
    if (!usable()) return;
    if (head.kind != Kind::kMap) return refuse("Expected a map for " + std::string(shape.name));
    std::uint64_t left = head.value;
    while (in_.more(head, left)) {
      const std::string name = key();
      const Head value = in_.head();
      if (!usable()) return;
      const Member* member = nullptr;
      for (const Member& each : shape.members) {
        if (each.name == name) member = &each;
      }
      if (member == nullptr || is_null(value)) {
        in_.skip(value);
      } else {
        read(*member->shape, value, member->emplace(out));
      }
    }
    usable();
  }

  std::string key() {
    const Head head = in_.head();
    if (usable() && head.kind != Kind::kText) refuse("Expected a text as the key of a map");
    return in_.ok() ? in_.string(head) : std::string();
  }

  void list(const Shape& shape, const Head& head, void* out) {
    if (head.kind != Kind::kArray) return refuse("Expected a list for " + std::string(shape.name));
    std::uint64_t left = head.value;
    while (in_.more(head, left)) {
      const Head element = in_.head();
      if (!usable()) return;
      if (!is_null(element)) read(*shape.element, element, shape.append(out));
    }
    usable();
  }

  void map(const Shape& shape, const Head& head, void* out) {
    if (head.kind != Kind::kMap) return refuse("Expected a map for " + std::string(shape.name));
    std::uint64_t left = head.value;
    while (in_.more(head, left)) {
      std::string name = key();
      const Head value = in_.head();
      if (!usable()) return;
      if (!is_null(value)) read(*shape.element, value, shape.insert(out, std::move(name)));
    }
    usable();
  }

  std::string string(const Shape& shape, const Head& head, Kind kind) {
    if (head.kind != kind) {
      refuse("Expected a " + std::string(kind == Kind::kText ? "text" : "byte string") + " for " +
             std::string(shape.name));
      return "";
    }
    std::string value = in_.string(head);
    if (kind == Kind::kText && !is_utf8(value)) refuse("A text is not UTF-8");
    return value;
  }

  std::int64_t integer(const Shape& shape, const Head& head, double least, double most) {
    double value = NAN;
    std::int64_t whole = 0;
    if ((head.kind == Kind::kUnsigned || head.kind == Kind::kNegative) && head.value <= INT64_MAX) {
      whole = static_cast<std::int64_t>(head.value);
      if (head.kind == Kind::kNegative) whole = -1 - whole;
      value = static_cast<double>(whole);
    } else if (head.kind == Kind::kFloat && head.number == std::trunc(head.number) && std::abs(head.number) < 9e18) {
      value = head.number;
      whole = static_cast<std::int64_t>(value);
    }
    if (!(value >= least && value <= most)) refuse("Expected a whole number for " + std::string(shape.name));
    return whole;
  }

  double number(std::string_view name, const Head& head) {
    switch (head.kind) {
      case Kind::kUnsigned:
        return static_cast<double>(head.value);
      case Kind::kNegative:
        return -1.0 - static_cast<double>(head.value);
      case Kind::kFloat:
        return head.number;
      default:
        refuse("Expected a number for " + std::string(name));
        return 0;
    }
  }

  Time timestamp(const Shape& shape, const Head& head) {
    if (head.kind != Kind::kTag || head.value != kEpochTag) {
      refuse("Expected a timestamp for " + std::string(shape.name));
      return {};
    }
    const Head inner = in_.head();
    if (!usable()) return {};
    const double seconds = number(shape.name, inner);
    if (!(std::abs(seconds) <= kFarthestSecond)) {
      refuse("A timestamp is out of range");
      return {};
    }
    return Time(Duration(static_cast<std::int64_t>(std::llround(seconds * 1000))));
  }

  bool boolean(const Shape& shape, const Head& head) {
    if (head.kind != Kind::kSimple || (head.value != CborReader::kTrue && head.value != CborReader::kFalse)) {
      refuse("Expected a boolean for " + std::string(shape.name));
    }
    return head.value == CborReader::kTrue;
  }

  // Recursion is bounded by the model: shapes cannot refer to themselves.
  void read(const Shape& shape, const Head& head, void* out) {
    switch (shape.type) {
      case ShapeType::kString:
        *static_cast<std::string*>(out) = string(shape, head, Kind::kText);
        return;
      case ShapeType::kBlob:
        *static_cast<std::string*>(out) = string(shape, head, Kind::kBytes);
        return;
      case ShapeType::kInteger:
        *static_cast<std::int32_t*>(out) = static_cast<std::int32_t>(integer(shape, head, -2147483648.0, 2147483647.0));
        return;
      case ShapeType::kLong:
        *static_cast<std::int64_t*>(out) = integer(shape, head, -9.3e18, 9.3e18);
        return;
      case ShapeType::kFloat:
      case ShapeType::kDouble:
        *static_cast<double*>(out) = number(shape.name, head);
        return;
      case ShapeType::kBoolean:
        *static_cast<bool*>(out) = boolean(shape, head);
        return;
      case ShapeType::kTimestamp:
        *static_cast<Time*>(out) = timestamp(shape, head);
        return;
      case ShapeType::kList:
        return list(shape, head, out);
      case ShapeType::kMap:
        return map(shape, head, out);
      case ShapeType::kStructure:
        return members(shape, head, out);
    }
  }

  CborReader in_;
  std::string problem_;
};

void write(CborWriter& writer, const Shape& shape, const void* value);

void write_members(CborWriter& writer, const Shape& shape, const void* value) {
  std::size_t count = 0;
  for (const Member& member : shape.members) count += member.find(value) != nullptr ? 1 : 0;
  writer.begin_map(count);
  for (const Member& member : shape.members) {
    const void* field = member.find(value);
    if (field == nullptr) continue;
    writer.text(member.name);
    write(writer, *member.shape, field);
  }
}

void write_map(CborWriter& writer, const Shape& shape, const void* value) {
  struct Context {
    CborWriter& writer;
    const Shape& element;
  } context{writer, *shape.element};
  writer.begin_map(shape.size(value));
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* element) {
    const auto& c = *static_cast<Context*>(opaque);
    c.writer.text(key);
    write(c.writer, c.element, element);
  });
}

void write(CborWriter& writer, const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kString:
      return writer.text(*static_cast<const std::string*>(value));
    case ShapeType::kBlob:
      return writer.bytes(*static_cast<const std::string*>(value));
    case ShapeType::kInteger:
      return writer.integer(*static_cast<const std::int32_t*>(value));
    case ShapeType::kLong:
      return writer.integer(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return writer.number(*static_cast<const double*>(value));
    case ShapeType::kBoolean:
      return writer.boolean(*static_cast<const bool*>(value));
    case ShapeType::kTimestamp:
      writer.tag(kEpochTag);
      return writer.number(static_cast<double>(static_cast<const Time*>(value)->time_since_epoch().count()) / 1000.0);
    case ShapeType::kList:
      writer.begin_array(shape.size(value));
      for (std::size_t i = 0; i < shape.size(value); ++i) write(writer, *shape.element, shape.at(value, i));
      return;
    case ShapeType::kMap:
      return write_map(writer, shape, value);
    case ShapeType::kStructure:
      return write_members(writer, shape, value);
  }
}

}  // namespace

Result<void> read_cbor(const Shape& shape, std::string_view bytes, void* structure) {
  return Reading(bytes).run(shape, structure);
}

void write_cbor(std::string& out, const Shape& shape, const void* structure) {
  CborWriter writer(out);
  write_members(writer, shape, structure);
}

}  // namespace signalbox::wire

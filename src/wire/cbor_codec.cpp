#include "wire/cbor_codec.h"

#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "wire/cbor.h"
#include "wire/text_value.h"
#include "wire/union.h"

namespace signalbox::wire {
namespace {

using Kind = CborReader::Kind;
using Head = CborReader::Head;

/// The tag of seconds since 1970 (RFC 8949, section 3.4.2).
constexpr std::uint64_t kEpochTag = 1;
/// Those of numbers of any length, given as bytes: from zero on, and below (section 3.4.3).
constexpr std::uint64_t kBignumTag = 2;
constexpr std::uint64_t kNegativeBignumTag = 3;
/// Tags around one value.
constexpr int kMaxTags = 4;

/// Reads one structure; what goes wrong first is kept.
class CborReading {
 public:
  CborReading(CborDialect dialect, std::string_view bytes) : dialect_(dialect), in_(bytes) {}

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
    if (++depth_ > CborReader::kMaxDepth) return refuse("The body is nested too deep");
    int told = 0;
    int taken = 0;
    std::uint64_t left = head.value;
    while (in_.more(head, left)) {
      const std::string name = key();
      const Head value = in_.head();
      if (!usable()) return;
      if (!is_null(value) && name != kTypeMember) ++told;
      const Member* member = nullptr;
      for (const Member& each : shape.members) {
        if (each.json_name() == name) member = &each;
      }
      const bool empty = value.kind == Kind::kText && !value.indefinite && value.value == 0;
      if (member == nullptr || is_null(value) || (member->empty_is_none && empty)) {
        in_.skip(value);
      } else {
        read(*member->shape, value, member->emplace(out));
        ++taken;
      }
    }
    --depth_;
    if (usable() && is_union(shape) && (told != 1 || taken != 1)) refuse(not_one_member(shape));
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

  /// A number of any length becomes a plain one, as far as one can be that large.
  Head bignum(bool negative) {
    Head head = in_.head();
    if (!usable() || head.kind != Kind::kBytes) {
      refuse("Expected bytes for a number");
      return head;
    }
    std::string bytes = in_.string(head);
    bytes.erase(0, std::min(bytes.find_first_not_of('\0'), bytes.size()));
    Head plain;
    plain.kind = negative ? Kind::kNegative : Kind::kUnsigned;
    for (const char byte : bytes) {
      plain.number = plain.number * 256 + static_cast<std::uint8_t>(byte);
      plain.value = plain.value << 8U | static_cast<std::uint8_t>(byte);
    }
    if (bytes.size() <= sizeof plain.value) return plain;
    plain.kind = Kind::kFloat;
    if (negative) plain.number = -1.0 - plain.number;
    return plain;
  }

  /// What stands within tags: of those, numbers of any length count; others say nothing that the shape does not.
  Head untagged(Head head) {
    for (int tags = 0; usable() && head.kind == Kind::kTag; ++tags) {
      if (tags == kMaxTags) refuse("A value has too many tags");
      const bool big = head.value == kBignumTag || head.value == kNegativeBignumTag;
      head = big ? bignum(head.value == kNegativeBignumTag) : in_.head();
    }
    return head;
  }

  Time timestamp(const Shape& shape, const Head& head) {
    const double given = number(shape.name, head);
    const auto time = time_of_seconds(dialect_ == CborDialect::kCbor11 ? given / 1000 : given);
    if (!time) refuse("A timestamp is out of range");
    return time.value_or(Time());
  }

  bool boolean(const Shape& shape, const Head& head) {
    if (head.kind != Kind::kSimple || (head.value != CborReader::kTrue && head.value != CborReader::kFalse)) {
      refuse("Expected a boolean for " + std::string(shape.name));
    }
    return head.value == CborReader::kTrue;
  }

  // Recursion is bounded by that of structures.
  void read(const Shape& shape, const Head& given, void* out) {
    const Head head = untagged(given);
    if (!usable()) return;
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

  CborDialect dialect_;
  CborReader in_;
  int depth_ = 0;  // of structures
  std::string problem_;
};

/// Writes one structure.
class CborWriting {
 public:
  CborWriting(CborDialect dialect, std::string& out) : dialect_(dialect), writer_(out) {}

  void members(const Shape& shape, const void* value) {
    std::size_t count = 0;
    for (const Member& member : shape.members) count += member.find(value) != nullptr ? 1 : 0;
    begin_map(count);
    for (const Member& member : shape.members) {
      const void* field = member.find(value);
      if (field == nullptr) continue;
      writer_.text(member.json_name());
      write(*member.shape, field);
    }
    end();
  }

 private:
  bool open_ended() const { return dialect_ == CborDialect::kRpcV2; }
  void begin_map(std::size_t count) { open_ended() ? writer_.begin_map() : writer_.begin_map(count); }
  void end() {
    if (open_ended()) writer_.end();
  }

  void list(const Shape& shape, const void* value) {
    open_ended() ? writer_.begin_array() : writer_.begin_array(shape.size(value));
    for (std::size_t i = 0; i < shape.size(value); ++i) write(*shape.element, shape.at(value, i));
    end();
  }

  void map(const Shape& shape, const void* value) {
    struct Context {
      CborWriting& writing;
      const Shape& element;
    } context{*this, *shape.element};
    begin_map(shape.size(value));
    shape.each(value, &context, [](void* opaque, const std::string& key, const void* element) {
      const auto& c = *static_cast<Context*>(opaque);
      c.writing.writer_.text(key);
      c.writing.write(c.element, element);
    });
    end();
  }

  void timestamp(Time time) {
    const auto milliseconds = time.time_since_epoch().count();
    writer_.tag(kEpochTag);
    if (dialect_ == CborDialect::kCbor11) return writer_.integer(milliseconds);
    writer_.number(static_cast<double>(milliseconds) / 1000.0);
  }

  void write(const Shape& shape, const void* value) {
    switch (shape.type) {
      case ShapeType::kString:
        return writer_.text(*static_cast<const std::string*>(value));
      case ShapeType::kBlob:
        return writer_.bytes(*static_cast<const std::string*>(value));
      case ShapeType::kInteger:
        return writer_.integer(*static_cast<const std::int32_t*>(value));
      case ShapeType::kLong:
        return writer_.integer(*static_cast<const std::int64_t*>(value));
      case ShapeType::kFloat:
      case ShapeType::kDouble:
        return writer_.number(*static_cast<const double*>(value));
      case ShapeType::kBoolean:
        return writer_.boolean(*static_cast<const bool*>(value));
      case ShapeType::kTimestamp:
        return timestamp(*static_cast<const Time*>(value));
      case ShapeType::kList:
        return list(shape, value);
      case ShapeType::kMap:
        return map(shape, value);
      case ShapeType::kStructure:
        return members(shape, value);
    }
  }

  CborDialect dialect_;
  CborWriter writer_;
};

}  // namespace

Result<void> read_cbor(CborDialect dialect, const Shape& shape, std::string_view bytes, void* structure) {
  return CborReading(dialect, bytes).run(shape, structure);
}

void write_cbor(CborDialect dialect, std::string& out, const Shape& shape, const void* structure) {
  CborWriting(dialect, out).members(shape, structure);
}

}  // namespace signalbox::wire

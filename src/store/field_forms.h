// Fields of a record that are kept in a form of their own: `field("key", store::sealed(self.key, "owner"))`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/seal.h"
#include "store/fields.h"

namespace signalbox::store {

/// An optional whose value takes its room though there is none.
template <class Optional>
struct Always {
  Optional& value;
  using Value = typename std::remove_const_t<Optional>::value_type;

  void write_field(FieldWriter& out) const {
    out.write(value.has_value());
    out.write(value ? *value : Value{});
  }
  bool read_field(FieldReader& in) const {
    bool there = false;
    in.read(there);
    in.read(value.emplace());
    if (!there) value.reset();
    return true;
  }
};
template <class Optional>
Always<Optional> always(Optional& value) {
  return {value};
}

/// An optional enumeration in one number: 0 for none.
template <class Optional>
struct Numbered {
  Optional& value;
  using Value = typename std::remove_const_t<Optional>::value_type;

  void write_field(FieldWriter& out) const { out.write(value ? 1 + static_cast<std::uint64_t>(*value) : 0); }
  bool read_field(FieldReader& in) const {
    std::uint64_t number = 0;
    in.read(number);
    value.reset();
    if (number > 0) value = static_cast<Value>(number - 1);
    return number <= 1 + static_cast<std::uint64_t>(last_value(Value{}));
  }
};
template <class Optional>
Numbered<Optional> numbered(Optional& value) {
  return {value};
}

/// An optional without sign that is kept as one with.
template <class Optional>
struct Signed {
  Optional& value;
  using Value = typename std::remove_const_t<Optional>::value_type;

  void write_field(FieldWriter& out) const {
    out.record().optional_integer(value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt);
  }
  bool read_field(FieldReader& in) const {
    const auto number = in.record().optional_integer();
    value.reset();
    if (number) value = static_cast<Value>(*number);
    return !number || std::in_range<Value>(*number);
  }
};
template <class Optional>
Signed<Optional> as_signed(Optional& value) {
  return {value};
}

/// A secret, sealed for `owner`.
template <class Text>
struct Sealed {
  Text& secret;
  std::string owner;

  void write_field(FieldWriter& out) const { out.write(out.sealer()->seal(secret, owner)); }
  bool read_field(FieldReader& in) const {
    auto opened = in.sealer()->open(in.record().text_view(), owner);
    if (opened) secret = *std::move(opened);
    return opened.has_value();
  }
};
template <class Text>
Sealed<Text> sealed(Text& secret, std::string owner) {
  return {secret, std::move(owner)};
}

/// A record within the record, with its own version.
template <class Record>
struct Nested {
  Record& value;

  void write_field(FieldWriter& out) const { out.write(encode(value, out.sealer())); }
  bool read_field(FieldReader& in) const { return decode_into(value, in.record().text_view(), in.sealer()); }
};
template <class Record>
Nested<Record> nested(Record& value) {
  return {value};
}

/// A record within the record, sealed for `owner`.
template <class Record>
struct SealedRecord {
  Record& value;
  std::string owner;

  void write_field(FieldWriter& out) const { out.write(out.sealer()->seal(encode(value, out.sealer()), owner)); }
  bool read_field(FieldReader& in) const {
    const auto opened = in.sealer()->open(in.record().text_view(), owner);
    return opened && decode_into(value, *opened, in.sealer());
  }
};
template <class Record>
SealedRecord<Record> sealed_record(Record& value, std::string owner) {
  return {value, std::move(owner)};
}

/// What is written by older versions and is of no use any more: written as an empty text, and passed over.
struct Unused {
  static void write_field(FieldWriter& out) { out.write(std::string_view()); }
  static bool read_field(FieldReader& in) {
    in.record().text_view();
    return true;
  }
};

}  // namespace signalbox::store

// Records whose fields are declared once, to be written and to be read.
//
//   struct Group {
//     static constexpr std::uint8_t kVersion = 2;
//     std::string name;
//     std::map<std::string, std::string> tags;
//     std::optional<Time> modified;
//
//     template <class Self, class Fields>
//     static void fields(Self& self, Fields& field) {
//       field("name", self.name)("tags", self.tags);
//       if (field.since(2)) field("modified", self.modified);
//     }
//   };
//   const std::string bytes = store::encode(group);
//   const std::optional<Group> read = store::decode<Group>(bytes);
//
// A field is a text, a number, a truth value, a time, an enumeration, an optional, a list, a set, a map, a pair of
// these, a structure that declares fields itself, or a form (store/field_forms.h). Fields stand in the record one after
// another, without their names: a new one goes to the end, under a version of its own. A structure may have `bool
// restore()`, which is called when its fields have been read, to make what is not kept; false says that they make no
// sense.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "store/record.h"

namespace signalbox {
class Sealer;
}

namespace signalbox::store {

class FieldWriter;
class FieldReader;

/// What writes and reads itself: a kind of field that is not among those above.
template <class T>
concept FieldForm = requires(const T& form, FieldWriter& out) { form.write_field(out); } ||
                    requires(const T& form, FieldReader& in) { form.read_field(in); };

namespace detail {
template <class T>
concept Structure = requires(T& value, FieldWriter& out) { std::remove_const_t<T>::fields(value, out); };
template <class T>
concept Restored = requires(T& value) {
  { value.restore() } -> std::same_as<bool>;
};
/// An enumeration tells its last value, so that no other number passes for one.
template <class T>
concept Enumeration = std::is_enum_v<T> && requires(T value) {
  { last_value(value) } -> std::same_as<T>;
};
template <class T>
concept Pair = requires(T& value) {
  value.first;
  value.second;
};
template <class T>
concept Container = requires(const T& value) {
  value.begin();
  value.end();
  value.size();
} && !std::same_as<T, std::string>;
/// A type of whose values no two are equal in a container: a set or a map.
template <class T>
concept Keyed = Container<T> && requires { typename T::key_type; };
template <class T>
struct Plain {
  using type = T;
};
template <class First, class Second>
struct Plain<std::pair<const First, Second>> {
  using type = std::pair<First, Second>;
};
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsShared = false;
template <class T>
inline constexpr bool kIsShared<std::shared_ptr<const T>> = true;
}  // namespace detail

/// Writes each field that it is called with.
class FieldWriter {
 public:
  /// `sealer` is for secrets; records without any need none.
  explicit FieldWriter(std::uint8_t version, const Sealer* sealer = nullptr) : out_(version), sealer_(sealer) {}

  template <class T>
  FieldWriter& operator()(std::string_view name, const T& value);
  /// Writes what is part of a field, without a name.
  template <class T>
  void write(const T& value);
  /// Whether the record has the fields that came with a version: what is written has all.
  static constexpr bool since(std::uint8_t) { return true; }

  RecordWriter& record() { return out_; }
  const Sealer* sealer() const { return sealer_; }

 private:
  RecordWriter out_;
  const Sealer* sealer_;
};

/// Reads into each field that it is called with.
class FieldReader {
 public:
  /// `bytes` must outlive it.
  FieldReader(std::string_view bytes, std::uint8_t newest, const Sealer* sealer = nullptr)
      : in_(bytes, newest), sealer_(sealer) {}

  template <class T>
    requires(!FieldForm<T>)
  FieldReader& operator()(std::string_view, T& value) {
    read(value);
    return *this;
  }
  template <FieldForm Form>
  FieldReader& operator()(std::string_view, const Form& form) {
    if (!form.read_field(*this)) refuse();
    return *this;
  }
  /// Reads what is part of a field.
  template <class T>
  void read(T& value);
  bool since(std::uint8_t version) const { return in_.version() >= version; }

  /// Says that what was read makes no sense.
  void refuse() { good_ = false; }
  bool ok() const { return good_ && in_.ok(); }
  /// Read without an error, to the last byte.
  bool complete() const { return good_ && in_.complete(); }

  RecordReader& record() { return in_; }
  const Sealer* sealer() const { return sealer_; }

 private:
  template <class T>
  void read_items(T& container);
  RecordReader in_;
  const Sealer* sealer_;
  bool good_ = true;
};

template <class T>
FieldWriter& FieldWriter::operator()(std::string_view, const T& value) {
  if constexpr (FieldForm<T>) {
    value.write_field(*this);
  } else {
    write(value);
  }
  return *this;
}

template <class T>
void FieldWriter::write(const T& value) {
  if constexpr (detail::Structure<const T>) {
    T::fields(value, *this);
  } else if constexpr (std::same_as<T, bool>) {
    out_.flag(value);
  } else if constexpr (detail::Enumeration<T>) {
    out_.number(static_cast<std::uint64_t>(value));
  } else if constexpr (std::same_as<T, double>) {
    out_.number(std::bit_cast<std::uint64_t>(value));
  } else if constexpr (std::signed_integral<T>) {
    out_.integer(value);
  } else if constexpr (std::unsigned_integral<T>) {
    out_.number(value);
  } else if constexpr (std::same_as<T, Time>) {
    out_.integer(value.time_since_epoch().count());
  } else if constexpr (std::same_as<T, Duration>) {
    out_.integer(value.count());
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    out_.text(value);
  } else if constexpr (detail::kIsOptional<T>) {
    out_.flag(value.has_value());
    if (value) write(*value);
  } else if constexpr (detail::kIsShared<T>) {
    write(value ? *value : typename T::element_type());
  } else if constexpr (detail::Pair<T>) {
    write(value.first);
    write(value.second);
  } else {
    static_assert(detail::Container<T>, "no kind of field: give the type `fields`, or its enumeration `last_value`");
    out_.number(value.size());
    for (const auto& item : value) write(item);
  }
}

template <class T>
void FieldReader::read(T& value) {
  if constexpr (detail::Structure<T>) {
    T::fields(value, *this);
    if constexpr (detail::Restored<T>) {
      if (ok() && !value.restore()) refuse();
    }
  } else if constexpr (std::same_as<T, bool>) {
    value = in_.flag();
  } else if constexpr (detail::Enumeration<T>) {
    const std::uint64_t number = in_.number();
    if (number > static_cast<std::uint64_t>(last_value(T{}))) refuse();
    value = static_cast<T>(number);
  } else if constexpr (std::same_as<T, double>) {
    value = std::bit_cast<double>(in_.number());
  } else if constexpr (std::signed_integral<T>) {
    const std::int64_t number = in_.integer();
    if (!std::in_range<T>(number)) refuse();
    value = static_cast<T>(number);
  } else if constexpr (std::unsigned_integral<T>) {
    const std::uint64_t number = in_.number();
    if (!std::in_range<T>(number)) refuse();
    value = static_cast<T>(number);
  } else if constexpr (std::same_as<T, Time>) {
    value = Time(Duration(in_.integer()));
  } else if constexpr (std::same_as<T, Duration>) {
    value = Duration(in_.integer());
  } else if constexpr (std::same_as<T, std::string>) {
    value = in_.text();
  } else if constexpr (detail::kIsOptional<T>) {
    value.reset();
    if (in_.flag()) read(value.emplace());
  } else if constexpr (detail::kIsShared<T>) {
    auto made = std::make_shared<std::remove_const_t<typename T::element_type>>();
    read(*made);
    value = std::move(made);
  } else if constexpr (detail::Pair<T>) {
    read(value.first);
    read(value.second);
  } else {
    static_assert(detail::Container<T>, "no kind of field: give the type `fields`, or its enumeration `last_value`");
    read_items(value);
  }
}

template <class T>
void FieldReader::read_items(T& container) {
  container.clear();
  for (std::uint64_t left = in_.number(); left > 0 && ok(); --left) {
    typename detail::Plain<typename T::value_type>::type item{};
    read(item);
    if constexpr (detail::Keyed<T>) {
      container.insert(std::move(item));
    } else {
      container.push_back(std::move(item));
    }
  }
}

/// The record's bytes. `sealer` is for records with secrets.
template <class Record>
std::string encode(const Record& record, const Sealer* sealer = nullptr) {
  FieldWriter out(Record::kVersion, sealer);
  out.write(record);
  return std::move(out.record()).take();
}

/// Reads `bytes` into `record`, which may have beforehand what the record's key says. False on bytes that are no such
/// record; `record` is then of no use.
template <class Record>
bool decode_into(Record& record, std::string_view bytes, const Sealer* sealer = nullptr) {
  FieldReader in(bytes, Record::kVersion, sealer);
  in.read(record);
  return in.complete();
}

/// Empty optional on bytes that are no such record.
template <class Record>
std::optional<Record> decode(std::string_view bytes, const Sealer* sealer = nullptr) {
  std::optional<Record> record(std::in_place);
  if (!decode_into(*record, bytes, sealer)) record.reset();
  return record;
}

}  // namespace signalbox::store

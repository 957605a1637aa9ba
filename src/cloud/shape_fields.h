// Fields of records that are structures of a model: kept in the words of the API, which are many and grow. Members that
// come with a newer model are none in older records.
#pragma once

#include <string>
#include <string_view>

#include "store/fields.h"
#include "wire/shape.h"

namespace signalbox::cloud {

std::string json_text_of(const wire::Shape& shape, const void* value);
/// False on text that is no such structure.
bool read_json_text(const wire::Shape& shape, std::string_view text, void* value);

/// One structure, as JSON text.
template <class Value>
struct JsonField {
  const wire::Shape& shape;
  Value& value;

  void write_field(store::FieldWriter& out) const { out.write(json_text_of(shape, &value)); }
  bool read_field(store::FieldReader& in) const {
    const std::string_view text = in.record().text_view();
    return in.ok() && read_json_text(shape, text, &value);
  }
};
template <class Value>
JsonField<Value> as_json(const wire::Shape& shape, Value& value) {
  return {shape, value};
}

/// Structures under their names, each as JSON text.
template <class Map>
struct JsonMapField {
  const wire::Shape& shape;
  Map& map;

  void write_field(store::FieldWriter& out) const {
    out.write(map.size());
    for (const auto& [name, value] : map) out.record().text(name).text(json_text_of(shape, &value));
  }
  bool read_field(store::FieldReader& in) const {
    for (std::uint64_t left = in.record().number(); left > 0 && in.ok(); --left) {
      auto& value = map[in.record().text()];
      const std::string_view text = in.record().text_view();
      if (!in.ok() || !read_json_text(shape, text, &value)) return false;
    }
    return in.ok();
  }
};
template <class Map>
JsonMapField<Map> each_as_json(const wire::Shape& shape, Map& map) {
  return {shape, map};
}

}  // namespace signalbox::cloud

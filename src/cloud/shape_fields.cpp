#include "cloud/shape_fields.h"

#include "json/json.h"
#include "wire/json_codec.h"

namespace signalbox::cloud {

std::string json_text_of(const wire::Shape& shape, const void* value) {
  std::string text;
  json::Writer writer(text);
  wire::write_json(writer, shape, value);
  return text;
}

bool read_json_text(const wire::Shape& shape, std::string_view text, void* value) {
  json::Document document;
  const auto root = document.parse(text);
  return root && wire::read_json(shape, *root, value);
}

}  // namespace signalbox::cloud

#include "wire/query_json.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "json/json.h"
#include "wire/number_text.h"

namespace signalbox::wire {
namespace {

void write(json::Writer& writer, const Shape& shape, const void* value);

/// SQS's lists have other names there than in its model.
std::string_view told_name(const Member& member) {
  if (member.name == "Messages") return "messages";
  if (member.name == "QueueUrls") return "queueUrls";
  return member.name;
}

void write_members(json::Writer& writer, const Shape& shape, const void* value) {
  writer.begin_object();
  for (const Member& member : shape.members) {
    writer.key(told_name(member));
    const void* field = member.find(value);
    const bool none = field == nullptr || (member.shape->size != nullptr && member.shape->size(field) == 0);
    none ? writer.null() : write(writer, *member.shape, field);
  }
  writer.end_object();
}

void write_map(json::Writer& writer, const Shape& shape, const void* value) {
  struct Context {
    json::Writer& writer;
    const Shape& shape;
  } context{writer, shape};
  writer.begin_array();
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* item) {
    const auto& c = *static_cast<Context*>(opaque);
    c.writer.begin_object();
    c.writer.member(c.shape.key_name, key);
    c.writer.key(c.shape.element_name);
    write(c.writer, *c.shape.element, item);
    c.writer.end_object();
  });
  writer.end_array();
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
      return writer.number(static_cast<double>(static_cast<const Time*>(value)->time_since_epoch().count()) / 1000.0);
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

void write_query_json(std::string& out, const Operation& operation, const void* output, std::string_view request_id) {
  json::Writer writer(out);
  writer.begin_object();
  writer.key(std::string(operation.name) + "Response");
  writer.begin_object();
  if (!operation.result_wrapper.empty()) {
    writer.key(operation.result_wrapper);
    write_members(writer, *operation.output, output);
  }
  writer.key("ResponseMetadata");
  writer.begin_object();
  writer.member("RequestId", request_id);
  writer.end_object();
  writer.end_object();
  writer.end_object();
}

void write_query_json_error(std::string& out, std::string_view code, std::string_view message, bool sender,
                            std::string_view request_id) {
  json::Writer writer(out);
  writer.begin_object();
  writer.key("Error");
  writer.begin_object();
  writer.member("Code", code);
  writer.member("Message", message);
  writer.member("Type", sender ? "Sender" : "Receiver");
  writer.end_object();
  writer.member("RequestId", request_id);
  writer.end_object();
}

}  // namespace signalbox::wire

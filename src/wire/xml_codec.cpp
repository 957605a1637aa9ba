#include "wire/xml_codec.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/encoding.h"

namespace signalbox::wire {
namespace {

std::string_view local_name(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::unexpected<Error> bad_value(std::string_view text, std::string_view type) {
  return fail("InvalidArgument", "'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(type) + ".", 400);
}

template <class Number>
Result<void> read_number(std::string_view text, void* out) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return bad_value(text, "number");
  *static_cast<Number*>(out) = number;
  return {};
}

class Reader {
 public:
  Result<void> structure(const Shape& shape, const pugi::xml_node& node, void* out) {
    for (const auto& attribute : node.attributes()) {
      const std::string_view name = attribute.name();
      if (name.starts_with("xmlns")) continue;
      const Member* member = find(shape, local_name(name), true);
      if (member == nullptr) continue;  // as xsi:schemaLocation, of the document and not of the service
      Result<void> done = value(*member->shape, attribute.value(), member->emplace(out));
      if (!done) return done;
    }
    for (const auto& child : node.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        if (std::string_view(child.value()).find_first_not_of(" \t\r\n") != std::string_view::npos) {
          return malformed_xml("text between elements");
        }
        continue;
      }
      const Member* member = find(shape, local_name(child.name()), false);
      if (member == nullptr) return malformed_xml("element " + std::string(child.name()));
      Result<void> done = this->member(*member, child, out);
      if (!done) return done;
    }
    return complete(shape, out);
  }

 private:
  static const Member* find(const Shape& shape, std::string_view name, bool attribute) {
    for (const Member& member : shape.members) {
      if (member.location != Location::kBody || member.xml_attribute != attribute) continue;
      if (local_name(member.query_name) == name) return &member;
    }
    return nullptr;
  }

  static Result<void> complete(const Shape& shape, const void* value) {
    for (const Member& member : shape.members) {
      if (!member.required || member.location != Location::kBody || member.find(value) != nullptr) continue;
      // A flattened list that has no elements does not show.
      if (member.shape->type == ShapeType::kList && member.shape->flattened) continue;
      return malformed_xml("element " + std::string(member.query_name) + " is missing");
    }
    return {};
  }

  Result<void> member(const Member& member, const pugi::xml_node& node, void* out) {
    const Shape& shape = *member.shape;
    const void* present = member.find(out);
    if (shape.type == ShapeType::kList && shape.flattened) {
      void* list = present != nullptr ? const_cast<void*>(present) : member.emplace(out);
      return any(*shape.element, node, shape.append(list));
    }
    if (present != nullptr) return malformed_xml("element " + std::string(node.name()) + " twice");
    return any(shape, node, member.emplace(out));
  }

  Result<void> any(const Shape& shape, const pugi::xml_node& node, void* out) {
    switch (shape.type) {
      case ShapeType::kStructure:
        return structure(shape, node, out);
      case ShapeType::kList:
        return list(shape, node, out);
      case ShapeType::kMap:
        return malformed_xml("element " + std::string(node.name()) + ": maps cannot be read");
      default:
        return value(shape, text_of(node), out);
    }
  }

  Result<void> list(const Shape& shape, const pugi::xml_node& node, void* out) {
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (local_name(child.name()) != shape.element_name) return malformed_xml("element " + std::string(child.name()));
      Result<void> done = any(*shape.element, child, shape.append(out));
      if (!done) return done;
    }
    return {};
  }

  static Result<void> value(const Shape& shape, std::string_view text, void* out) {
    Result<void> done = read_xml_scalar(shape, text, out);
    if (!done) return malformed_xml(done.error().message);
    const bool any_case = shape.name == "FilterRuleName";  // S3 takes "Prefix" as well
    if (shape.type == ShapeType::kString && !shape.enum_values.empty() && !any_case &&
        std::ranges::find(shape.enum_values, text) == shape.enum_values.end()) {
      return malformed_xml("'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(shape.name));
    }
    return {};
  }

  static std::string text_of(const pugi::xml_node& node) {
    std::string text;
    for (const auto& child : node.children()) text += child.value();
    return text;
  }
};

void write_list(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  if (!shape.flattened) out.append("<").append(name).append(">");
  for (std::size_t i = 0; i < shape.size(value); ++i) {
    write_xml(out, *shape.element, shape.flattened ? name : shape.element_name, shape.at(value, i));
  }
  if (!shape.flattened) out.append("</").append(name).append(">");
}

std::string attributes_of(const Shape& shape, const void* value) {
  std::string out;
  if (!shape.xml_prefix.empty()) {
    out.append(" xmlns:").append(shape.xml_prefix).append("=\"").append(shape.xml_uri).append("\"");
  }
  for (const Member& member : shape.members) {
    const void* field = member.xml_attribute ? member.find(value) : nullptr;
    if (field == nullptr) continue;
    out.append(" ").append(member.location_name.empty() ? member.query_name : member.location_name).append("=\"");
    append_escaped_markup(out, xml_scalar_text(*member.shape, field, TimestampFormat::kIso8601));
    out += '"';
  }
  return out;
}

}  // namespace

std::unexpected<Error> malformed_xml(std::string_view detail) {
  return fail("MalformedXML",
              "The XML you provided was not well-formed or did not validate against our published schema (" +
                  std::string(detail) + ")",
              400);
}

Result<void> read_xml_scalar(const Shape& shape, std::string_view text, void* out) {
  switch (shape.type) {
    case ShapeType::kString:
      *static_cast<std::string*>(out) = text;
      return {};
    case ShapeType::kInteger:
      return read_number<std::int32_t>(text, out);
    case ShapeType::kLong:
      return read_number<std::int64_t>(text, out);
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return read_number<double>(text, out);
    case ShapeType::kBoolean:
      if (text != "true" && text != "false" && text != "TRUE" && text != "FALSE" && text != "True" && text != "False") {
        return bad_value(text, "boolean");
      }
      *static_cast<bool*>(out) = text.front() == 't' || text.front() == 'T';
      return {};
    case ShapeType::kTimestamp: {
      auto time = from_iso8601(text);
      if (!time) time = from_http_date(text);
      if (!time && text.size() == std::string_view("2026-01-01").size())
        time = from_iso8601(std::string(text) + "T00:00:00Z");
      if (!time) return bad_value(text, "timestamp");
      *static_cast<Time*>(out) = *time;
      return {};
    }
    case ShapeType::kBlob: {
      auto bytes = from_base64(text);
      if (!bytes) return bad_value(text, "base64 text");
      *static_cast<std::string*>(out) = *std::move(bytes);
      return {};
    }
    default:
      return bad_value(text, "scalar");
  }
}

Result<void> read_xml(const Shape& shape, std::string_view text, void* structure) {
  if (text.size() > kMaxXmlBytes) return malformed_xml("it is too long");
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(),
                                           pugi::parse_default | pugi::parse_doctype | pugi::parse_ws_pcdata_single,
                                           pugi::encoding_auto);
  if (!parsed) return malformed_xml(parsed.description());
  pugi::xml_node root;
  for (const auto& node : document.children()) {
    if (node.type() == pugi::node_doctype) return malformed_xml("a document type");
    if (node.type() == pugi::node_element && root) return malformed_xml("two documents");
    if (node.type() == pugi::node_element) root = node;
  }
  if (!root) return malformed_xml("no element");
  return Reader().structure(shape, root, structure);
}

std::string xml_scalar_text(const Shape& shape, const void* value, TimestampFormat default_format) {
  switch (shape.type) {
    case ShapeType::kInteger:
      return std::to_string(*static_cast<const std::int32_t*>(value));
    case ShapeType::kLong:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble: {
      char text[32];
      return {text, std::to_chars(text, text + sizeof text, *static_cast<const double*>(value)).ptr};
    }
    case ShapeType::kBoolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case ShapeType::kTimestamp: {
      const auto format = shape.timestamp == TimestampFormat::kProtocolDefault ? default_format : shape.timestamp;
      const Time time = *static_cast<const Time*>(value);
      return format == TimestampFormat::kHttpDate ? to_http_date(time) : to_iso8601_millis(time);
    }
    case ShapeType::kBlob:
      return to_base64(*static_cast<const std::string*>(value));
    default:
      return *static_cast<const std::string*>(value);
  }
}

void write_xml_text(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">");
  append_escaped_markup(out, text);
  out.append("</").append(name).append(">");
}

void write_xml(std::string& out, const Shape& shape, std::string_view name, const void* value,
               std::string_view attributes) {
  if (shape.type == ShapeType::kList) return write_list(out, shape, name, value);
  out.append("<").append(name).append(attributes);
  if (shape.type == ShapeType::kStructure) {
    out.append(attributes_of(shape, value)).append(">");
    write_xml_members(out, shape, value);
  } else {
    out += ">";
    append_escaped_markup(out, xml_scalar_text(shape, value, TimestampFormat::kIso8601));
  }
  out.append("</").append(name).append(">");
}

void write_xml_members(std::string& out, const Shape& shape, const void* value) {
  for (const Member& member : shape.members) {
    if (member.location != Location::kBody || member.xml_attribute) continue;
    const void* field = member.find(value);
    if (field != nullptr) write_xml(out, *member.shape, member.query_name, field);
  }
}

}  // namespace signalbox::wire

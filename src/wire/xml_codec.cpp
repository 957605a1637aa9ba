#include "wire/xml_codec.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/encoding.h"
#include "http/message.h"
#include "wire/text_value.h"
#include "wire/union.h"

namespace signalbox::wire {
namespace {

std::string_view local_name(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::unexpected<Error> bad_value(std::string_view text, std::string_view type) {
  return fail("InvalidArgument", "'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(type) + ".", 400);
}

std::string_view type_name(const Shape& shape) {
  switch (shape.type) {
    case ShapeType::kInteger:
    case ShapeType::kLong:
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return "number";
    case ShapeType::kBoolean:
      return "boolean";
    case ShapeType::kTimestamp:
      return "timestamp";
    case ShapeType::kBlob:
      return "base64 text";
    default:
      return "scalar";
  }
}

/// The reference that `text` begins with, behind its '&': one of XML's five, or a character's number.
bool is_reference(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(';'));
  if (name.size() == text.size()) return false;
  if (!name.starts_with('#')) return name == "lt" || name == "gt" || name == "amp" || name == "quot" || name == "apos";
  const bool hexadecimal = name.starts_with("#x");
  const std::string_view digits = name.substr(hexadecimal ? 2 : 1);
  std::uint32_t code = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
  return problem == std::errc() && end == digits.data() + digits.size() && code != 0 && code <= 0x10FFFF;
}

/// Whether a document in UTF-8 refers to what XML does not know by itself, which pugixml takes as text.
bool has_unknown_references(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  while (!text.empty()) {
    const std::size_t at = text.find_first_of("<&");
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at);
    const bool raw = text.starts_with("<![CDATA[");
    if (raw || text.starts_with("<!--")) {
      text.remove_prefix(std::min(text.find(raw ? "]]>" : "-->"), text.size()));
    } else if (text.front() == '&' && !is_reference(text.substr(1))) {
      return true;
    }
    if (!text.empty()) text.remove_prefix(1);
  }
  return false;
}

class Reader {
 public:
  Result<void> structure(const Shape& shape, const pugi::xml_node& node, void* out) {
    if (++depth_ > kMaxDepth) return malformed_xml("it is nested too deep");
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
    --depth_;
    return complete(shape, out);
  }

 private:
  static constexpr int kMaxDepth = 64;  // of structures in structures

  static const Member* find(const Shape& shape, std::string_view name, bool attribute) {
    for (const Member& member : shape.members) {
      if (member.location != Location::kBody || member.xml_attribute != attribute) continue;
      if (local_name(member.xml_name()) == name) return &member;
    }
    return nullptr;
  }

  static Result<void> complete(const Shape& shape, const void* value) {
    const auto is_there = [&](const Member& member) { return member.find(value) != nullptr; };
    if (is_union(shape) && std::ranges::count_if(shape.members, is_there) != 1)
      return malformed_xml(not_one_member(shape));
    for (const Member& member : shape.members) {
      if (!member.required || member.location != Location::kBody || member.find(value) != nullptr) continue;
      // A flattened list that has no elements does not show.
      if (member.shape->type == ShapeType::kList && member.shape->flattened) continue;
      return malformed_xml("element " + std::string(member.xml_name()) + " is missing");
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
    if (shape.type == ShapeType::kMap && shape.flattened) {
      return entry(shape, node, present != nullptr ? const_cast<void*>(present) : member.emplace(out));
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
        return map(shape, node, out);
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

  Result<void> map(const Shape& shape, const pugi::xml_node& node, void* out) {
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (local_name(child.name()) != "entry") return malformed_xml("element " + std::string(child.name()));
      Result<void> done = entry(shape, child, out);
      if (!done) return done;
    }
    return {};
  }

  /// One entry of a map: its key's element, and its value's.
  Result<void> entry(const Shape& shape, const pugi::xml_node& node, void* out) {
    pugi::xml_node key;
    pugi::xml_node item;
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = local_name(child.name());
      if (name != shape.key_name && name != shape.element_name) {
        return malformed_xml("element " + std::string(child.name()));
      }
      (name == shape.key_name ? key : item) = child;
    }
    if (!key || !item) return malformed_xml("element " + std::string(node.name()));
    std::string name;
    Result<void> done = value(*shape.key, text_of(key), &name);
    if (!done) return done;
    return any(*shape.element, item, shape.insert(out, std::move(name)));
  }

  static Result<void> value(const Shape& shape, std::string_view text, void* out) {
    Result<void> done = read_xml_scalar(shape, text, out);
    if (!done) return malformed_xml(done.error().message);
    if (shape.type == ShapeType::kString && !is_utf8(text)) return malformed_xml("a text that is not UTF-8");
    if (shape.type == ShapeType::kString && !is_of_enum(shape, *static_cast<std::string*>(out))) {
      return malformed_xml("'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(shape.name));
    }
    return {};
  }

  static std::string text_of(const pugi::xml_node& node) {
    std::string text;
    for (const auto& child : node.children()) text += child.value();
    return text;
  }

  int depth_ = 0;
};

/// The namespace that the shape's element declares, and the members that stand in its tag.
std::string attributes_of(const Shape& shape, const void* value) {
  std::string out;
  if (!shape.xml_uri.empty()) {
    out.append(" xmlns").append(shape.xml_prefix.empty() ? "" : ":").append(shape.xml_prefix);
    out.append("=\"").append(shape.xml_uri).append("\"");
  }
  for (const Member& member : shape.members) {
    const void* field = member.xml_attribute ? member.find(value) : nullptr;
    if (field == nullptr) continue;
    out.append(" ").append(member.location_name.empty() ? member.xml_name() : member.location_name).append("=\"");
    append_escaped_markup(out, text_of_value(*member.shape, field, TimestampFormat::kIso8601));
    out += '"';
  }
  return out;
}

/// A flattened list's namespace is its elements'.
void write_elements(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  for (std::size_t i = 0; i < shape.size(value); ++i) write_xml(out, *shape.element, name, shape.at(value, i));
}

/// A flattened map's namespace is its entries'.
void write_entries(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  struct Context {
    std::string& out;
    const Shape& shape;
    std::string_view entry;
    std::string attributes;
  } context{out, shape, name, shape.flattened ? attributes_of(shape, value) : ""};
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* item) {
    const auto& c = *static_cast<Context*>(opaque);
    c.out.append("<").append(c.entry).append(c.attributes).append(">");
    write_xml(c.out, *c.shape.key, c.shape.key_name, &key);
    write_xml(c.out, *c.shape.element, c.shape.element_name, item);
    c.out.append("</").append(c.entry).append(">");
  });
}

void write_content(std::string& out, const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kStructure:
      return write_xml_members(out, shape, value);
    case ShapeType::kList:
      return write_elements(out, shape, shape.element_name, value);
    case ShapeType::kMap:
      return write_entries(out, shape, "entry", value);
    default:
      append_escaped_markup(out, text_of_value(shape, value, TimestampFormat::kIso8601));
  }
}

}  // namespace

std::unexpected<Error> malformed_xml(std::string_view detail) {
  Error error{"MalformedXML",
              "The XML you provided was not well-formed or did not validate against our published schema", 400};
  ErrorDetails details;
  details.elements = {{"Detail", std::string(detail)}};
  error.details = std::make_shared<const ErrorDetails>(std::move(details));
  return std::unexpected(std::move(error));
}

Result<void> read_xml_scalar(const Shape& shape, std::string_view text, void* out) {
  if (read_text_value(shape, text, TimestampFormat::kIso8601, Reading::kTolerant, out)) return {};
  return bad_value(text, type_name(shape));
}

bool is_of_enum(const Shape& shape, std::string& text) {
  if (shape.enum_values.empty() || shape.enum_check == EnumCheck::kByService) return true;
  const bool any_case = shape.enum_check == EnumCheck::kAnyCase;
  const auto found = std::ranges::find_if(shape.enum_values, [&](std::string_view value) {
    return value == text || (any_case && http::same_name(value, text));
  });
  if (found == shape.enum_values.end()) return false;
  text = *found;
  return true;
}

Result<void> read_xml(const Shape& shape, std::string_view text, void* structure) {
  if (text.size() > kMaxXmlBytes) return malformed_xml("it is too long");
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(),
                                           pugi::parse_default | pugi::parse_doctype | pugi::parse_ws_pcdata_single,
                                           pugi::encoding_auto);
  if (!parsed) return malformed_xml(parsed.description());
  if (has_unknown_references(text)) return malformed_xml("a reference to what is not declared");
  pugi::xml_node root;
  for (const auto& node : document.children()) {
    if (node.type() == pugi::node_doctype) return malformed_xml("a document type");
    if (node.type() == pugi::node_element && root) return malformed_xml("two documents");
    if (node.type() == pugi::node_element) root = node;
  }
  if (!root) return malformed_xml("no element");
  return Reader().structure(shape, root, structure);
}

void write_xml_message(std::string& out, std::string_view name, std::string_view text) {
  // What XML cannot have: controls, the two last of the first 65536 code points, and bytes that are no text.
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  constexpr std::string_view kNoncharacters[] = {"\xef\xbf\xbe", "\xef\xbf\xbf"};
  const bool is_text = is_utf8(text);
  std::string clean;
  while (!text.empty()) {
    const char c = text.front();
    const bool control = static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
    const bool stray = !is_text && static_cast<unsigned char>(c) >= 0x80;
    const bool no_character = text.starts_with(kNoncharacters[0]) || text.starts_with(kNoncharacters[1]);
    const std::size_t taken = no_character && !stray ? kNoncharacters[0].size() : 1;
    clean.append(control || stray || no_character ? kReplacement : text.substr(0, 1));
    text.remove_prefix(taken);
  }
  write_xml_text(out, name, clean);
}

void write_xml_text(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">");
  append_escaped_markup(out, text);
  out.append("</").append(name).append(">");
}

void write_xml(std::string& out, const Shape& shape, std::string_view name, const void* value,
               std::string_view attributes) {
  if (shape.flattened && shape.type == ShapeType::kList) return write_elements(out, shape, name, value);
  if (shape.flattened && shape.type == ShapeType::kMap) return write_entries(out, shape, name, value);
  out.append("<").append(name).append(attributes).append(attributes_of(shape, value)).append(">");
  write_content(out, shape, value);
  out.append("</").append(name).append(">");
}

void write_xml_members(std::string& out, const Shape& shape, const void* value) {
  for (const Member& member : shape.members) {
    if (member.location != Location::kBody || member.xml_attribute) continue;
    const void* field = member.find(value);
    if (field != nullptr) write_xml(out, *member.shape, member.xml_name(), field);
  }
}

}  // namespace signalbox::wire

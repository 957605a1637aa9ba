#include "wire/query_protocol.h"

#include <charconv>

#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/constraints.h"
#include "wire/form.h"

namespace signalbox::wire {
namespace {

/// The code in other protocols; here it has another name.
constexpr std::string_view kAccessDenied = "AccessDeniedException";

std::unexpected<Error> malformed(const std::string& name, const std::string& value) {
  return fail("MalformedInput", "Value (" + value + ") for parameter " + name + " is invalid.");
}

template <class Number>
Result<void> read_number(const std::string& name, const std::string& text, Number& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem != std::errc() || end != text.data() + text.size()) return malformed(name, text);
  return {};
}

Result<void> read_scalar(const Shape& shape, const std::string& name, const std::string& text, void* out) {
  switch (shape.type) {
    case ShapeType::kInteger:
      return read_number(name, text, *static_cast<std::int32_t*>(out));
    case ShapeType::kLong:
      return read_number(name, text, *static_cast<std::int64_t*>(out));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return read_number(name, text, *static_cast<double*>(out));
    case ShapeType::kBoolean:
      if (text != "true" && text != "false") return malformed(name, text);
      *static_cast<bool*>(out) = text == "true";
      return {};
    case ShapeType::kTimestamp: {
      const auto time = from_iso8601(text);
      if (!time) return malformed(name, text);
      *static_cast<Time*>(out) = *time;
      return {};
    }
    case ShapeType::kBlob: {
      auto bytes = from_base64(text);
      if (!bytes) return malformed(name, text);
      *static_cast<std::string*>(out) = std::move(*bytes);
      return {};
    }
    default:
      *static_cast<std::string*>(out) = text;
      return {};
  }
}

Result<void> read(const Form& form, const Shape& shape, const std::string& name, void* out);

Result<void> read_structure(const Form& form, const Shape& shape, const std::string& prefix, void* out) {
  for (const Member& member : shape.members) {
    const std::string name = prefix + std::string(member.query_name);
    if (!form.has(name)) {
      // A form cannot tell an empty list from none: where one must be there, it is empty.
      if (member.required && member.shape->type == ShapeType::kList) member.emplace(out);
      continue;
    }
    Result<void> done = read(form, *member.shape, name, member.emplace(out));
    if (!done) return done;
  }
  return {};
}

// Numbered from 1 without gaps; the form's own size bounds the walk.
Result<void> read_list(const Form& form, const Shape& shape, const std::string& name, void* out) {
  const std::string stem = shape.flattened ? name + "." : name + "." + std::string(shape.element_name) + ".";
  for (int i = 1; form.has(stem + std::to_string(i)); ++i) {
    Result<void> done = read(form, *shape.element, stem + std::to_string(i), shape.append(out));
    if (!done) return done;
  }
  return {};
}

Result<void> read_map(const Form& form, const Shape& shape, const std::string& name, void* out) {
  const std::string stem = shape.flattened ? name + "." : name + ".entry.";
  for (int i = 1; form.has(stem + std::to_string(i)); ++i) {
    const std::string entry = stem + std::to_string(i) + ".";
    const std::string* key = form.find(entry + std::string(shape.key_name));
    if (key == nullptr) return malformed(entry + std::string(shape.key_name), "");
    Result<void> done = read(form, *shape.element, entry + std::string(shape.element_name), shape.insert(out, *key));
    if (!done) return done;
  }
  return {};
}

Result<void> read(const Form& form, const Shape& shape, const std::string& name, void* out) {
  if (shape.type == ShapeType::kStructure) return read_structure(form, shape, name + ".", out);
  if (shape.type == ShapeType::kList) return read_list(form, shape, name, out);
  if (shape.type == ShapeType::kMap) return read_map(form, shape, name, out);
  const std::string* text = form.find(name);
  return text == nullptr ? Result<void>() : read_scalar(shape, name, *text, out);
}

void open(std::string& out, std::string_view name) {
  out.append("<").append(name).append(">");
}
void close(std::string& out, std::string_view name) {
  out.append("</").append(name).append(">");
}

void element(std::string& out, std::string_view name, std::string_view text) {
  open(out, name);
  append_escaped_markup(out, text);
  close(out, name);
}

void write(std::string& out, const Shape& shape, std::string_view name, const void* value);

void write_structure(std::string& out, const Shape& shape, const void* value) {
  for (const Member& member : shape.members) {
    const void* field = member.find(value);
    if (field != nullptr) write(out, *member.shape, member.query_name, field);
  }
}

void write_list(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  if (!shape.flattened) open(out, name);
  for (std::size_t i = 0; i < shape.size(value); ++i) {
    write(out, *shape.element, shape.flattened ? name : shape.element_name, shape.at(value, i));
  }
  if (!shape.flattened) close(out, name);
}

void write_map(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  struct Context {
    std::string& out;
    const Shape& shape;
    std::string_view entry;
  } context{out, shape, shape.flattened ? name : std::string_view("entry")};
  if (!shape.flattened) open(out, name);
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* item) {
    const auto& c = *static_cast<Context*>(opaque);
    open(c.out, c.entry);
    element(c.out, c.shape.key_name, key);
    write(c.out, *c.shape.element, c.shape.element_name, item);
    close(c.out, c.entry);
  });
  if (!shape.flattened) close(out, name);
}

/// The shortest text that reads back the same.
std::string number_text(double value) {
  char text[32];
  const auto [end, problem] = std::to_chars(text, text + sizeof text, value);
  return problem == std::errc() ? std::string(text, end) : std::to_string(value);
}

std::string scalar_text(const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kInteger:
      return std::to_string(*static_cast<const std::int32_t*>(value));
    case ShapeType::kLong:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return number_text(*static_cast<const double*>(value));
    case ShapeType::kBoolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case ShapeType::kTimestamp:
      return to_iso8601_millis(*static_cast<const Time*>(value));
    case ShapeType::kBlob:
      return to_base64(*static_cast<const std::string*>(value));
    default:
      return *static_cast<const std::string*>(value);
  }
}

void write(std::string& out, const Shape& shape, std::string_view name, const void* value) {
  if (shape.type == ShapeType::kList) return write_list(out, shape, name, value);
  if (shape.type == ShapeType::kMap) return write_map(out, shape, name, value);
  if (shape.type != ShapeType::kStructure) return element(out, name, scalar_text(shape, value));
  open(out, name);
  write_structure(out, shape, value);
  close(out, name);
}

}  // namespace

Result<AnyStructure> QueryProtocol::decode(const Operation& operation, const http::Request& request) const {
  Result<Form> form = Form::read(request);
  if (!form) return std::unexpected(std::move(form).error());
  // SQS lets a request be sent to the queue's own URL, which then need not be repeated.
  if (request.path().size() > 1) form->add_if_absent("QueueUrl", std::string(request.path()));
  AnyStructure input = operation.new_input();
  Result<void> done = read_structure(*form, *operation.input, "", input.data());
  if (!done) return std::unexpected(std::move(done).error());
  Result<void> checked = check_constraints(*operation.service, *operation.input, input.data());
  if (!checked) return std::unexpected(std::move(checked).error());
  return input;
}

http::Response QueryProtocol::encode(const Operation& operation, const AnyStructure& output,
                                     std::string_view request_id) const {
  http::Response response;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", "text/xml"}};
  std::string& out = response.body;
  out = "<?xml version=\"1.0\"?>\n<";
  out.append(operation.name).append("Response xmlns=\"").append(operation.service->xml_namespace).append("\">");
  if (!operation.result_wrapper.empty()) {
    open(out, operation.result_wrapper);
    write_structure(out, output.shape(), output.data());
    close(out, operation.result_wrapper);
  }
  out += "<ResponseMetadata>";
  element(out, "RequestId", request_id);
  out.append("</ResponseMetadata></").append(operation.name).append("Response>\n");
  return response;
}

http::Response QueryProtocol::encode_error(const Service& service, const Error& error,
                                           std::string_view request_id) const {
  const ErrorShape* shape = service.find_error(error.code);
  const bool denied = shape == nullptr && error.code == kAccessDenied;
  http::Response response;
  response.status = error.http_status != 0 ? error.http_status
                    : shape != nullptr     ? shape->http_status
                    : denied               ? 403
                                           : 400;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", "text/xml"}};
  const bool sender = shape != nullptr ? shape->sender_fault : response.status < 500;
  std::string& out = response.body;
  out = "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"";
  out.append(service.xml_namespace).append("\"><Error>");
  element(out, "Type", sender ? "Sender" : "Receiver");
  element(out, "Code", shape != nullptr ? shape->query_code : denied ? "AccessDenied" : std::string_view(error.code));
  element(out, "Message", error.message);
  out += "<Detail/></Error>";
  element(out, "RequestId", request_id);
  out += "</ErrorResponse>\n";
  return response;
}

}  // namespace signalbox::wire

#include "wire/rest_json_protocol.h"

#include <algorithm>

#include "base/encoding.h"
#include "json/json.h"
#include "wire/constraints.h"
#include "wire/error_type.h"
#include "wire/header_text.h"
#include "wire/json_codec.h"
#include "wire/media_type.h"
#include "wire/query_text.h"
#include "wire/text_value.h"
#include "wire/uri_template.h"

namespace signalbox::wire {
namespace {

constexpr int kNoContent = 204;
constexpr int kForbidden = 403;
constexpr int kNotAcceptable = 406;
constexpr int kUnsupportedMediaType = 415;

std::unexpected<Error> unreadable(const Shape& shape) {
  switch (shape.type) {
    case ShapeType::kBoolean:
      return malformed("STRING_VALUE can not be converted to a Boolean");
    case ShapeType::kTimestamp:
      return malformed("STRING_VALUE can not be converted to a Timestamp");
    case ShapeType::kMap:
    case ShapeType::kStructure:
      return malformed("A structure can only stand in the body");
    default:
      return malformed("STRING_VALUE can not be converted to a Number");
  }
}

/// A value that path, query or header has as text.
Result<void> read_text(const Shape& shape, const std::string& text, TimestampFormat format, void* out) {
  if (shape.type == ShapeType::kList) return read_text(*shape.element, text, format, shape.append(out));
  if (!is_utf8(text)) return malformed("A text is not UTF-8");
  return read_text_value(shape, text, format, Reading::kStrict, out) ? Result<void>() : unreadable(shape);
}

Result<void> read_query(const Member& member, const Parameters& query, void* input) {
  void* field = nullptr;
  for (const auto& [name, value] : query) {
    if (name != member.location_name || (member.empty_is_none && value.empty())) continue;
    if (field == nullptr) field = member.emplace(input);
    Result<void> done = read_text(*member.shape, value, TimestampFormat::kIso8601, field);
    if (!done) return done;
  }
  return {};
}

Result<void> read_header(const Member& member, const http::Request& request, void* input) {
  const Shape& shape = *member.shape;
  const std::string_view text = request.header(member.location_name);
  if (text.empty()) return {};
  if (shape.json_value) {
    if (read_json_header(text, *static_cast<std::string*>(member.emplace(input)))) return {};
    return malformed("A header is no JSON in base64 encoding");
  }
  void* field = member.emplace(input);
  if (shape.type != ShapeType::kList) return read_text(shape, std::string(text), TimestampFormat::kHttpDate, field);
  for (const std::string& item : header_items(*shape.element, joined_header(request, member.location_name))) {
    Result<void> done = read_text(*shape.element, item, TimestampFormat::kHttpDate, shape.append(field));
    if (!done) return done;
  }
  return {};
}

/// All headers whose names begin as the member's do, by the rest of their names.
void read_headers(const Member& member, const http::Request& request, void* input) {
  void* map = nullptr;
  const std::string_view prefix = member.location_name;
  for (const auto& [name, value] : request.headers) {
    if (name.size() < prefix.size() || !http::same_name(name.substr(0, prefix.size()), prefix)) continue;
    if (map == nullptr) map = member.emplace(input);
    *static_cast<std::string*>(member.shape->insert(map, std::string(name.substr(prefix.size())))) = value;
  }
}

Result<void> read_places(const Operation& operation, const http::Request& request, void* input) {
  const auto labels = match_uri(operation.uri, request.path());
  const auto query = query_parameters(request.query());
  if (!query) return malformed("The query string has a broken escape, or too many parameters");
  const auto is_text = [](const auto& parameter) { return is_utf8(parameter.first) && is_utf8(parameter.second); };
  if (!std::ranges::all_of(*query, is_text)) return malformed("The query string is not UTF-8");
  for (const Member& member : operation.input->members) {
    Result<void> done;
    const bool is_map = member.shape->type == ShapeType::kMap;
    if (member.location == Location::kQuery && is_map) read_query_table(member, *query, input);
    if (member.location == Location::kQuery && !is_map) done = read_query(member, *query, input);
    if (member.location == Location::kHeader) done = read_header(member, request, input);
    if (member.location == Location::kHeaders) read_headers(member, request, input);
    if (member.location == Location::kUri && labels) {
      for (const auto& [name, value] : *labels) {
        if (name != member.location_name) continue;
        done = read_text(*member.shape, value, TimestampFormat::kIso8601, member.emplace(input));
      }
    }
    if (!done) return done;
  }
  return {};
}

/// The member that is the whole body; null where the body is a JSON object of members.
const Member* payload_of(const Shape& structure) {
  for (const Member& member : structure.members) {
    if (member.location == Location::kPayload) return &member;
  }
  return nullptr;
}

/// What is told of in types other than JSON is refused; what says nothing is taken as JSON.
Result<void> check_media_types(const Operation& operation, const http::Request& request) {
  const auto is_of_json = [](const Shape& shape) {
    const Member* payload = payload_of(shape);
    return payload == nullptr || payload->shape->type == ShapeType::kStructure;
  };
  if (!request.body.empty() && is_of_json(*operation.input) && !is_json_type(request.header("Content-Type"))) {
    return fail("UnsupportedMediaTypeException", "", kUnsupportedMediaType);
  }
  if (is_of_json(*operation.output) && !accepts_json(request.header("Accept"))) {
    return fail("NotAcceptableException", "", kNotAcceptable);
  }
  return {};
}

Result<void> read_body(const Operation& operation, std::string_view body, void* input) {
  if (body.empty()) return {};
  const Member* payload = payload_of(*operation.input);
  if (payload != nullptr && payload->shape->type != ShapeType::kStructure) {
    *static_cast<std::string*>(payload->emplace(input)) = body;
    return {};
  }
  json::Document document;
  const Result<json::Value> root = document.parse(body);
  if (!root) return malformed(root.error().message);
  if (payload != nullptr) return read_json(*payload->shape, *root, payload->emplace(input));
  return read_json(*operation.input, *root, input, Members::kBody);
}

http::Response response_of(int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", "application/json"}};
  return response;
}

void write_places(const AnyStructure& output, http::Response& response) {
  for (const Member& member : output.shape().members) {
    const void* field = member.find(output.data());
    if (field == nullptr) continue;
    if (member.location == Location::kStatus) response.status = *static_cast<const std::int32_t*>(field);
    if (member.location == Location::kHeaders) set_headers(response, member, field);
    if (member.location != Location::kHeader) continue;
    std::string text = header_text(*member.shape, field);
    if (!text.empty()) set_header(response, member.location_name, std::move(text));
  }
}

void write_body(const AnyStructure& output, http::Response& response) {
  const Member* payload = payload_of(output.shape());
  const bool has_output = !output.shape().name.empty();
  if (payload == nullptr && (response.status == kNoContent || !has_output)) return;
  const void* field = payload != nullptr ? payload->find(output.data()) : nullptr;
  if (payload != nullptr && payload->shape->type != ShapeType::kStructure) {
    // Bytes go as Lambda sends them, whose functions answer in JSON.
    if (payload->shape->type == ShapeType::kString) set_header(response, "Content-Type", "text/plain");
    if (field != nullptr) response.body = *static_cast<const std::string*>(field);
    return;
  }
  json::Writer writer(response.body);
  if (payload == nullptr) return write_json(writer, output.shape(), output.data());
  if (field != nullptr) return write_json(writer, *payload->shape, field);
  writer.begin_object();
  writer.end_object();
}

}  // namespace

Result<AnyStructure> RestJsonProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  Result<void> done = check_media_types(operation, request);
  if (done) done = read_body(operation, request.body, input.data());
  if (done) done = read_places(operation, request, input.data());
  if (done) done = check_constraints(*operation.service, *operation.input, input.data());
  if (!done) return std::unexpected(std::move(done).error());
  return input;
}

http::Response RestJsonProtocol::encode(const Operation& operation, const AnyStructure& output,
                                        std::string_view request_id) const {
  http::Response response = response_of(operation.status, request_id);
  write_body(output, response);
  write_places(output, response);
  return response;
}

http::Response RestJsonProtocol::encode_error(const Service& service, const Error& error,
                                              std::string_view request_id) const {
  http::Response response = response_of(error_status(service, error), request_id);
  response.headers.emplace_back("x-amzn-ErrorType", error.code);
  // What refuses callers spells it so, what reads requests otherwise.
  const ErrorFields fields =
      error_fields(service, error, response.status, response.status == kForbidden ? "Message" : "message");
  for (const auto& [name, value] : fields.headers) set_header(response, name, value);
  write_json_error(response.body, "", fields, error.message);
  return response;
}

}  // namespace signalbox::wire

#include "wire/rest_json_protocol.h"

#include <charconv>

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"
#include "wire/constraints.h"
#include "wire/form.h"
#include "wire/json_codec.h"
#include "wire/uri_template.h"

namespace signalbox::wire {
namespace {

constexpr int kNoContent = 204;

template <class Number>
Result<void> read_number(std::string_view text, void* out) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return malformed("STRING_VALUE can not be converted to a Number");
  }
  *static_cast<Number*>(out) = number;
  return {};
}

/// A value that path, query or header has as text.
Result<void> read_text(const Shape& shape, const std::string& text, void* out) {
  switch (shape.type) {
    case ShapeType::kString:
    case ShapeType::kBlob:
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
      if (text != "true" && text != "false") return malformed("STRING_VALUE can not be converted to a Boolean");
      *static_cast<bool*>(out) = text == "true";
      return {};
    case ShapeType::kTimestamp: {
      const auto time = from_iso8601(text);
      if (!time) return malformed("STRING_VALUE can not be converted to a Timestamp");
      *static_cast<Time*>(out) = *time;
      return {};
    }
    case ShapeType::kList:
      return read_text(*shape.element, text, shape.append(out));
    case ShapeType::kMap:
    case ShapeType::kStructure:
      break;
  }
  return malformed("A structure can only stand in the body");
}

/// Names and values of a query string, in their order.
Result<Labels> query_of(std::string_view query) {
  Labels parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    auto value = percent_decode(pair.substr(std::min(pair.size(), name.size() + 1)), true);
    if (!value) return malformed("The query string has a broken escape");
    if (parameters.size() >= kMaxFormParameters) return malformed("The query string has too many parameters");
    parameters.emplace_back(name, *std::move(value));
  }
  return parameters;
}

Result<void> read_query(const Member& member, const Labels& query, void* input) {
  void* field = nullptr;
  for (const auto& [name, value] : query) {
    if (percent_decode(name, true) != member.location_name) continue;
    if (field == nullptr) field = member.emplace(input);
    Result<void> done = read_text(*member.shape, value, field);
    if (!done) return done;
  }
  return {};
}

Result<void> read_places(const Operation& operation, const http::Request& request, void* input) {
  const auto labels = match_uri(operation.uri, request.path());
  const auto query = query_of(request.query());
  if (!query) return std::unexpected(query.error());
  for (const Member& member : operation.input->members) {
    Result<void> done;
    if (member.location == Location::kQuery) done = read_query(member, *query, input);
    if (member.location == Location::kHeader) {
      const std::string_view header = request.header(member.location_name);
      if (!header.empty()) done = read_text(*member.shape, std::string(header), member.emplace(input));
    }
    if (member.location == Location::kUri && labels) {
      for (const auto& [name, value] : *labels) {
        if (name == member.location_name) done = read_text(*member.shape, value, member.emplace(input));
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

Result<void> read_body(const Operation& operation, std::string_view body, void* input) {
  if (body.empty()) return {};
  if (const Member* payload = payload_of(*operation.input)) {
    *static_cast<std::string*>(payload->emplace(input)) = body;
    return {};
  }
  json::Document document;
  const Result<json::Value> root = document.parse(body);
  if (!root) return malformed(root.error().message);
  return read_json(*operation.input, *root, input, Members::kBody);
}

http::Response response_of(int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", "application/json"}};
  return response;
}

}  // namespace

Result<AnyStructure> RestJsonProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  Result<void> done = read_body(operation, request.body, input.data());
  if (done) done = read_places(operation, request, input.data());
  if (done) done = check_constraints(*operation.service, *operation.input, input.data());
  if (!done) return std::unexpected(std::move(done).error());
  return input;
}

http::Response RestJsonProtocol::encode(const Operation& operation, const AnyStructure& output,
                                        std::string_view request_id) const {
  http::Response response = response_of(operation.status, request_id);
  if (const Member* payload = payload_of(output.shape())) {
    if (const void* bytes = payload->find(output.data())) response.body = *static_cast<const std::string*>(bytes);
  } else if (response.status != kNoContent) {
    json::Writer writer(response.body);
    write_json(writer, output.shape(), output.data());
  }
  for (const Member& member : output.shape().members) {
    const void* field = member.find(output.data());
    if (member.location == Location::kStatus && field != nullptr) {
      response.status = *static_cast<const std::int32_t*>(field);
    }
    if (member.location != Location::kHeader || field == nullptr || member.shape->type != ShapeType::kString) continue;
    response.headers.emplace_back(member.location_name, *static_cast<const std::string*>(field));
  }
  return response;
}

http::Response RestJsonProtocol::encode_error(const Service& service, const Error& error,
                                              std::string_view request_id) const {
  const ErrorShape* shape = service.find_error(error.code);
  const int otherwise = error.code == "AccessDeniedException" ? 403 : 400;
  const int status = error.http_status != 0 ? error.http_status : shape != nullptr ? shape->http_status : otherwise;
  http::Response response = response_of(status, request_id);
  response.headers.emplace_back("x-amzn-ErrorType", error.code);
  json::Writer writer(response.body);
  writer.begin_object();
  writer.member("Message", error.message);
  writer.end_object();
  return response;
}

}  // namespace signalbox::wire

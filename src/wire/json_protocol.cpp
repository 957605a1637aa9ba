#include "wire/json_protocol.h"

#include "json/json.h"
#include "wire/constraints.h"
#include "wire/json_codec.h"

namespace signalbox::wire {
Result<AnyStructure> JsonProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  if (!request.body.empty()) {
    static thread_local json::Document document;
    const Result<json::Value> root = document.parse(request.body);
    if (!root) return malformed(root.error().message);
    Result<void> done = read_json(*operation.input, *root, input.data());
    if (!done) return std::unexpected(std::move(done).error());
  }
  Result<void> checked = check_constraints(*operation.service, *operation.input, input.data());
  if (!checked) return std::unexpected(std::move(checked).error());
  return input;
}

http::Response JsonProtocol::encode(const Operation&, const AnyStructure& output, std::string_view request_id) const {
  http::Response response;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", std::string(content_type_)}};
  json::Writer writer(response.body);
  write_json(writer, output.shape(), output.data());
  return response;
}

namespace {

/// What __type says. Services that have prefixes have another for the errors that their models do not declare, which
/// they name there as exceptions, while x-amzn-query-error has the query protocol's name.
std::string type_of(const Service& service, const ErrorShape* declared, const std::string& code) {
  if (service.json_error_prefix.empty()) return code;
  if (declared != nullptr) return std::string(service.json_error_prefix) + "#" + code;
  const std::string_view name = code == "InvalidParameterValue" ? "InvalidParameterValueException"
                                : code == "MissingParameter"    ? "MissingRequiredParameterException"
                                                                : std::string_view(code);
  return "com.amazon.coral.service#" + std::string(name);
}

}  // namespace

http::Response JsonProtocol::encode_error(const Service& service, const Error& error,
                                          std::string_view request_id) const {
  const ErrorShape* shape = service.find_error(error.code);
  http::Response response;
  response.status = error.http_status != 0 ? error.http_status : shape != nullptr ? shape->http_status : 400;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", std::string(content_type_)}};
  if (service.query_compatible) {
    const bool sender = shape != nullptr ? shape->sender_fault : response.status < 500;
    std::string code(shape != nullptr ? shape->query_code : std::string_view(error.code));
    response.headers.emplace_back("x-amzn-query-error", code + (sender ? ";Sender" : ";Receiver"));
  }
  json::Writer writer(response.body);
  writer.begin_object();
  writer.key("__type");
  writer.string(type_of(service, shape, error.code));
  writer.key("message");
  writer.string(error.message);
  writer.end_object();
  return response;
}

}  // namespace signalbox::wire

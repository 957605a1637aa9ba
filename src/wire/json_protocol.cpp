#include "wire/json_protocol.h"

#include "json/json.h"
#include "wire/constraints.h"
#include "wire/error_type.h"
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

http::Response JsonProtocol::encode_error(const Service& service, const Error& error,
                                          std::string_view request_id) const {
  http::Response response;
  response.status = error_status(service, error);
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", std::string(content_type_)}};
  if (service.query_compatible) response.headers.push_back(query_error_header(service, error, response.status));
  const ErrorFields fields = error_fields(service, error, response.status, "message");
  write_json_error(response.body, error_type(service, error.code), fields, error.message);
  return response;
}

}  // namespace signalbox::wire

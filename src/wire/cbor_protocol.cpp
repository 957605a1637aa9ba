#include "wire/cbor_protocol.h"

#include <cstdlib>

#include "wire/cbor.h"
#include "wire/constraints.h"
#include "wire/error_type.h"

namespace signalbox::wire {
namespace {

/// Lambda's members are texts; others' numbers and truths are told as what they are.
void write_field(CborWriter& writer, const ErrorField& field) {
  writer.text(field.name);
  if (field.type == ShapeType::kBoolean) return writer.boolean(field.value == "true");
  if (field.type == ShapeType::kInteger || field.type == ShapeType::kLong) {
    return writer.integer(std::strtoll(field.value.c_str(), nullptr, 10));
  }
  writer.text(field.value);
}

}  // namespace

http::Response CborProtocol::response_of(int status, std::string_view request_id, bool has_body) const {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)}};
  if (has_body) response.headers.emplace_back("Content-Type", content_type_);
  if (dialect_ == CborDialect::kRpcV2) response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return response;
}

Result<AnyStructure> CborProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  Result<void> done;
  if (!request.body.empty()) done = read_cbor(dialect_, *operation.input, request.body, input.data());
  if (done) done = check_constraints(*operation.service, *operation.input, input.data());
  if (!done) return std::unexpected(std::move(done).error());
  return input;
}

http::Response CborProtocol::encode(const Operation&, const AnyStructure& output, std::string_view request_id) const {
  const bool has_body = dialect_ != CborDialect::kRpcV2 || !output.shape().name.empty();
  http::Response response = response_of(200, request_id, has_body);
  if (has_body) write_cbor(dialect_, response.body, output.shape(), output.data());
  return response;
}

http::Response CborProtocol::encode_error(const Service& service, const Error& error,
                                          std::string_view request_id) const {
  http::Response response = response_of(error_status(service, error), request_id, true);
  if (service.query_compatible) response.headers.push_back(query_error_header(service, error, response.status));
  const ErrorFields fields = error_fields(service, error, response.status, "message");
  CborWriter writer(response.body);
  const bool has_message = !error.message.empty();
  writer.begin_map((has_message ? 2 : 1) + fields.body.size());
  writer.text("__type");
  writer.text(error_type(service, error.code));
  if (has_message) {
    writer.text(fields.message_name);
    writer.text(error.message);
  }
  for (const ErrorField& field : fields.body) write_field(writer, field);
  return response;
}

}  // namespace signalbox::wire

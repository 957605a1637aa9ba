#include "wire/rpc_cbor_protocol.h"

#include "wire/cbor.h"
#include "wire/cbor_codec.h"
#include "wire/constraints.h"
#include "wire/error_type.h"

namespace signalbox::wire {
namespace {

http::Response response_of(int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)},
                      {"smithy-protocol", "rpc-v2-cbor"},
                      {"Content-Type", "application/cbor"}};
  return response;
}

}  // namespace

Result<AnyStructure> RpcCborProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  Result<void> done;
  if (!request.body.empty()) done = read_cbor(*operation.input, request.body, input.data());
  if (done) done = check_constraints(*operation.service, *operation.input, input.data());
  if (!done) return std::unexpected(std::move(done).error());
  return input;
}

http::Response RpcCborProtocol::encode(const Operation&, const AnyStructure& output,
                                       std::string_view request_id) const {
  http::Response response = response_of(200, request_id);
  write_cbor(response.body, output.shape(), output.data());
  return response;
}

http::Response RpcCborProtocol::encode_error(const Service& service, const Error& error,
                                             std::string_view request_id) const {
  const ErrorShape* shape = service.find_error(error.code);
  http::Response response = response_of(error.http_status != 0 ? error.http_status
                                        : shape != nullptr     ? shape->http_status
                                                               : 400,
                                        request_id);
  if (service.query_compatible) response.headers.push_back(query_error_header(service, error, response.status));
  CborWriter writer(response.body);
  writer.begin_map(2);
  writer.text("__type");
  writer.text(error_type(service, error.code));
  writer.text("message");
  writer.text(error.message);
  return response;
}

}  // namespace signalbox::wire

// The codecs: the first byte chooses an operation, the second a protocol, the rest is the body. What is decoded as an
// input is encoded as if it were an answer.

#include <iterator>
#include <string>
#include <vector>

#include "check.h"
#include "models/cloudwatch.h"
#include "models/events.h"
#include "models/kinesis.h"
#include "models/sqs.h"
#include "wire/protocol.h"
#include "wire/route.h"

namespace {

using namespace signalbox;

std::vector<const wire::Operation*> all_operations() {
  std::vector<const wire::Operation*> all;
  for (const wire::Service* service :
       {&models::events::kService, &models::sqs::kService, &models::cloudwatch::kService, &models::kinesis::kService}) {
    for (const wire::Operation& operation : service->operations) all.push_back(&operation);
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::vector<const wire::Operation*> operations = all_operations();
  if (size < 2) return 0;
  const wire::Operation& operation = *operations[data[0] % operations.size()];
  const wire::ProtocolKind kinds[] = {wire::ProtocolKind::kJson10,    wire::ProtocolKind::kJson11,
                                      wire::ProtocolKind::kQuery,     wire::ProtocolKind::kRpcV2Cbor,
                                      wire::ProtocolKind::kQueryJson, wire::ProtocolKind::kEc2Query,
                                      wire::ProtocolKind::kCbor11};
  const wire::ProtocolKind kind = kinds[data[1] % std::size(kinds)];
  const std::string body(reinterpret_cast<const char*>(data + 2), size - 2);

  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers = {{"Content-Type", kind == wire::ProtocolKind::kQuery ? "application/x-www-form-urlencoded"
                                                                         : "application/x-amz-json-1.1"}};
  request.body = body;
  const wire::Service* const services[] = {&models::events::kService, &models::sqs::kService};
  wire::route(services, request, "sqs");

  const wire::Protocol& protocol = wire::protocol(kind);
  const auto decoded = protocol.decode(operation, request);
  if (!decoded) {
    FUZZ_CHECK(!decoded.error().code.empty());
    FUZZ_CHECK(!protocol.encode_error(*operation.service, decoded.error(), "id").body.empty());
    return 0;
  }
  wire::Operation mirror = operation;
  mirror.output = operation.input;
  FUZZ_CHECK(protocol.encode(mirror, *decoded, "id").status == 200);
  return 0;
}

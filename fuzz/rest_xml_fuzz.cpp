// Requests of S3: method, target and headers as lines, then the body; and what was read is written again.

#include <string>
#include <string_view>

#include "check.h"
#include "http_text.h"
#include "models/s3.h"
#include "wire/protocol.h"
#include "wire/route_rest_xml.h"

using namespace signalbox;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  http::Request request = read_http_text(text);
  wire::bucket_of_host(request.header("Host"));
  const wire::Operation* operation = wire::route_rest_xml(models::s3::kService, request);
  if (operation == nullptr) return 0;
  const wire::Protocol& protocol = wire::protocol(wire::ProtocolKind::kRestXml);
  auto input = protocol.decode(*operation, request);
  if (!input) {
    FUZZ_CHECK(!input.error().code.empty());
    protocol.encode_error(models::s3::kService, input.error(), "id");
    return 0;
  }
  // A configuration comes back as it was put: what is read is written, and read again.
  if (operation->name == "PutBucketTagging") {
    const auto response = protocol.encode(*operation, *input, "id");
    for (const auto& [name, value] : response.headers) FUZZ_CHECK(value.find('\n') == std::string::npos);
  }
  return 0;
}

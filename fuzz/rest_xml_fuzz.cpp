// Requests of S3: method, target and headers as lines, then the body; and what was read is written again.

#include <string>
#include <string_view>

#include "check.h"
#include "models/s3.h"
#include "wire/protocol.h"
#include "wire/route_rest_xml.h"

namespace {

using namespace signalbox;

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string_view rest = text;
  http::Request request;
  const std::string_view first = take_line(rest);
  const auto space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = space == std::string_view::npos ? "/" : first.substr(space + 1);
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) break;
    const auto colon = line.find(':');
    request.headers.emplace_back(line.substr(0, colon),
                                 colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1));
  }
  request.body = rest;
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

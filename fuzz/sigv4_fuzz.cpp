// SigV4: an HTTP-like text of a request line, header lines and a body, read and verified.

#include <string>
#include <string_view>

#include "base/time_text.h"
#include "check.h"
#include "wire/sigv4.h"

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

  wire::read_claim(request);
  const auto signature = wire::read_signature(request);
  if (!signature) {
    FUZZ_CHECK(!signature.error().code.empty());
    return 0;
  }
  if (!*signature) return 0;
  const auto now = from_amz_date((*signature)->amz_date).value_or(Time());
  const auto verified = wire::verify_signature(request, **signature, "secret", now);
  FUZZ_CHECK(verified.has_value() || !verified.error().code.empty());
  return 0;
}

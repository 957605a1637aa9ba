// SigV4: an HTTP-like text of a request line, header lines and a body, read and verified.

#include <string>
#include <string_view>

#include "base/time_text.h"
#include "check.h"
#include "http_text.h"
#include "wire/sigv4.h"

using namespace signalbox;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  http::Request request = read_http_text(text);

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

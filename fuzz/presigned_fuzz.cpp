// Presigned URLs: a good link of either version with anything added to it. What is still good says what the good one
// said.

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/time_text.h"
#include "check.h"
#include "http_text.h"
#include "wire/sigv2.h"
#include "wire/sigv4.h"

using namespace signalbox;

namespace {

constexpr std::string_view kSecret = "secret";
constexpr const char* kHost = "bucket.s3.amazonaws.com";

http::Request request_of(std::string_view method, const std::string& target) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.headers = {{"Host", kHost}};
  return request;
}

/// A link of version 2 for /key.
std::string link() {
  const std::string target = "/key?AWSAccessKeyId=AK&Expires=2000000000&x-amz-meta-a=1&Signature=";
  const auto unsigned_link = target + "x";
  const http::Request request = request_of("GET", unsigned_link);
  const auto signature = wire::read_signature(request);
  FUZZ_CHECK(signature && *signature);
  return target + percent_encode(wire::signature_2(wire::string_to_sign_2(request, **signature), kSecret));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::string good = link();
  const std::string text(reinterpret_cast<const char*>(data), size);

  // Anything as a query.
  const std::string odd = "/key?" + text;
  const http::Request any = request_of("GET", odd);
  const auto read = wire::read_signature(any);
  FUZZ_CHECK(read || !read.error().code.empty());
  if (read && *read) {
    const auto end = wire::check_life(**read, Time(std::chrono::seconds(1'700'000'000)));
    FUZZ_CHECK(end || !end.error().code.empty());
  }
  for (const auto version : {wire::Signature::Version::k4, wire::Signature::Version::k2}) {
    for (const auto& [name, value] : wire::headers_in_query(text, version)) {
      FUZZ_CHECK(!name.empty() && (name + value).find_first_of("\r\n") == std::string::npos);
    }
  }

  // The first line behind a good link, the others as its headers.
  const std::string lines = "GET " + good + "&" + text;
  const http::Request more = read_http_text(lines);
  const std::string target(more.target);
  http::Request changed = request_of("GET", target);
  for (const auto& header : more.headers) {
    if (!http::same_name(header.first, "Host")) changed.headers.push_back(header);
  }
  const auto signature = wire::read_signature(changed);
  if (!signature || !*signature || !(*signature)->presigned) return 0;
  if ((*signature)->version != wire::Signature::Version::k2) return 0;
  const auto verified = wire::verify_head(changed, **signature, kSecret, Time(std::chrono::seconds(1'700'000'000)));
  if (!verified) return 0;
  const auto headers = wire::headers_in_query(changed.query(), wire::Signature::Version::k2);
  FUZZ_CHECK(std::string_view(changed.path()) == "/key");
  for (const auto& [name, value] : headers) {
    if (name.starts_with("x-amz-")) FUZZ_CHECK(name == "x-amz-meta-a" && value == "1");
  }
  return 0;
}

// Function URLs: a request (method and target, header lines, an empty line, the body), which becomes the event of a
// function; and the same body as what a function answers, which becomes a response.

#include <string>
#include <string_view>

#include "check.h"
#include "http_text.h"
#include "json/json.h"
#include "services/lambda/url_messages.h"

using namespace signalbox;

namespace {

/// Whatever is asked, the event is JSON, with the members that functions count on.
void check_event(const http::Request& request) {
  const std::string event = lambda::url_event(request, "name", request.path(), {}, "id", "Root=1-0-0", Time{});
  json::Document document;
  const auto root = document.parse(event);
  FUZZ_CHECK(root && root->is_object());
  for (const char* const member : {"version", "rawPath", "rawQueryString", "headers", "requestContext"}) {
    FUZZ_CHECK(root->find(member));
  }
  const auto encoded = root->find("isBase64Encoded");
  FUZZ_CHECK(encoded && encoded->is_bool());
  FUZZ_CHECK(!request.body.empty() || !encoded->as_bool());
}

/// Whatever a function answers, the response keeps to HTTP.
void check_response(const std::string& answer) {
  const http::Response response = lambda::url_response(answer);
  FUZZ_CHECK(response.status >= 200 && response.status <= 599);
  FUZZ_CHECK(response.headers.size() <= 101);
  for (const auto& [name, value] : response.headers) {
    FUZZ_CHECK(!name.empty());
    FUZZ_CHECK((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    FUZZ_CHECK(!http::same_name(name, "Content-Length") && !http::same_name(name, "Transfer-Encoding"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const http::Request request = read_http_text(text);
  check_event(request);
  check_response(std::string(request.body));
  return 0;
}

#include "http/request_checks.h"

#include <algorithm>

namespace signalbox::http {
namespace {

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

}  // namespace

Result<void> check_outgoing(const ClientRequest& request) {
  if (!is_token(request.method)) return fail("InvalidRequest", "The request's method is none.");
  if (!request.url.path.starts_with('/') || !is_visible(request.url.path) || !is_visible(request.url.query)) {
    return fail("InvalidRequest", "The request's path or query has a character that must be encoded there.");
  }
  if (!is_visible(request.url.host)) return fail("InvalidRequest", "The request's host is no name.");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return fail("InvalidRequest", "The request has a header whose name cannot be one.");
    if (!is_value(value)) {
      return fail("InvalidRequest", "The request's header " + name + " has a character that no header may have.");
    }
  }
  return {};
}

}  // namespace signalbox::http

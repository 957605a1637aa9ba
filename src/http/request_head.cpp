#include "http/request_head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/fields.hpp>

#include "http/plain_error.h"

namespace signalbox::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

constexpr unsigned kHttp10 = 10;
constexpr unsigned kHttp11 = 11;

std::string_view to_view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// Where the authority of a target in absolute form begins; 0 for other forms.
std::size_t authority_at(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() && same_name(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

/// The authority of a target in absolute form.
std::string_view authority_in(std::string_view target) {
  const auto at = authority_at(target);
  return target.substr(at, std::min(target.find_first_of("/?", at), target.size()) - at);
}

/// A header that goes on in the next line (obs-fold): readers disagree about what it says.
bool is_folded(std::string_view text) {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    if (end + 1 < text.size() && (text[end + 1] == ' ' || text[end + 1] == '\t')) return true;
  }
  return false;
}

bool is_target(const Head& head) {
  const std::string_view target = to_view(head.target());
  return target.starts_with('/') || (authority_at(target) > 0 && is_host(authority_in(target))) ||
         (target == "*" && head.method() == beast::http::verb::options);
}

}  // namespace

bool awaits_continue(const Head& head) {
  return head.version() == kHttp11 && head.count(field::expect) > 0;
}

std::optional<Response> refusal_of(const Head& head, std::string_view text) {
  int hosts = 0;
  for (const auto& one : head) {
    if (one.name() == field::host) {
      ++hosts;
      if (!is_host(to_view(one.value()))) return plain_error(400, "The request's Host header is no host.");
    }
    if (one.name() == field::transfer_encoding) {
      if (head.version() == kHttp10) return plain_error(400, "HTTP/1.0 has no Transfer-Encoding.");
      if (!beast::iequals(one.value(), "chunked")) {
        return plain_error(501, "The Transfer-Encoding is not chunked, the only one that is done here.");
      }
    }
    if (one.name() == field::expect && head.version() == kHttp11 && !beast::iequals(one.value(), "100-continue")) {
      return plain_error(417, "Expect is not 100-continue, the only expectation there is.");
    }
  }
  if (hosts > 1 || (hosts == 0 && head.version() == kHttp11)) {
    return plain_error(400, hosts > 1 ? "The request has several Host headers." : "The request has no Host header.");
  }
  if (!is_target(head)) return plain_error(400, "The request's target is no path.");
  if (is_folded(text)) return plain_error(400, "A header of the request goes on in the next line.");
  return std::nullopt;
}

Request view_of(const Head& head) {
  Request request;
  request.method = to_view(head.method_string());
  request.target = to_view(head.target());
  std::string_view host;
  if (const auto at = authority_at(request.target)) {
    host = authority_in(request.target);
    const auto end = at + host.size();
    request.target = end < request.target.size() && request.target[end] == '/' ? request.target.substr(end) : "/";
  }
  for (const auto& one : head) {
    const bool replaced = !host.empty() && one.name() == field::host;
    request.headers.emplace_back(to_view(one.name_string()), replaced ? host : to_view(one.value()));
  }
  return request;
}

}  // namespace signalbox::http

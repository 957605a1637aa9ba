#include <algorithm>
#include <charconv>

#include "http/client.h"
#include "http/message.h"

namespace signalbox::http {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_printable(char c) {
  return c > ' ' && c < '\x7f';
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  Url url;
  if (!std::ranges::all_of(text, is_printable) || text.find('#') != std::string_view::npos) return std::nullopt;
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  url.tls = same_name(text.substr(0, scheme), "https");
  if (!url.tls && !same_name(text.substr(0, scheme), "http")) return std::nullopt;
  text.remove_prefix(scheme + 3);
  const auto path = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, path);
  text.remove_prefix(path);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  url.port = url.tls ? kHttpsPort : kHttpPort;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = port_of(authority.substr(colon + 1));
    if (!port) return std::nullopt;
    url.port = *port;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[')) {
    if (!authority.ends_with(']')) return std::nullopt;
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty()) return std::nullopt;
  url.host = authority;
  const auto question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? kHttpsPort : kHttpPort)) out += ":" + std::to_string(port);
  return out;
}

std::string_view ClientResponse::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& header) { return same_name(header.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace signalbox::http

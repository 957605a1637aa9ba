#include "cloud/browsers.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <climits>

#include "base/ascii.h"
#include "base/encoding.h"
#include "http/plain_error.h"
#include "wire/route_rest_xml.h"
#include "wire/sigv4.h"

namespace signalbox::cloud {
namespace {

/// The service whose resources have rules of their own: they let pages ask for its operations, and for no others'.
constexpr std::string_view kWithRules = "s3";

std::string machine_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return ascii_lowered(name.data());
}

/// "name:4566" as name and port ("" for none); a v6 address without its brackets.
struct HostPort {
  std::string_view name;
  std::string_view port;
};
HostPort split(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  HostPort parts{authority.substr(0, has_port ? colon : authority.size()),
                 has_port ? authority.substr(colon + 1) : std::string_view()};
  if (parts.name.starts_with('[') && parts.name.ends_with(']')) {
    parts.name = parts.name.substr(1, parts.name.size() - 2);
  }
  return parts;
}

std::string_view authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

std::optional<asio::ip::address> address_of(std::string_view name) {
  boost::system::error_code problem;
  const auto address = asio::ip::make_address(name, problem);
  if (problem) return std::nullopt;
  return address;
}

bool is_below(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.';
}

/// The server as seen from its own machine. Not "x.localhost": what stands there may be a bucket's content.
bool is_this_machine(std::string_view name) {
  if (name == "localhost") return true;
  const auto address = address_of(name);
  return address && address->is_loopback();
}

/// Hosts to which browsers say where a request comes from (Sec-Fetch-...) though it is not encrypted ("potentially
/// trustworthy", W3C Secure Contexts).
bool is_trustworthy(std::string_view name) {
  return is_this_machine(name) || is_below(name, "localhost");
}

bool matches(const std::vector<std::string>& listed, std::string_view name) {
  return std::ranges::any_of(listed, [&](const std::string& one) {
    if (one == "*" || ascii_lowered(one) == name) return true;
    return one.starts_with("*.") && is_below(name, ascii_lowered(std::string_view(one).substr(2)));
  });
}

/// Names that nobody can point elsewhere: those of AWS's endpoints, which are sent here by who sends them; those that
/// no public name server knows (RFC 6761; ICANN's "internal", by which containers call their host).
bool is_nobodys(std::string_view name) {
  constexpr std::string_view kParents[] = {"localhost",        "internal", "amazonaws.com",
                                           "amazonaws.com.cn", "api.aws",  "on.aws"};
  return std::ranges::any_of(kParents, [&](std::string_view one) { return name == one || is_below(name, one); });
}

void set(http::Response& response, std::string_view name, std::string value) {
  std::erase_if(response.headers, [&](const auto& header) { return http::same_name(header.first, name); });
  response.headers.emplace_back(std::string(name), std::move(value));
}

/// The names of what the answer carries: a page may read them all.
std::string exposed(const http::Response& response) {
  std::string names = "Date, Content-Length";
  for (const auto& [name, value] : response.headers) {
    if (!http::same_name(name, "Content-Type") && !http::same_name(name, "Vary")) names.append(", ").append(name);
  }
  return names;
}

bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && !request.header("Origin").empty() &&
         !request.header("Access-Control-Request-Method").empty();
}

/// As AWS's endpoints answer: any method, whatever headers are asked for, for two days.
http::Response preflight(const http::Request& request) {
  http::Response response;
  response.headers = {{"Access-Control-Allow-Origin", std::string(request.header("Origin"))},
                      {"Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS"},
                      {"Access-Control-Max-Age", "172800"},
                      {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}};
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", std::string(wanted));
  // A page of the Internet that asks a place on this machine asks for that, too ("Private Network Access").
  if (request.header("Access-Control-Request-Private-Network") == "true") {
    response.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
  return response;
}

/// Whether it copies to the bucket that its Host names what another bucket holds.
bool copies_from_elsewhere(const http::Request& request) {
  const std::string named = wire::header_or_parameter(request, "x-amz-copy-source");
  if (named.empty()) return false;
  const std::string source = percent_decode(named).value_or("");
  const std::string_view path = std::string_view(source).substr(source.starts_with('/') ? 1 : 0);
  return path.substr(0, path.find('/')) != wire::bucket_of_host(request.header("Host"));
}

http::Response refuse_origin(std::string_view origin) {
  const std::string who = origin.empty() ? "of another site" : "of " + std::string(origin);
  const std::string option = origin.empty() || origin == "null" ? "ORIGIN" : std::string(origin);
  return http::plain_error(403, "AccessDenied: a web page " + who +
                                    " asks, and may not act for whoever looks at it. If the page is yours, start the "
                                    "server with --cors-origins " +
                                    option + ".");
}

}  // namespace

Browsers::Browsers(BrowserOptions options, const Site& site)
    : options_(std::move(options)), site_(site), machine_(machine_name()) {}

bool Browsers::knows_name(std::string_view name) const {
  // Whoever asks by an address asks this server: only names can be pointed here by others.
  if (name.empty() || is_nobodys(name) || name == machine_ || address_of(name)) return true;
  const std::string own = ascii_lowered(split(authority_of(site_.url())).name);
  return name == own || is_below(name, own) || matches(options_.hosts, name);
}

bool Browsers::knows_host(std::string_view host) const {
  const HostPort parts = split(host);
  // "localhost:80@evil.example" is a name of evil.example's to some.
  if (!std::ranges::all_of(parts.port, [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::string text = ascii_lowered(parts.name);
  if (text.ends_with('.')) text.pop_back();
  std::string_view name = text;
  if (knows_name(name) || site_.has_host(name)) return true;
  // A bucket's name before the name of a server: bucket.s3.NAME, bucket.s3.REGION.NAME.
  for (const std::string_view mark : {".s3.", ".s3-"}) {
    const auto at = name.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view rest = name.substr(at + mark.size());
    if (mark == ".s3." && knows_name(rest)) return true;
    const auto region = rest.find('.');
    if (region != std::string_view::npos && knows_name(rest.substr(region + 1))) return true;
  }
  return false;
}

bool Browsers::is_listed(std::string_view origin) const {
  return !origin.empty() && std::ranges::any_of(options_.origins, [&](const std::string& one) {
    return one == "*" || http::same_name(one, origin);
  });
}

bool Browsers::allows_origin(std::string_view origin, std::string_view host) const {
  if (origin.empty()) return false;
  if (is_listed(origin)) return true;
  const std::string_view from = authority_of(origin);
  if (from.empty()) return false;
  if (http::same_name(from, host) || http::same_name(origin, site_.url())) return true;
  // localhost, 127.0.0.1 and [::1] with the same port are one server.
  const HostPort page = split(from);
  const HostPort asked = split(host);
  return page.port == asked.port && is_this_machine(ascii_lowered(page.name)) &&
         is_this_machine(ascii_lowered(asked.name));
}

std::optional<http::Response> Browsers::refuse_host(const http::Request& request) const {
  const std::string_view host = request.header("Host");
  if (!options_.refuse_unknown_hosts || knows_host(host)) return std::nullopt;
  const std::string name(split(host).name);
  return http::plain_error(403, "AccessDenied: the Host header names " + name +
                                    ", which is not known as a name of this server; a web page may have pointed a name "
                                    "of its own here. If it is yours, start the server with --allowed-hosts " +
                                    name + ".");
}

/// Whether a page that is a bucket's content may ask: under the bucket's own name, which is another server's to
/// browsers.
bool Browsers::is_of_bucket(const http::Request& request) const {
  const std::string_view host = request.header("Host");
  if (!options_.refuse_foreign_pages || !wire::bucket_of_host(host)) return false;
  const std::string_view origin = request.header("Origin");
  if (!origin.empty()) return !is_listed(origin) && http::same_name(authority_of(origin), host);
  const std::string site = ascii_lowered(request.header("Sec-Fetch-Site"));
  return site == "same-origin" || (site.empty() && !is_trustworthy(ascii_lowered(split(host).name)));
}

bool Browsers::is_foreign(const http::Request& request, bool allowed, const Ask& ask) const {
  if (!options_.refuse_foreign_pages || allowed) return false;
  if (!request.header("Origin").empty()) return true;
  // A browser leaves Origin out of what a page only loads or leads to; where it comes from, it says in Referer.
  // "same-site" is another port or a name beside: its pages may show what is stored here, and no more.
  const std::string site = ascii_lowered(request.header("Sec-Fetch-Site"));
  if (site.empty()) {
    // To hosts that they do not trust they say nothing. What a page only loads is a GET without a header of its own.
    const bool may_be_loaded = request.method == "GET" && request.header("Authorization").empty() &&
                               !is_trustworthy(ascii_lowered(split(request.header("Host")).name));
    return may_be_loaded && !ask().only_reads && !ask().is_link;
  }
  if (site != "cross-site" && site != "same-site") return false;
  if (site == "same-site" && ask().only_reads) return false;
  const std::string_view referer = request.header("Referer");
  const std::string_view authority = authority_of(referer);
  if (authority.empty()) return true;
  const std::string_view origin = referer.substr(0, referer.find("://") + 3 + authority.size());
  // An own page's, perhaps led on by another site.
  return !ask().only_reads || !allows_origin(origin, request.header("Host"));
}

asio::awaitable<http::Response> Browsers::answer(const http::Request& request, const Ask& ask, const Next& next) const {
  const std::string_view origin = request.header("Origin");
  const bool of_bucket = is_of_bucket(request);
  if (of_bucket && ask().service != kWithRules) co_return refuse_origin(origin);
  const bool allowed = allows_origin(origin, request.header("Host")) && !(of_bucket && copies_from_elsewhere(request));
  if (!origin.empty()) {
    for (const Site::CorsRules& rules : site_.cors_rules()) {
      auto verdict = co_await rules(request);
      // Where a bucket stands in host or path, headers and parameters may still name an operation of another service.
      if (!verdict || (!verdict->answer && ask().service != kWithRules)) continue;
      http::Response response;
      if (verdict->answer) {
        response = *std::move(verdict->answer);
      } else if (is_foreign(request, verdict->allowed || allowed, ask)) {
        response = refuse_origin(origin);
      } else {
        response = co_await next();
      }
      for (auto& [name, value] : verdict->headers) set(response, name, std::move(value));
      co_return response;
    }
  }
  const bool follows_link = request.method == "GET" && origin.empty() && request.header("Sec-Fetch-Mode") == "navigate";
  if (is_foreign(request, allowed, ask) && !(follows_link && ask().is_link)) co_return refuse_origin(origin);
  if (is_preflight(request)) co_return allowed ? preflight(request) : refuse_origin(origin);
  http::Response response = co_await next();
  if (!allowed) co_return response;
  set(response, "Access-Control-Expose-Headers", exposed(response));
  set(response, "Access-Control-Allow-Origin", std::string(origin));
  set(response, "Vary", "Origin");
  co_return response;
}

}  // namespace signalbox::cloud

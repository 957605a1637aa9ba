#include "services/events/webhooks/request.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/time_text.h"
#include "http/message.h"
#include "json/json.h"

namespace signalbox::events {
namespace {

/// Headers that neither connections nor targets may set.
constexpr std::string_view kKept[] = {"A-IM",
                                      "Accept-Charset",
                                      "Accept-Datetime",
                                      "Accept-Encoding",
                                      "Cache-Control",
                                      "Connection",
                                      "Content-Encoding",
                                      "Content-Length",
                                      "Content-MD5",
                                      "Date",
                                      "Expect",
                                      "Forwarded",
                                      "From",
                                      "Host",
                                      "HTTP2-Settings",
                                      "If-Match",
                                      "If-Modified-Since",
                                      "If-None-Match",
                                      "If-Range",
                                      "If-Unmodified-Since",
                                      "Max-Forwards",
                                      "Origin",
                                      "Pragma",
                                      "Proxy-Authorization",
                                      "Range",
                                      "Referer",
                                      "TE",
                                      "Trailer",
                                      "Transfer-Encoding",
                                      "User-Agent",
                                      "Upgrade",
                                      "Via",
                                      "Warning"};

using Headers = std::vector<std::pair<std::string, std::string>>;

bool has(const Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return http::same_name(header.first, name); });
}

/// The first of a name stays: those with precedence are added first.
void add_header(Headers& headers, const std::string& name, std::string value) {
  const bool kept = std::ranges::any_of(kKept, [&](std::string_view one) { return http::same_name(one, name); });
  if (kept || name.empty() || has(headers, name)) return;
  // What an event brought in must not end the header.
  std::ranges::replace_if(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }, ' ');
  headers.emplace_back(name, std::move(value));
}

void add_query(std::string& query, std::string_view key, std::string_view value) {
  if (!query.empty()) query.push_back('&');
  query.append(percent_encode(key)).append("=").append(percent_encode(value));
}

/// A value is a part of the path and does not lead out of it.
Result<void> check_path_values(const std::vector<std::string>& values) {
  const bool leads_out = std::ranges::any_of(values, [](const std::string& one) { return one == "." || one == ".."; });
  if (leads_out) return fail("InvalidParameter", "A path parameter of the request is \".\" or \"..\".");
  return {};
}

/// Each '*' of the path stands for the next value; those without one stay.
std::string fill_path(std::string_view path, const std::vector<std::string>& values) {
  std::string out;
  auto next = values.begin();
  for (const char c : path) {
    if (c == '*' && next != values.end()) {
      out.append(percent_encode(*next++));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

/// `payload` with the parameters as members, where it is an object.
std::string with_members(const std::string& payload, const std::vector<ConnectionParameter>& parameters) {
  if (parameters.empty()) return payload;
  json::Document document;
  const auto root = document.parse(payload);
  if (!root || !root->is_object()) return payload;
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [key, value] : root->members()) {
    const bool replaced = std::ranges::any_of(parameters, [&](const auto& one) { return key.is(one.key); });
    if (replaced) continue;
    writer.key(key.as_string());
    writer.raw(value.raw());
  }
  for (const ConnectionParameter& one : parameters) {
    writer.member(one.key, one.value);
  }
  writer.end_object();
  return out;
}

std::unexpected<Error> bad_endpoint(const std::string& endpoint) {
  return fail("ValidationException", "The endpoint " + endpoint + " is no HTTP address.");
}

void authorize(Headers& headers, const ConnectionAuth& auth, std::string_view token) {
  if (auth.type == kBasic) {
    headers.emplace_back("Authorization", "Basic " + to_base64(auth.name + ":" + auth.secret));
  } else if (auth.type == kApiKey) {
    headers.emplace_back(auth.name, auth.secret);
  } else {
    headers.emplace_back("Authorization", "Bearer " + std::string(token));
  }
}

/// Seconds, or a moment (RFC 9110, 10.2.3). Empty optional when it is neither.
std::optional<Duration> retry_after(std::string_view text, Time now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) {
    return std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
  }
  const auto moment = from_http_date(text);
  if (!moment) return std::nullopt;
  return std::max(*moment - now, Duration(0));
}

bool is_retried(int status) {
  return status == 401 || status == 407 || status == 409 || status == 429 || status >= 500;
}

constexpr std::string_view kUnable = "Unable to invoke ApiDestination endpoint: ";
constexpr std::size_t kMaxQuoted = 256;

}  // namespace

Result<http::ClientRequest> webhook_request(const ApiDestination& destination, const Connection& connection,
                                            std::string_view token, const std::string& payload,
                                            const cloud::HttpParameters& parameters) {
  auto url = http::Url::parse(destination.endpoint);
  if (!url) return bad_endpoint(destination.endpoint);
  Result<void> stays = check_path_values(parameters.path_values);
  if (!stays) return std::unexpected(std::move(stays).error());
  const ConnectionHttp& own = connection.auth.invocation;
  http::ClientRequest request;
  request.method = destination.method;
  authorize(request.headers, connection.auth, token);
  for (const ConnectionParameter& one : own.headers) add_header(request.headers, one.key, one.value);
  for (const auto& [name, value] : parameters.headers) add_header(request.headers, name, value);
  add_header(request.headers, "Content-Type", "application/json; charset=utf-8");
  request.headers.emplace_back("User-Agent", "Amazon/EventBridge/ApiDestinations");
  request.headers.emplace_back("Range", "bytes=0-1048575");
  request.headers.emplace_back("Accept-Encoding", "gzip,deflate");
  url->path = fill_path(url->path, parameters.path_values);
  for (const ConnectionParameter& one : own.query) add_query(url->query, one.key, one.value);
  for (const auto& [key, value] : parameters.query) {
    if (std::ranges::find(own.query, key, &ConnectionParameter::key) == own.query.end()) {
      add_query(url->query, key, value);
    }
  }
  request.url = *std::move(url);
  const bool has_body = request.method != "GET" && request.method != "HEAD";
  if (has_body) request.body = with_members(payload, own.body);
  return request;
}

Result<http::ClientRequest> token_request(const Connection& connection) {
  const ConnectionAuth& auth = connection.auth;
  auto url = http::Url::parse(auth.token_endpoint);
  if (!url) return bad_endpoint(auth.token_endpoint);
  std::string form;
  add_query(form, "client_id", auth.name);
  add_query(form, "client_secret", auth.secret);
  if (std::ranges::find(auth.token_http.body, "grant_type", &ConnectionParameter::key) == auth.token_http.body.end()) {
    add_query(form, "grant_type", "client_credentials");
  }
  for (const ConnectionParameter& one : auth.token_http.body) add_query(form, one.key, one.value);
  http::ClientRequest request;
  request.method = auth.token_method;
  for (const ConnectionParameter& one : auth.token_http.headers) add_header(request.headers, one.key, one.value);
  add_header(request.headers, "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
  add_header(request.headers, "Accept", "application/json");
  request.headers.emplace_back("User-Agent", "Amazon/EventBridge/ApiDestinations");
  for (const ConnectionParameter& one : auth.token_http.query) add_query(url->query, one.key, one.value);
  if (request.method == "GET") {
    url->query += (url->query.empty() ? "" : "&") + form;
  } else {
    request.body = std::move(form);
  }
  request.url = *std::move(url);
  return request;
}

cloud::Attempt judge(const Result<http::ClientResponse>& answer, Time now) {
  using Outcome = cloud::Attempt::Outcome;
  if (!answer) {
    const std::string& code = answer.error().code;
    if (code == "Timeout") {
      return {Outcome::kRetry, "SDK_CLIENT_ERROR",
              std::string(kUnable) + "Timeout calling endpoint for API Destination: socket closed."};
    }
    const bool forbidden = code == "AddressNotPermitted" || code == "InvalidRequest";
    return {forbidden ? Outcome::kFailed : Outcome::kRetry, "SDK_CLIENT_ERROR",
            std::string(kUnable) + "API destination endpoint cannot be reached. " + answer.error().message};
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  cloud::Attempt attempt{Outcome::kRetry, "SDK_CLIENT_ERROR",
                         std::string(kUnable) + "API destination endpoint returned HTTP status code " +
                             std::to_string(answer->status) + "."};
  if (!answer->body.empty() && is_utf8(answer->body.substr(0, kMaxQuoted))) {
    attempt.message += " Payload: " + answer->body.substr(0, kMaxQuoted);
  }
  if (!is_retried(answer->status)) attempt.outcome = Outcome::kFailed;
  const auto wait = retry_after(answer->header("Retry-After"), now);
  if (wait && *wait < Duration(0)) attempt.outcome = Outcome::kFailed;
  attempt.retry_after = std::max(wait.value_or(Duration(0)), Duration(0));
  return attempt;
}

bool is_unauthorized(const Result<http::ClientResponse>& answer) {
  return answer && (answer->status == 401 || answer->status == 407);
}

}  // namespace signalbox::events

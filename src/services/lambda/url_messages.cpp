#include "services/lambda/url_messages.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kMaxHeaders = 100;

/// "29/Nov/2026:19:03:58 +0000"
std::string day_and_time(Time now) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string iso = to_iso8601(now);  // 2026-11-29T19:03:58Z
  const auto month = static_cast<std::size_t>((iso[5] - '0') * 10 + (iso[6] - '0') - 1);
  return iso.substr(8, 2) + "/" + kMonths[std::min<std::size_t>(month, 11)] + "/" + iso.substr(0, 4) + ":" +
         iso.substr(11, 8) + " +0000";
}

/// A status code: a number, or a text of one.
std::optional<int> status_of(json::Value value) {
  std::int64_t code = 0;
  if (value.is_number()) {
    code = value.as_integer().value_or(0);
  } else if (value.is_string()) {
    const std::string text = value.as_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (code < 200 || code > 599) return std::nullopt;
  return static_cast<int>(code);
}

std::string minified(json::Value value) {
  std::string out;
  json::append_minified(out, value);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

using Fields = std::map<std::string, std::string>;

/// Several values of one name stand as one, with commas.
void add(Fields& fields, std::string name, std::string_view value) {
  const auto [found, is_new] = fields.try_emplace(std::move(name), value);
  if (!is_new) found->second.append(",").append(value);
}

Fields query_of(std::string_view query) {
  Fields fields;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view name = pair.substr(0, pair.find('='));
    const auto key = percent_decode(name, true);
    const auto value = percent_decode(pair.substr(std::min(pair.size(), name.size() + 1)), true);
    if (key && value && !key->empty() && is_utf8(*key) && is_utf8(*value)) add(fields, *key, *value);
  }
  return fields;
}

void write(json::Writer& writer, std::string_view name, const Fields& fields) {
  writer.key(name);
  writer.begin_object();
  for (const auto& [key, value] : fields) {
    writer.key(key);
    writer.string(value);
  }
  writer.end_object();
}

bool is_text(std::string_view type) {
  return type.starts_with("text/") || type.starts_with("application/json") || type.starts_with("application/xml") ||
         type.starts_with("application/javascript") || type.find("+json") != std::string_view::npos ||
         type.find("+xml") != std::string_view::npos;
}

void write_cookies(json::Writer& writer, std::string_view header) {
  if (header.empty() || !is_utf8(header)) return;
  writer.key("cookies");
  writer.begin_array();
  while (!header.empty()) {
    std::string_view cookie = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), cookie.size() + 1));
    while (cookie.starts_with(' ')) cookie.remove_prefix(1);
    if (!cookie.empty()) writer.string(cookie);
  }
  writer.end_array();
}

}  // namespace

http::Response url_failure() {
  http::Response response;
  response.status = 502;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = "Internal Server Error";
  return response;
}

std::string url_event(const http::Request& request, std::string_view name, std::string_view path,
                      const UrlCaller& caller, const std::string& request_id, const std::string& trace, Time now) {
  Fields headers;
  for (const auto& [key, value] : request.headers) {
    if (!http::same_name(key, "Cookie") && is_utf8(key) && is_utf8(value)) add(headers, lower(key), value);
  }
  // As the load balancer before it says them.
  const std::string_view host = request.header("Host");
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  if (is_utf8(trace)) headers["x-amzn-trace-id"] = trace;
  // The first one stays, on AWS too, though it is the client's word: who calls is requestContext.http.sourceIp.
  std::string& from = headers.try_emplace("x-forwarded-for", request.remote_address).first->second;
  from.resize(std::min(from.find(','), from.size()));
  headers.try_emplace("x-forwarded-port", has_port && is_utf8(host) ? host.substr(colon + 1) : "80");
  headers.try_emplace("x-forwarded-proto", "http");
  std::string out;
  json::Writer writer(out);
  const auto member = [&](std::string_view key, std::string_view value) {
    writer.key(key);
    writer.string(is_utf8(value) ? value : std::string_view());
  };
  writer.begin_object();
  member("version", "2.0");
  member("routeKey", "$default");
  member("rawPath", percent_decode(path).value_or(std::string(path)));
  member("rawQueryString", request.query());
  write_cookies(writer, request.header("Cookie"));
  write(writer, "headers", headers);
  if (const Fields query = query_of(request.query()); !query.empty()) write(writer, "queryStringParameters", query);
  writer.key("requestContext");
  writer.begin_object();
  member("accountId", caller.account.empty() ? "anonymous" : caller.account);
  member("apiId", name);
  if (!caller.account.empty()) {
    writer.key("authentication");
    writer.null();
    writer.key("authorizer");
    writer.begin_object();
    writer.key("iam");
    writer.begin_object();
    member("accessKey", caller.access_key);
    member("accountId", caller.account);
    member("callerId", caller.id);
    writer.key("cognitoIdentity");
    writer.null();
    writer.key("principalOrgId");
    writer.null();
    member("userArn", caller.arn);
    member("userId", caller.id);
    writer.end_object();
    writer.end_object();
  }
  member("domainName", has_port ? host.substr(0, colon) : host);
  member("domainPrefix", name);
  writer.key("http");
  writer.begin_object();
  member("method", request.method);
  member("path", percent_decode(path).value_or(std::string(path)));
  member("protocol", "HTTP/1.1");
  member("sourceIp", request.remote_address);
  member("userAgent", request.header("User-Agent"));
  writer.end_object();
  member("requestId", request_id);
  member("routeKey", "$default");
  member("stage", "$default");
  member("time", day_and_time(now));
  writer.key("timeEpoch");
  writer.number(static_cast<std::int64_t>(now.time_since_epoch().count()));
  writer.end_object();
  const bool text = is_utf8(request.body) && is_text(request.header("Content-Type"));
  if (!request.body.empty()) member("body", text ? std::string(request.body) : to_base64(request.body));
  writer.key("isBase64Encoded");
  writer.boolean(!request.body.empty() && !text);
  writer.end_object();
  return out;
}

http::Response url_response(const std::string& answer) {
  http::Response response;
  json::Document document;
  const auto root = document.parse(answer);
  const auto status = root && root->is_object() ? root->find("statusCode") : std::nullopt;
  if (!status) {
    response.headers = {{"Content-Type", "application/json"}};
    response.body = !root ? answer : root->is_string() ? root->as_string() : minified(*root);
    return response;
  }
  const auto code = status_of(*status);
  if (!code) return url_failure();
  response.status = *code;
  const auto text = [](json::Value value) { return value.is_string() ? value.as_string() : minified(value); };
  // What would break the response's own framing is left out.
  const auto add_header = [&](std::string name, std::string value) {
    const bool broken = (name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
    const bool ours = http::same_name(name, "Content-Length") || http::same_name(name, "Connection") ||
                      http::same_name(name, "Transfer-Encoding") || http::same_name(name, "Date");
    if (!broken && !ours && !name.empty() && response.headers.size() < kMaxHeaders) {
      response.headers.emplace_back(std::move(name), std::move(value));
    }
  };
  if (const auto headers = root->find("headers"); headers && headers->is_object()) {
    for (const auto& [name, value] : headers->members()) add_header(name.as_string(), text(value));
  }
  if (const auto cookies = root->find("cookies"); cookies && cookies->is_array()) {
    for (const json::Value cookie : cookies->elements()) add_header("Set-Cookie", text(cookie));
  }
  const auto is_type = [](const auto& one) { return http::same_name(one.first, "Content-Type"); };
  if (std::ranges::none_of(response.headers, is_type)) add_header("Content-Type", "application/json");
  if (const auto body = root->find("body"); body && !body->is_null()) response.body = text(*body);
  const auto encoded = root->find("isBase64Encoded");
  if (encoded && encoded->is_bool() && encoded->as_bool()) response.body = from_base64(response.body).value_or("");
  return response;
}

}  // namespace signalbox::lambda

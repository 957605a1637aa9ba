#include "services/lambda/function_url.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"
#include "services/lambda/access.h"
#include "services/lambda/invoke.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kMaxHeaders = 100;

http::Response plain(int status, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = R"({"Message":")" + std::string(message) + "\"}";
  return response;
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
  if (header.empty()) return;
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

bool among(const std::optional<std::vector<std::string>>& all, std::string_view wanted) {
  return all && std::ranges::any_of(*all, [&](const std::string& one) { return one == "*" || one == wanted; });
}

std::string listed(const std::optional<std::vector<std::string>>& all) {
  std::string out;
  for (const std::string& one : all.value_or(std::vector<std::string>())) {
    if (!out.empty()) out += ",";
    out += one;
  }
  return out;
}

/// What the URL's CORS settings add to an answer.
void add_cors(const model::Cors& cors, const http::Request& request, http::Response& response, bool preflight) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty() || !among(cors.allow_origins, origin)) return;
  const auto header = [&](const char* name, std::string value) {
    if (value.empty()) return;
    std::erase_if(response.headers, [&](const auto& one) { return http::same_name(one.first, name); });
    response.headers.emplace_back(name, std::move(value));
  };
  const bool any = std::ranges::count(*cors.allow_origins, "*") != 0 && !cors.allow_credentials.value_or(false);
  header("Access-Control-Allow-Origin", any ? "*" : std::string(origin));
  if (!any) header("Vary", "Origin");
  if (cors.allow_credentials.value_or(false)) header("Access-Control-Allow-Credentials", "true");
  header("Access-Control-Expose-Headers", listed(cors.expose_headers));
  if (!preflight) return;
  header("Access-Control-Allow-Methods", listed(cors.allow_methods));
  header("Access-Control-Allow-Headers", listed(cors.allow_headers));
  if (cors.max_age) header("Access-Control-Max-Age", std::to_string(*cors.max_age));
}

/// The caller's account; "" for nobody's. Empty for those who may not call.
std::optional<std::string> caller_of(const Core& core, const http::Request& request, const Function& function,
                                     const std::string& qualifier, const std::string& auth_type) {
  if (auth_type == model::function_url_auth_type::kNONE) {
    if (allows_url(function, qualifier, "", auth_type)) return "";
    return std::nullopt;
  }
  if (request.header("Authorization").empty() || core.options.identification == nullptr) return std::nullopt;
  const auto identity = core.options.identification->identify(request);
  if (!identity) return std::nullopt;
  const std::string& account = identity->scope.account;
  if (account == function.name.scope.account || allows_url(function, qualifier, account, auth_type)) return account;
  return std::nullopt;
}

asio::awaitable<http::Response> run(Core& core, const http::Request& request, FunctionPtr function,
                                    std::string qualifier, std::string_view name, std::string_view path,
                                    std::string account) {
  Run what;
  what.request_id = core.house.random.uuid();
  what.payload = url_event(request, name, path, account, what.request_id, core.house.clock.now());
  std::string id = what.request_id;
  auto invoked = co_await invoke(core, std::move(function), std::move(qualifier), std::move(what));
  if (!invoked) co_return plain(invoked.error().code == "TooManyRequestsException" ? 429 : 502, invoked.error().code);
  http::Response response =
      invoked->result.error.empty() ? url_response(invoked->result.payload) : plain(502, "Internal Server Error");
  response.headers.emplace_back("x-amzn-RequestId", std::move(id));
  co_return response;
}

asio::awaitable<http::Response> page(Core& core, const http::Request& request) {
  std::string_view rest = request.path().substr(kUrlPath.size());
  const std::string_view name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  const auto named = core.find_url(name);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  const auto found = function ? function->urls.find(named->qualifier) : decltype(function->urls.end()){};
  if (!function || found == function->urls.end()) co_return plain(404, "Not Found");
  const model::GetFunctionUrlConfigResponse url = found->second;
  if (url.cors && request.method == "OPTIONS" && !request.header("Access-Control-Request-Method").empty()) {
    http::Response response;
    response.status = 204;
    add_cors(*url.cors, request, response, true);
    co_return response;
  }
  auto caller = caller_of(core, request, *function, named->qualifier, *url.auth_type);
  if (!caller) co_return plain(403, "Forbidden");
  http::Response response =
      co_await run(core, request, function, named->qualifier, name, rest.empty() ? "/" : rest, *std::move(caller));
  if (url.cors) add_cors(*url.cors, request, response, false);
  co_return response;
}

}  // namespace

std::string url_event(const http::Request& request, std::string_view name, std::string_view path,
                      std::string_view account, const std::string& request_id, Time now) {
  Fields headers;
  for (const auto& [key, value] : request.headers) {
    if (!http::same_name(key, "Cookie") && is_utf8(value)) add(headers, lower(key), value);
  }
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
  member("accountId", account.empty() ? "anonymous" : account);
  member("apiId", name);
  const std::string_view host = request.header("Host");
  member("domainName", host.substr(0, host.rfind(':')));
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
  member("time", to_iso8601(now));
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
    response.body = root && root->is_string() ? root->as_string() : answer;
    return response;
  }
  const std::int64_t code = status->is_number() ? status->as_integer().value_or(0) : 0;
  if (code < 200 || code > 599) return plain(502, "Internal Server Error");
  response.status = static_cast<int>(code);
  const auto text = [](json::Value value) { return value.is_string() ? value.as_string() : std::string(value.raw()); };
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

void add_url_page(Core& core) {
  core.house.site.add(std::string(kUrlPath), [&core](const http::Request& request) { return page(core, request); });
}

}  // namespace signalbox::lambda

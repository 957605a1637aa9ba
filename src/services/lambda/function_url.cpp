#include "services/lambda/function_url.h"

#include <algorithm>

#include "services/lambda/access.h"
#include "services/lambda/invoke.h"
#include "services/lambda/trace.h"
#include "services/lambda/url_messages.h"

namespace signalbox::lambda {
namespace {

constexpr std::string_view kService = "lambda";  // that callers sign for

/// What callers get where no function ran.
http::Response plain(int status, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = R"({"Message":")" + std::string(message) + "\"}";
  return response;
}

/// Of a URL that no function has.
http::Response nobody() {
  http::Response response;
  response.status = 403;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = R"({"Message":null})";
  return response;
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

/// Empty for those who may not call.
std::optional<UrlCaller> caller_of(const Core& core, const http::Request& request, const Function& function,
                                   const std::string& qualifier, const std::string& auth_type) {
  if (auth_type == model::function_url_auth_type::kNONE) {
    if (is_url_public(function, qualifier)) return UrlCaller();
    return std::nullopt;
  }
  if (!wire::read_claim(request) || core.options.identification == nullptr) return std::nullopt;
  auto identity = core.options.identification->identify(request);
  if (!identity || !cloud::Identification::check_service(*identity, kService)) return std::nullopt;
  const std::string& region = function.name.scope.region;
  if (identity->verified && identity->verified->region != region) return std::nullopt;
  cloud::Call call;
  call.scope = {identity->scope.account, region};
  call.principal = std::move(identity->principal);
  call.signing = std::move(identity->signing);
  call.source_address = request.remote_address;
  call.user_agent = request.header("User-Agent");
  if (!core.house.authority.decide(call, url_access(function, qualifier, auth_type))) return std::nullopt;
  const cloud::Principal& who = call.principal;
  return UrlCaller{call.scope.account, who.access_key, who.arn, who.id};
}

asio::awaitable<http::Response> run(Core& core, const http::Request& request, FunctionPtr function,
                                    std::string qualifier, std::string_view name, std::string_view path,
                                    UrlCaller caller) {
  Run what;
  what.request_id = core.house.random.uuid();
  what.trace_header = trace_header_for(request.header("X-Amzn-Trace-Id"), core.house.clock.now(), core.house.random);
  what.payload = url_event(request, name, path, caller, what.request_id, what.trace_header, core.house.clock.now());
  std::string id = what.request_id;
  std::string trace = what.trace_header;
  auto invoked = co_await invoke(core, std::move(function), std::move(qualifier), std::move(what));
  http::Response response = !invoked && invoked.error().code == "TooManyRequestsException"
                                ? plain(429, "Rate Exceeded.")
                            : !invoked || !invoked->result.error.empty() ? url_failure()
                                                                         : url_response(invoked->result.payload);
  response.headers.emplace_back("x-amzn-RequestId", std::move(id));
  response.headers.emplace_back("X-Amzn-Trace-Id", std::move(trace));
  co_return response;
}

/// The name of the URL that a request is for, and the path behind it.
struct Place {
  std::string_view name;
  std::string_view path;
};
Place place_of(const http::Request& request) {
  const std::string_view host = request.header("Host");
  const std::string_view first = host.substr(0, host.find('.'));
  if (host.substr(std::min(host.size(), first.size() + 1)).starts_with(kUrlHost)) return {first, request.path()};
  const std::string_view path = request.path().substr(kUrlPath.size());
  const std::string_view name = path.substr(0, path.find('/'));
  return {name, path.substr(name.size())};
}

asio::awaitable<http::Response> page(Core& core, const http::Request& request) {
  const auto [name, rest] = place_of(request);
  const auto named = core.find_url(name);
  const FunctionPtr function = named ? core.find(named->function) : nullptr;
  const auto found = function ? function->urls.find(named->qualifier) : decltype(function->urls.end()){};
  if (!function || found == function->urls.end()) co_return core.was_url(name) ? plain(403, "Forbidden") : nobody();
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

void add_url_page(Core& core) {
  const auto answer = [&core](const http::Request& request) { return page(core, request); };
  core.house.site.add(std::string(kUrlPath), answer);
  core.house.site.add("host:" + std::string(kUrlHost), answer);
  core.house.site.add_hosts([&core](std::string_view host) {
    const std::string_view name = host.substr(0, host.find('.'));
    if (!host.substr(std::min(host.size(), name.size() + 1)).starts_with(kUrlHost)) return false;
    return core.find_url(name).has_value() || core.was_url(name);
  });
}

}  // namespace signalbox::lambda

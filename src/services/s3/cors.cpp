#include "services/s3/cors.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"
#include "services/s3/uploads.h"
#include "wire/protocol.h"
#include "wire/route_rest_xml.h"
#include "wire/sigv4.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxRules = 100;
constexpr std::string_view kMethods[] = {"GET", "PUT", "HEAD", "POST", "DELETE"};

using List = std::optional<std::vector<std::string>>;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
}

/// Whether the text fits a pattern with at most one '*'.
bool fits(std::string_view pattern, std::string_view text, bool any_case) {
  const auto same = [any_case](char a, char b) { return any_case ? lower(a) == lower(b) : a == b; };
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return std::ranges::equal(pattern, text, same);
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() &&
         std::ranges::equal(before, text.substr(0, before.size()), same) &&
         std::ranges::equal(after, text.substr(text.size() - after.size()), same);
}

std::string_view next_name(std::string_view& rest) {
  std::string_view name = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  while (name.starts_with(' ')) name.remove_prefix(1);
  while (name.ends_with(' ')) name.remove_suffix(1);
  return name;
}

bool allows_headers(const model::CORSRule& rule, std::string_view headers) {
  while (!headers.empty()) {
    const std::string_view name = next_name(headers);
    if (name.empty()) continue;
    const bool allowed =
        rule.allowed_headers &&
        std::ranges::any_of(*rule.allowed_headers, [&](const std::string& one) { return fits(one, name, true); });
    if (!allowed) return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::size_t stars(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '*'));
}

Result<void> check_wildcards(const List& texts, std::string_view what) {
  for (const std::string& text : texts.value_or(std::vector<std::string>())) {
    if (stars(text) < 2) continue;
    return fail("InvalidRequest", std::string(what) + " \"" + text + "\" can not have more than one wildcard.", 400);
  }
  return {};
}

Result<void> check_rule(const model::CORSRule& rule) {
  if (!rule.allowed_methods || !rule.allowed_origins) return malformed_xml();
  for (const std::string& method : *rule.allowed_methods) {
    if (std::ranges::find(kMethods, method) != std::end(kMethods)) continue;
    return fail("InvalidRequest", "Found unsupported HTTP method in CORS config. Unsupported method is " + method, 400);
  }
  Result<void> done = check_wildcards(rule.allowed_origins, "AllowedOrigin");
  if (done) done = check_wildcards(rule.allowed_headers, "AllowedHeader");
  for (const std::string& name : rule.expose_headers.value_or(std::vector<std::string>())) {
    if (!done || stars(name) == 0) continue;
    done = fail(
        "InvalidRequest",
        "ExposeHeader \"" + name + "\" contains wildcard. We currently do not support wildcard for ExposeHeader.", 400);
  }
  return done;
}

/// The headers of both kinds of answer.
void add_rule(const model::CORSRule& rule, std::string_view origin, http::Fields& headers) {
  const bool for_all = std::ranges::find(*rule.allowed_origins, "*") != rule.allowed_origins->end();
  headers.emplace_back("Access-Control-Allow-Origin", for_all ? "*" : std::string(origin));
  headers.emplace_back("Access-Control-Allow-Methods", joined(*rule.allowed_methods));
  if (rule.expose_headers) headers.emplace_back("Access-Control-Expose-Headers", joined(*rule.expose_headers));
  if (rule.max_age_seconds) headers.emplace_back("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
  if (!for_all) headers.emplace_back("Access-Control-Allow-Credentials", "true");
}

http::Response refused(const Core& core, const Error& error) {
  return wire::protocol(wire::ProtocolKind::kRestXml).encode_error(model::kService, error, core.house.random.uuid());
}

http::Response answer_preflight(const Core& core, const model::CORSRule* rule, const http::Request& request,
                                bool about_object) {
  const std::string_view method = request.header("Access-Control-Request-Method");
  if (std::ranges::find(kMethods, method) == std::end(kMethods)) {
    return refused(
        core,
        {"BadRequest", "Invalid Access-Control-Request-Method: " + std::string(method.empty() ? "null" : method), 400});
  }
  if (rule == nullptr) {
    return refused(
        core, s3_error("AccessForbidden",
                       "CORSResponse: This CORS request is not allowed. This is usually because the evalution "
                       "of Origin, request method / Access-Control-Request-Method or "
                       "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
                       403, {{"Method", std::string(method)}, {"ResourceType", about_object ? "OBJECT" : "BUCKET"}})
                  .error());
  }
  http::Response response;
  const std::string id = core.house.random.uuid();
  response.headers = {{"x-amz-request-id", id}, {"x-amz-id-2", to_base64(id)}};
  const std::string_view headers = request.header("Access-Control-Request-Headers");
  if (!headers.empty()) {
    std::string allowed(headers);
    std::ranges::transform(allowed, allowed.begin(), lower);
    response.headers.emplace_back("Access-Control-Allow-Headers", std::move(allowed));
  }
  return response;
}

/// The bucket that a request is for, by host or path, and whether it is for something in it.
std::pair<BucketPtr, bool> addressed(const Core& core, const http::Request& request) {
  const auto claim = wire::read_claim(request);
  if (claim && claim->service != "s3") return {};
  std::string path(request.path());
  if (const auto bucket = wire::bucket_of_host(request.header("Host"))) path = "/" + *bucket + path;
  if (!path.starts_with('/')) return {};
  path.erase(0, 1);
  const auto slash = path.find('/');
  return {core.find(std::string_view(path).substr(0, slash)), slash != std::string::npos && slash + 1 != path.size()};
}

Answer<model::PutBucketCorsResponse> put_cors(Core& core, const cloud::Call&, model::PutBucketCorsRequest input) {
  const model::CORSConfiguration& asked = *input.cors_configuration;
  Result<void> checked = check_cors(asked);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const std::string text = json_text(model::kPutBucketCors, &asked);
  co_return co_await change_bucket<model::PutBucketCorsResponse>(core, input.bucket,
                                                                 [&](Bucket& bucket) -> Result<void> {
                                                                   bucket.cors = text;
                                                                   return {};
                                                                 });
}

Answer<model::GetBucketCorsOutput> get_cors(Core& core, const cloud::Call&, model::GetBucketCorsRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  if (!(*bucket)->compiled_cors) {
    co_return s3_error("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404,
                       {{"BucketName", *input.bucket}});
  }
  model::GetBucketCorsOutput output;
  output.cors_rules = (*bucket)->compiled_cors->cors_rules;
  co_return output;
}

Answer<model::DeleteBucketCorsResponse> delete_cors(Core& core, const cloud::Call&,
                                                    model::DeleteBucketCorsRequest input) {
  co_return co_await change_bucket<model::DeleteBucketCorsResponse>(core, input.bucket,
                                                                    [](Bucket& bucket) -> Result<void> {
                                                                      bucket.cors.clear();
                                                                      return {};
                                                                    });
}

/// A bucket's rules are no way to what another bucket holds: its own must let the page read what is to be copied.
bool lets_read_source(const Core& core, const http::Request& request, const Bucket& bucket) {
  const std::string named = wire::header_or_parameter(request, "x-amz-copy-source");
  if (named.empty()) return true;
  const auto source = read_copy_source(named);
  const BucketPtr from = source ? core.find(source->bucket) : nullptr;
  if (!from) return true;  // there is nothing to read
  return from->name == bucket.name ||
         (from->compiled_cors && find_cors_rule(*from->compiled_cors, request.header("Origin"), "GET", ""));
}

}  // namespace

Result<void> check_cors(const model::CORSConfiguration& configuration) {
  const auto& rules = configuration.cors_rules;
  if (!rules || rules->empty()) return malformed_xml();
  if (rules->size() > kMaxRules) {
    return fail("InvalidRequest", "The number of CORS rules should not exceed allowed limit of 100 rules.", 400);
  }
  for (const model::CORSRule& rule : *rules) {
    Result<void> checked = check_rule(rule);
    if (!checked) return checked;
  }
  return {};
}

const model::CORSRule* find_cors_rule(const model::CORSConfiguration& configuration, std::string_view origin,
                                      std::string_view method, std::string_view headers) {
  for (const model::CORSRule& rule : *configuration.cors_rules) {
    const bool from_there =
        std::ranges::any_of(*rule.allowed_origins, [&](const std::string& one) { return fits(one, origin, false); });
    const bool by_method = std::ranges::find(*rule.allowed_methods, method) != rule.allowed_methods->end();
    if (from_there && by_method && allows_headers(rule, headers)) return &rule;
  }
  return nullptr;
}

std::optional<cloud::CorsVerdict> judge_page(const Core& core, const http::Request& request) {
  const auto [bucket, about_object] = addressed(core, request);
  if (!bucket || !bucket->compiled_cors) return std::nullopt;
  const bool asks_before = request.method == "OPTIONS";
  const std::string_view origin = request.header("Origin");
  const model::CORSRule* rule = find_cors_rule(
      *bucket->compiled_cors, origin, asks_before ? request.header("Access-Control-Request-Method") : request.method,
      asks_before ? request.header("Access-Control-Request-Headers") : std::string_view());
  cloud::CorsVerdict verdict;
  verdict.allowed = rule != nullptr && (asks_before || lets_read_source(core, request, *bucket));
  if (rule != nullptr) add_rule(*rule, origin, verdict.headers);
  verdict.headers.emplace_back("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
  if (asks_before) verdict.answer = answer_preflight(core, rule, request, about_object);
  return verdict;
}

void register_cors_operations(Core& core) {
  core.house.site.add_cors_rules(
      [&core](const http::Request& request) -> asio::awaitable<std::optional<cloud::CorsVerdict>> {
        co_return judge_page(core, request);
      });
  serve(core, model::kPutBucketCors, on_bucket(core, "s3:PutBucketCORS"),
        [&core](const cloud::Call& call, model::PutBucketCorsRequest input) {
          return put_cors(core, call, std::move(input));
        });
  serve(core, model::kGetBucketCors, on_bucket(core, "s3:GetBucketCORS"),
        [&core](const cloud::Call& call, model::GetBucketCorsRequest input) {
          return get_cors(core, call, std::move(input));
        });
  serve(core, model::kDeleteBucketCors, on_bucket(core, "s3:PutBucketCORS"),
        [&core](const cloud::Call& call, model::DeleteBucketCorsRequest input) {
          return delete_cors(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3

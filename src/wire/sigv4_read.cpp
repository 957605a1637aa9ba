#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/time_text.h"
#include "http/white_space.h"
#include "wire/form.h"
#include "wire/sigv4_refusals.h"

namespace signalbox::wire {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
/// Longest life of a presigned URL: seven days.
constexpr int kMaxExpiresSeconds = 604'800;

std::unexpected<Error> incomplete(std::string message) {
  return fail("IncompleteSignature", std::move(message), 400);
}

/// Splits ACCESS_KEY/DATE/REGION/SERVICE/aws4_request; access keys may hold slashes, so from the right.
bool read_scope(std::string_view credential, Signature& out) {
  std::string_view parts[4];
  for (int i = 3; i >= 0; --i) {
    const auto slash = credential.rfind('/');
    if (slash == std::string_view::npos) return false;
    parts[i] = credential.substr(slash + 1);
    credential = credential.substr(0, slash);
  }
  if (parts[3] != "aws4_request" || credential.empty() || parts[0].size() != 8) return false;
  out.access_key = credential;
  out.date = parts[0];
  out.region = parts[1];
  out.service = parts[2];
  return true;
}

/// The value of `name` in "Credential=..., SignedHeaders=..., Signature=...".
std::string_view parameter(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view item = http::trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=') {
      return item.substr(name.size() + 1);
    }
  }
  return {};
}

/// "AWS ACCESS_KEY:SIGNATURE", which is S3's alone.
Result<std::optional<Signature>> read_header_of_version_2(const http::Request& request, std::string_view value) {
  Signature signature;
  signature.version = Signature::Version::k2;
  signature.service = "s3";
  const auto colon = value.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == value.size()) {
    return fail("InvalidArgument", "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature", 400);
  }
  signature.access_key = http::trim(value.substr(0, colon));
  signature.value = http::trim(value.substr(colon + 1));
  signature.amz_date = request.header("X-Amz-Date");
  if (signature.amz_date.empty()) signature.amz_date = request.header("Date");
  std::string http_date = signature.amz_date;
  if (http_date.ends_with(" +0000")) http_date.replace(http_date.size() - 5, 5, "GMT");
  const auto date = from_http_date(http_date);
  const auto compact = date ? date : from_amz_date(signature.amz_date);
  if (!compact) return fail("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403);
  signature.signed_at = *compact;
  signature.session_token = request.header("X-Amz-Security-Token");
  return signature;
}

Result<std::optional<Signature>> read_header(const http::Request& request, std::string_view authorization) {
  if (authorization.starts_with("AWS ")) return read_header_of_version_2(request, authorization.substr(4));
  if (!authorization.starts_with(kAlgorithm)) {
    return incomplete("Unsupported AWS 'algorithm': '" + std::string(authorization.substr(0, authorization.find(' '))) +
                      "', only AWS4-HMAC-SHA256 is supported.");
  }
  const std::string_view list = authorization.substr(kAlgorithm.size());
  Signature signature;
  std::string missing;
  for (const std::string_view name : {"Credential", "Signature", "SignedHeaders"}) {
    if (parameter(list, name).empty()) {
      missing += "Authorization header requires '" + std::string(name) + "' parameter. ";
    }
  }
  signature.amz_date = request.header("X-Amz-Date");
  if (signature.amz_date.empty()) {
    if (const auto date = from_http_date(request.header("Date"))) signature.amz_date = to_amz_date(*date);
  }
  if (signature.amz_date.empty()) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) return incomplete(missing + "Authorization=" + std::string(authorization));
  if (!read_scope(parameter(list, "Credential"), signature)) {
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term, got '" +
        std::string(parameter(list, "Credential")) + "'");
  }
  signature.signed_headers = parameter(list, "SignedHeaders");
  signature.value = parameter(list, "Signature");
  signature.signed_at = from_amz_date(signature.amz_date).value_or(Time());
  signature.session_token = request.header("X-Amz-Security-Token");
  return signature;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Who presigned a URL by Signature Version 2, as SDKs do for S3 in older Regions. Never mind when it ends.
std::optional<Signature> read_version_2(std::string_view query) {
  const auto access_key = form_parameter(query, "AWSAccessKeyId");
  const auto value = form_parameter(query, "Signature");
  if (!access_key || !value || !form_parameter(query, "Expires")) return std::nullopt;
  Signature signature;
  signature.version = Signature::Version::k2;
  signature.access_key = *access_key;
  signature.service = "s3";
  signature.presigned = true;
  signature.value = *value;
  signature.session_token = form_parameter(query, "x-amz-security-token").value_or("");
  return signature;
}

Result<std::optional<Signature>> read_query_of_version_2(std::string_view query) {
  constexpr std::int64_t kLastSecond = 9'000'000'000;  // what the clock can hold, nearly
  std::optional<Signature> signature = read_version_2(query);
  if (!signature) return std::optional<Signature>();
  const std::string expires = form_parameter(query, "Expires").value_or("");
  const auto seconds = whole_number(expires);
  if (!seconds || *seconds < 0) {
    return fail("AccessDenied", "Invalid date (should be seconds since epoch): " + expires, 403);
  }
  signature->amz_date = expires;
  signature->expires_at = Time(std::chrono::seconds(std::min(*seconds, kLastSecond)));
  return signature;
}

/// What S3 says of its presigned URLs, in its own words ("AuthorizationQueryParametersError").
Result<Duration> read_life(std::string_view text, bool is_s3) {
  const auto seconds = whole_number(text);
  if (is_s3) {
    if (!seconds) return bad_query("X-Amz-Expires should be a number");
    if (*seconds < 0) return bad_query("X-Amz-Expires must be non-negative");
    if (*seconds > kMaxExpiresSeconds) {
      return bad_query(
          "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
          "604800 seconds");
    }
    return Duration(std::chrono::seconds(*seconds));
  }
  if (!seconds || *seconds < 1 || *seconds > kMaxExpiresSeconds) {
    return incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  return Duration(std::chrono::seconds(*seconds));
}

Result<std::optional<Signature>> read_query(std::string_view query) {
  const auto take = [query](std::string_view name) { return form_parameter(query, name).value_or(""); };
  Signature signature;
  signature.presigned = true;
  const std::string credential = take("X-Amz-Credential");
  const bool has_scope = read_scope(credential, signature);
  const bool is_s3 = has_scope ? signature.service == "s3" : !form_parameter(query, "Action");
  const std::string algorithm = take("X-Amz-Algorithm");
  if (algorithm != kAlgorithm) {
    if (is_s3 && !algorithm.empty()) return bad_query("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
    if (!is_s3) {
      return incomplete("AWS query-string parameters must include 'X-Amz-Algorithm' with the value AWS4-HMAC-SHA256.");
    }
  }
  for (const std::string_view name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                                      "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (!take(name).empty()) continue;
    if (!is_s3) return incomplete("AWS query-string parameters must include '" + std::string(name) + "'.");
    return bad_query(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
        "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  if (!has_scope) {
    if (is_s3) {
      return bad_query(
          "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
          "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
    }
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term, got '" +
        credential + "'");
  }
  const Result<Duration> life = read_life(take("X-Amz-Expires"), is_s3);
  if (!life) return std::unexpected(life.error());
  signature.expires = *life;
  signature.amz_date = take("X-Amz-Date");
  const auto signed_at = from_amz_date(signature.amz_date);
  if (!signed_at && is_s3) {
    return bad_query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  signature.signed_at = signed_at.value_or(Time());
  signature.expires_at = signature.signed_at + signature.expires;
  signature.signed_headers = take("X-Amz-SignedHeaders");
  signature.value = take("X-Amz-Signature");
  signature.session_token = take("X-Amz-Security-Token");
  return signature;
}

}  // namespace

Result<std::optional<Signature>> read_signature(const http::Request& request) {
  const std::string_view authorization = request.header("Authorization");
  const std::string_view query = request.query();
  const bool in_query = form_parameter(query, "X-Amz-Signature") || form_parameter(query, "X-Amz-Algorithm");
  if (!authorization.empty()) {
    const auto claim = in_query ? read_claim(request) : std::nullopt;
    if (!claim || claim->service != "s3") return read_header(request, authorization);
    return fail("InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                "parameter or the Authorization header should be specified",
                400);
  }
  if (in_query) return read_query(query);
  return read_query_of_version_2(query);
}

std::vector<std::pair<std::string, std::string>> headers_in_query(std::string_view query, Signature::Version version) {
  constexpr std::string_view kPrefix = "x-amz-";
  constexpr std::string_view kOther[] = {"x-amz-algorithm",      "x-amz-credential",
                                         "x-amz-date",           "x-amz-expires",
                                         "x-amz-signedheaders",  "x-amz-signature",
                                         "x-amz-security-token", "x-amz-content-sha256",
                                         "x-amz-trailer",        "x-amz-decoded-content-length"};
  std::vector<std::pair<std::string, std::string>> headers;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    if (!name || equals == std::string_view::npos) continue;
    std::ranges::transform(*name, name->begin(), ascii_lower);
    const bool of_version_2 = version == Signature::Version::k2 && (*name == "content-type" || *name == "content-md5");
    const bool is_token = std::ranges::all_of(*name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!is_token) continue;
    if (!of_version_2 && (!name->starts_with(kPrefix) || std::ranges::count(kOther, *name) != 0)) continue;
    auto value = percent_decode(pair.substr(equals + 1), true);
    const bool printable =
        value && std::ranges::none_of(*value, [](char c) { return c == '\r' || c == '\n' || c == 0; });
    if (printable) headers.emplace_back(*std::move(name), *std::move(value));
  }
  return headers;
}

std::string header_or_parameter(const http::Request& request, std::string_view name) {
  std::string found(request.header(name));
  for (auto& [known, value] : headers_in_query(request.query(), Signature::Version::k4)) {
    if (found.empty() && known == name) found = std::move(value);
  }
  return found;
}

std::optional<Signature> read_claim(const http::Request& request) {
  const std::string_view authorization = request.header("Authorization");
  Signature signature;
  if (!authorization.empty()) {
    const std::string_view list = authorization.substr(std::min(authorization.find(' '), authorization.size()));
    signature.session_token = request.header("X-Amz-Security-Token");
    signature.signed_at = from_amz_date(request.header("X-Amz-Date")).value_or(Time());
    if (read_scope(parameter(list, "Credential"), signature)) return signature;
    const auto version_2 = authorization.starts_with("AWS ")
                               ? read_header_of_version_2(request, authorization.substr(4))
                               : Result<std::optional<Signature>>();
    if (version_2 && *version_2) return **version_2;
  } else if (const auto credential = form_parameter(request.query(), "X-Amz-Credential")) {
    signature.session_token = form_parameter(request.query(), "X-Amz-Security-Token").value_or("");
    signature.presigned = form_parameter(request.query(), "X-Amz-Signature").has_value();
    signature.signed_at = from_amz_date(form_parameter(request.query(), "X-Amz-Date").value_or("")).value_or(Time());
    if (read_scope(*credential, signature)) return signature;
  }
  if (authorization.empty()) return read_version_2(request.query());
  return std::nullopt;
}

}  // namespace signalbox::wire

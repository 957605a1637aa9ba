#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/form.h"
#include "wire/sigv4.h"

namespace signalbox::wire {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
/// Longest life of a presigned URL: seven days.
constexpr int kMaxExpiresSeconds = 604'800;

std::unexpected<Error> incomplete(std::string message) {
  return fail("IncompleteSignature", std::move(message), 400);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
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
    const std::string_view item = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=') {
      return item.substr(name.size() + 1);
    }
  }
  return {};
}

Result<std::optional<Signature>> read_header(const http::Request& request, std::string_view authorization) {
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
  signature.session_token = request.header("X-Amz-Security-Token");
  return signature;
}

/// Who presigned a URL by Signature Version 2, as older SDKs do for S3.
std::optional<Signature> read_version_2(std::string_view query) {
  const auto access_key = form_parameter(query, "AWSAccessKeyId");
  if (!access_key || !form_parameter(query, "Signature") || !form_parameter(query, "Expires")) return std::nullopt;
  Signature signature;
  signature.access_key = *access_key;
  signature.service = "s3";
  signature.presigned = true;
  return signature;
}

Result<std::optional<Signature>> read_query(std::string_view query) {
  const auto take = [query](std::string_view name) { return form_parameter(query, name).value_or(""); };
  if (take("X-Amz-Algorithm") != kAlgorithm) {
    return incomplete("AWS query-string parameters must include 'X-Amz-Algorithm' with the value AWS4-HMAC-SHA256.");
  }
  Signature signature;
  signature.presigned = true;
  for (const std::string_view name :
       {"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (take(name).empty()) return incomplete("AWS query-string parameters must include '" + std::string(name) + "'.");
  }
  const std::string credential = take("X-Amz-Credential");
  if (!read_scope(credential, signature)) {
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term, got '" +
        credential + "'");
  }
  const std::string expires = take("X-Amz-Expires");
  int seconds = 0;
  const auto [end, problem] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (problem != std::errc() || end != expires.data() + expires.size() || seconds < 1 || seconds > kMaxExpiresSeconds) {
    return incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  signature.expires = std::chrono::seconds(seconds);
  signature.amz_date = take("X-Amz-Date");
  signature.signed_headers = take("X-Amz-SignedHeaders");
  signature.value = take("X-Amz-Signature");
  signature.session_token = take("X-Amz-Security-Token");
  return signature;
}

}  // namespace

Result<std::optional<Signature>> read_signature(const http::Request& request) {
  const std::string_view authorization = request.header("Authorization");
  if (!authorization.empty()) return read_header(request, authorization);
  const std::string_view query = request.query();
  if (form_parameter(query, "X-Amz-Signature") || form_parameter(query, "X-Amz-Algorithm")) return read_query(query);
  if (read_version_2(query)) {
    return fail("InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", 400);
  }
  return std::nullopt;
}

std::optional<Signature> read_claim(const http::Request& request) {
  const std::string_view authorization = request.header("Authorization");
  Signature signature;
  if (!authorization.empty()) {
    const std::string_view list = authorization.substr(std::min(authorization.find(' '), authorization.size()));
    signature.session_token = request.header("X-Amz-Security-Token");
    if (read_scope(parameter(list, "Credential"), signature)) return signature;
  } else if (const auto credential = form_parameter(request.query(), "X-Amz-Credential")) {
    signature.session_token = form_parameter(request.query(), "X-Amz-Security-Token").value_or("");
    if (read_scope(*credential, signature)) return signature;
  }
  if (authorization.empty()) return read_version_2(request.query());
  return std::nullopt;
}

}  // namespace signalbox::wire

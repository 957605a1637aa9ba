#include "wire/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "base/encoding.h"
#include "http/white_space.h"
#include "wire/route_rest_xml.h"
#include "wire/sigv4_refusals.h"

namespace signalbox::wire {
namespace {

/// Parameters that take part in the signature; the others anybody may add.
constexpr std::string_view kSigned[] = {"accelerate",
                                        "acl",
                                        "analytics",
                                        "cors",
                                        "defaultObjectAcl",
                                        "delete",
                                        "inventory",
                                        "lifecycle",
                                        "location",
                                        "logging",
                                        "metrics",
                                        "notification",
                                        "object-lock",
                                        "partNumber",
                                        "policy",
                                        "replication",
                                        "requestPayment",
                                        "response-cache-control",
                                        "response-content-disposition",
                                        "response-content-encoding",
                                        "response-content-language",
                                        "response-content-type",
                                        "response-expires",
                                        "restore",
                                        "select",
                                        "select-type",
                                        "storageClass",
                                        "tagging",
                                        "torrent",
                                        "uploadId",
                                        "uploads",
                                        "versionId",
                                        "versioning",
                                        "versions",
                                        "website"};

/// Of the others those that only say more of what is asked for, not what that is. A link with any other is refused: it
/// would be good for an operation that it does not name.
constexpr std::string_view kHarmless[] = {
    "AWSAccessKeyId",     "Signature",   "Expires",    "content-type",      "content-md5",      "prefix",
    "delimiter",          "marker",      "max-keys",   "encoding-type",     "list-type",        "start-after",
    "continuation-token", "fetch-owner", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads",
    "part-number-marker", "max-parts",   "x-id"};

template <class Visit>
void each_parameter(std::string_view query, const Visit& visit) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.empty()) visit(pair.substr(0, pair.find('=')), pair);
  }
}

/// Headers x-amz-*, and in links the parameters that stand for them.
std::string amz_headers(const http::Request& request, const Signature& signature) {
  std::map<std::string, std::string> all;
  const auto add = [&all](std::string name, std::string_view value) {
    const auto [place, is_new] = all.emplace(std::move(name), http::trim(value));
    if (!is_new) place->second.append(",").append(http::trim(value));
  };
  for (const auto& [key, value] : request.headers) {
    std::string name = ascii_lowered(key);
    if (name.starts_with("x-amz-")) add(std::move(name), value);
  }
  if (signature.presigned) {
    for (const auto& [name, value] : headers_in_query(request.query(), Signature::Version::k2)) {
      if (name.starts_with("x-amz-")) add(name, value);
    }
    if (!signature.session_token.empty()) add("x-amz-security-token", signature.session_token);
  }
  std::string out;
  for (const auto& [name, value] : all) out.append(name).append(":").append(value).append("\n");
  return out;
}

/// Bucket and key as they stand in the path, or bucket of the Host and path, and the parameters that are signed.
std::string resource(const http::Request& request) {
  std::string out;
  if (const auto bucket = bucket_of_host(request.header("Host"))) out.append("/").append(*bucket);
  out.append(request.path());
  std::vector<std::pair<std::string, std::string>> parameters;
  each_parameter(request.query(), [&](std::string_view name, std::string_view pair) {
    if (std::ranges::count(kSigned, name) == 0) return;
    std::string text(name);
    if (pair.size() > name.size()) {
      const std::string_view value = pair.substr(name.size() + 1);
      text.append("=").append(percent_decode(value).value_or(std::string(value)));
    }
    parameters.emplace_back(name, std::move(text));
  });
  std::ranges::stable_sort(parameters, {}, &std::pair<std::string, std::string>::first);
  char separator = '?';
  for (const auto& [name, text] : parameters) {
    out.append(1, separator).append(text);
    separator = '&';
  }
  return out;
}

/// A header, or in links the parameter that stands for it.
std::string content_header(const http::Request& request, const Signature& signature, std::string_view name) {
  const std::string_view value = request.header(name);
  if (!value.empty() || !signature.presigned) return std::string(http::trim(value));
  for (const auto& [key, text] : headers_in_query(request.query(), Signature::Version::k2)) {
    if (key == name) return text;
  }
  return "";
}

bool names_something_unsigned(std::string_view query) {
  bool found = false;
  each_parameter(query, [&found](std::string_view name, std::string_view) {
    const bool known = std::ranges::count(kSigned, name) != 0 || std::ranges::count(kHarmless, name) != 0 ||
                       ascii_lowered(name).starts_with("x-amz-");
    found = found || !known;
  });
  return found;
}

}  // namespace

std::string string_to_sign_2(const http::Request& request, const Signature& signature) {
  std::string out(request.method);
  out.append("\n").append(content_header(request, signature, "content-md5"));
  out.append("\n").append(content_header(request, signature, "content-type")).append("\n");
  if (signature.presigned) {
    out.append(signature.amz_date);
  } else if (request.header("X-Amz-Date").empty()) {
    out.append(http::trim(request.header("Date")));
  }
  return out.append("\n").append(amz_headers(request, signature)).append(resource(request));
}

std::string signature_2(std::string_view to_sign, std::string_view secret_key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha1(), secret_key.data(), static_cast<int>(secret_key.size()),
       reinterpret_cast<const unsigned char*>(to_sign.data()), to_sign.size(), digest.data(), &size);
  return to_base64(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

namespace {

/// Older clients sign the path of a bucket with a slash behind it that they do not send.
std::string string_with_slash(const http::Request& request, const Signature& signature) {
  const std::string_view path = request.path();
  if (path.size() < 2 || path.find('/', 1) != std::string_view::npos) return {};
  const std::string target = std::string(path) + "/" + std::string(request.target.substr(path.size()));
  http::Request other = request;
  other.target = target;
  return string_to_sign_2(other, signature);
}

bool is_signed(const std::string& to_sign, const Signature& signature, std::string_view secret_key) {
  return !to_sign.empty() && equal_in_constant_time(signature_2(to_sign, secret_key), signature.value);
}

}  // namespace

Result<Payload> verify_version_2(const http::Request& request, const Signature& signature, std::string_view secret_key,
                                 Time now) {
  if (signature.presigned) {
    if (signature.expires_at < now) return too_late(signature, now);
  } else {
    if (signature.signed_at + kMaxClockSkew < now) return too_late(signature, now);
    if (signature.signed_at > now + kMaxClockSkew) return too_early(signature, now);
  }
  const std::string to_sign = string_to_sign_2(request, signature);
  if (!is_signed(to_sign, signature, secret_key) &&
      !is_signed(string_with_slash(request, signature), signature, secret_key)) {
    return signature_mismatch(signature, to_sign, "");
  }
  if (signature.presigned && names_something_unsigned(request.query())) {
    return signature_mismatch(signature, to_sign, "");
  }
  Result<Payload> payload = read_payload(request);
  // There is no key that could sign chunks.
  if (payload && payload->signed_chunks) {
    return fail("InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", 400);
  }
  return payload;
}

}  // namespace signalbox::wire

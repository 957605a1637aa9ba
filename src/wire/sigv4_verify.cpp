// The canonical request, the string to sign and the check of both, as "Signature Version 4 signing process" in the AWS
// General Reference has them.

#include <algorithm>
#include <map>
#include <vector>

#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/sigv4.h"

namespace signalbox::wire {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

std::unexpected<Error> mismatch() {
  return fail("SignatureDoesNotMatch",
              "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
              "Access Key and signing method. Consult the service documentation for details.",
              403);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Everything but S3 normalises the path (dot segments, double slashes) and encodes it once more.
std::string canonical_path(std::string_view path, bool is_s3) {
  if (is_s3) return std::string(path);
  std::vector<std::string_view> kept;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(percent_encode(part));
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

/// Parameters decoded and encoded anew, so that every spelling signs alike, sorted, without the signature itself.
std::string canonical_query(std::string_view query) {
  std::vector<std::string> pairs;
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals));
    const auto value = percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value) {
      pairs.emplace_back(pair);
    } else if (*name != "X-Amz-Signature") {
      pairs.push_back(percent_encode(*name) + "=" + percent_encode(*value));
    }
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const std::string& pair : pairs) out.append(out.empty() ? "" : "&").append(pair);
  return out;
}

/// Trimmed, runs of spaces as one.
void append_collapsed(std::string& out, std::string_view value) {
  bool space = false;
  bool first = true;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      space = !first;
      continue;
    }
    if (space) out += ' ';
    out += c;
    space = first = false;
  }
}

Result<std::string> canonical_headers(const http::Request& request, std::string_view signed_headers) {
  std::string out;
  bool has_host = false;
  for (const std::string_view name : split(signed_headers, ';')) {
    has_host = has_host || name == "host";
    out.append(name).append(":");
    bool found = false;
    for (const auto& [key, value] : request.headers) {
      if (!http::same_name(key, name)) continue;
      if (found) out += ',';
      append_collapsed(out, value);
      found = true;
    }
    if (!found) return mismatch();
    out += '\n';
  }
  if (!has_host) {
    return fail("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
                403);
  }
  return out;
}

Sha256Digest derive_key(std::string_view secret, const Signature& s) {
  const auto date = hmac_sha256("AWS4" + std::string(secret), s.date);
  const auto region = hmac_sha256(as_bytes(date), s.region);
  const auto service = hmac_sha256(as_bytes(region), s.service);
  return hmac_sha256(as_bytes(service), "aws4_request");
}

/// Derived once a day for each secret, Region and service: that is a third of what a check costs.
Sha256Digest signing_key(std::string_view secret, const Signature& s) {
  constexpr std::size_t kMost = 256;
  static thread_local std::map<std::string, Sha256Digest, std::less<>> known;
  std::string name = s.date + "/" + s.region + "/" + s.service + "/" + std::string(secret);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  if (known.size() >= kMost) known.clear();
  return known.emplace(std::move(name), derive_key(secret, s)).first->second;
}

std::string scope_text(const Signature& s) {
  return s.date + "/" + s.region + "/" + s.service + "/aws4_request";
}

Result<void> check_time(const Signature& signature, Time now) {
  const auto signed_at = from_amz_date(signature.amz_date);
  if (!signed_at || !signature.amz_date.starts_with(signature.date)) {
    return fail("SignatureDoesNotMatch",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
                    signature.date + "' != '" + signature.amz_date.substr(0, 8) + "', from '" + signature.amz_date +
                    "'.",
                403);
  }
  const Duration life = signature.presigned ? signature.expires : kMaxClockSkew;
  if (*signed_at + life < now) {
    return fail("SignatureDoesNotMatch",
                "Signature expired: " + signature.amz_date + " is now earlier than " + to_amz_date(now - life) + " (" +
                    to_amz_date(now) + " - " +
                    std::to_string(std::chrono::duration_cast<std::chrono::minutes>(life).count()) + " min.)",
                403);
  }
  if (*signed_at > now + kMaxClockSkew) {
    return fail("SignatureDoesNotMatch",
                "Signature not yet current: " + signature.amz_date + " is still later than " +
                    to_amz_date(now + kMaxClockSkew) + " (" + to_amz_date(now) + " + 15 min.)",
                403);
  }
  return {};
}

/// The signature that `request` ought to have.
std::string signature_of(const http::Request& request, const Signature& signature, const Sha256Digest& key,
                         std::string_view headers, std::string_view payload) {
  std::string canonical(request.method);
  canonical.append("\n").append(canonical_path(request.path(), signature.service == "s3"));
  canonical.append("\n").append(canonical_query(request.query()));
  canonical.append("\n").append(headers).append("\n").append(signature.signed_headers).append("\n").append(payload);
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + signature.amz_date + "\n" + scope_text(signature) + "\n" + to_hex(sha256(canonical));
  return to_hex(hmac_sha256(as_bytes(key), to_sign));
}

}  // namespace

std::string authorization_of(const http::Request& request, Signature signature, std::string_view secret_key) {
  signature.amz_date = request.header("X-Amz-Date");
  signature.date = signature.amz_date.substr(0, 8);
  signature.signed_headers = "host;x-amz-date";
  const auto headers = canonical_headers(request, signature.signed_headers);
  const std::string value = signature_of(request, signature, signing_key(secret_key, signature), headers.value_or(""),
                                         to_hex(sha256(request.body)));
  return "AWS4-HMAC-SHA256 Credential=" + signature.access_key + "/" + scope_text(signature) +
         ", SignedHeaders=" + signature.signed_headers + ", Signature=" + value;
}

namespace {

/// Checks all but the body; `hash` is what stands for it in the canonical request.
Result<Payload> check_head(const http::Request& request, const Signature& signature, std::string_view secret_key,
                           Time now, std::string_view hash) {
  Result<void> timely = check_time(signature, now);
  if (!timely) return std::unexpected(std::move(timely).error());
  Result<Payload> payload = read_payload(request);
  if (!payload) return payload;
  Result<std::string> headers = canonical_headers(request, signature.signed_headers);
  if (!headers) return std::unexpected(std::move(headers).error());
  const Sha256Digest key = signing_key(secret_key, signature);
  if (!equal_in_constant_time(signature_of(request, signature, key, *headers, hash), signature.value)) {
    return mismatch();
  }
  if (payload->signed_chunks) payload->key = {key, signature.amz_date, scope_text(signature), signature.value};
  return payload;
}

}  // namespace

Result<Payload> verify_head(const http::Request& request, const Signature& signature, std::string_view secret_key,
                            Time now) {
  std::string_view hash = request.header("X-Amz-Content-Sha256");
  if (hash.empty() && !signature.presigned) {
    return fail("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400);
  }
  if (hash.empty()) hash = kUnsigned;
  return check_head(request, signature, secret_key, now, hash);
}

Result<std::string> verify_signature(const http::Request& request, const Signature& signature,
                                     std::string_view secret_key, Time now) {
  const bool unsigned_body = signature.presigned && signature.service == "s3";
  std::string hash(request.header("X-Amz-Content-Sha256"));
  if (hash.empty()) hash = unsigned_body ? std::string(kUnsigned) : to_hex(sha256(request.body));
  Result<Payload> payload = check_head(request, signature, secret_key, now, hash);
  if (!payload) return std::unexpected(std::move(payload).error());
  PayloadDecoder decoder(*std::move(payload));
  std::string body;
  Result<void> done = decoder.take(request.body, body);
  if (done) done = decoder.finish();
  if (done) return body;
  if (done.error().code == "XAmzContentSHA256Mismatch") return mismatch();
  return std::unexpected(std::move(done).error());
}

}  // namespace signalbox::wire

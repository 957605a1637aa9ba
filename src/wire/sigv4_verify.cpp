// The canonical request, the string to sign and the check of both, as "Signature Version 4 signing process" in the AWS
// General Reference has them.

#include <algorithm>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/time_text.h"
#include "wire/sigv2.h"
#include "wire/sigv4_refusals.h"

namespace signalbox::wire {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

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
  // Sorted as pairs: by name, and by value where names are equal.
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::string_view key = pair.substr(0, pair.find('='));
    const std::string_view rest = pair.substr(std::min(pair.size(), key.size() + 1));
    // '+' is a space to whoever reads the parameters, so it must sign as one.
    const auto name = percent_decode(key, true);
    const auto value = percent_decode(rest, true);
    if (!name || !value) {
      pairs.emplace_back(key, rest);
    } else if (*name != "X-Amz-Signature") {
      pairs.emplace_back(percent_encode(*name), percent_encode(*value));
    }
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
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

Result<std::string> canonical_headers(const http::Request& request, const Signature& signature) {
  std::string out;
  bool has_host = false;
  for (const std::string_view name : split(signature.signed_headers, ';')) {
    has_host = has_host || name == "host";
    out.append(name).append(":");
    bool found = false;
    for (const auto& [key, value] : request.headers) {
      if (!http::same_name(key, name)) continue;
      if (found) out += ',';
      append_collapsed(out, value);
      found = true;
    }
    if (!found) return signature_mismatch(signature, "", "");
    out += '\n';
  }
  if (!has_host) {
    return fail("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
                403);
  }
  return out;
}

/// Whoever passes a signature on must not add to what it stands for.
Result<void> check_all_signed(const http::Request& request, const Signature& signature) {
  const std::vector<std::string_view> all = split(signature.signed_headers, ';');
  std::vector<std::string> beyond;
  for (const auto& [key, value] : request.headers) {
    constexpr std::string_view kPrefix = "x-amz-";
    if (key.size() < kPrefix.size() || !http::same_name(key.substr(0, kPrefix.size()), kPrefix)) continue;
    // Stands in the canonical request itself. Services other than S3 take a token that was added afterwards: no other
    // than the right one goes with the key.
    if (http::same_name(key, "x-amz-content-sha256")) continue;
    if (signature.service != "s3" && http::same_name(key, "x-amz-security-token") && !signature.presigned) continue;
    if (std::ranges::any_of(all, [&](std::string_view name) { return http::same_name(name, key); })) continue;
    std::string name(key);
    if (signature.service == "s3") {
      std::ranges::transform(name, name.begin(), ascii_lower);
    }
    if (std::ranges::count(beyond, name) == 0) beyond.push_back(std::move(name));
  }
  if (beyond.empty()) return {};
  return headers_not_signed(signature, beyond);
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
  if (signature.signed_at == Time() || !signature.amz_date.starts_with(signature.date)) return date_differs(signature);
  const Duration life = signature.presigned ? signature.expires : kMaxClockSkew;
  if (signature.signed_at + life < now) return too_late(signature, now);
  if (signature.signed_at > now + kMaxClockSkew) return too_early(signature, now);
  return {};
}

/// What was signed, and the signature that it ought to have.
struct Signing {
  std::string canonical;
  std::string to_sign;
  std::string value;
};

Signing sign(const http::Request& request, const Signature& signature, const Sha256Digest& key,
             std::string_view headers, std::string_view payload) {
  Signing made;
  std::string& canonical = made.canonical;
  canonical = request.method;
  canonical.append("\n").append(canonical_path(request.path(), signature.service == "s3"));
  canonical.append("\n").append(canonical_query(request.query()));
  canonical.append("\n").append(headers).append("\n").append(signature.signed_headers).append("\n").append(payload);
  made.to_sign =
      "AWS4-HMAC-SHA256\n" + signature.amz_date + "\n" + scope_text(signature) + "\n" + to_hex(sha256(canonical));
  made.value = to_hex(hmac_sha256(as_bytes(key), made.to_sign));
  return made;
}

}  // namespace

std::string authorization_of(const http::Request& request, Signature signature, std::string_view secret_key) {
  signature.amz_date = request.header("X-Amz-Date");
  signature.date = signature.amz_date.substr(0, 8);
  signature.signed_headers = "host;x-amz-date";
  const auto headers = canonical_headers(request, signature);
  const std::string value =
      sign(request, signature, signing_key(secret_key, signature), headers.value_or(""), to_hex(sha256(request.body)))
          .value;
  return "AWS4-HMAC-SHA256 Credential=" + signature.access_key + "/" + scope_text(signature) +
         ", SignedHeaders=" + signature.signed_headers + ", Signature=" + value;
}

namespace {

/// Checks all but the body; `hash` is what stands for it in the canonical request.
Result<Payload> check_head(const http::Request& request, const Signature& signature, std::string_view secret_key,
                           Time now, std::string_view hash) {
  Result<void> timely = check_time(signature, now);
  if (!timely) return std::unexpected(std::move(timely).error());
  Result<Payload> payload = signature.service == "s3" ? read_payload(request) : Payload();
  if (!payload) return payload;
  Result<std::string> headers = canonical_headers(request, signature);
  if (!headers) return std::unexpected(std::move(headers).error());
  const Sha256Digest key = signing_key(secret_key, signature);
  const Signing made = sign(request, signature, key, *headers, hash);
  if (!equal_in_constant_time(made.value, signature.value)) {
    return signature_mismatch(signature, made.to_sign, made.canonical);
  }
  Result<void> whole = check_all_signed(request, signature);
  if (!whole) return std::unexpected(std::move(whole).error());
  if (payload->signed_chunks) payload->key = {key, signature.amz_date, scope_text(signature), signature.value};
  return payload;
}

}  // namespace

Result<void> check_life(const Signature& presigned, Time now) {
  if (presigned.version == Signature::Version::k4) return check_time(presigned, now);
  if (presigned.expires_at < now) return too_late(presigned, now);
  return {};
}

Result<Payload> verify_head(const http::Request& request, const Signature& signature, std::string_view secret_key,
                            Time now) {
  if (signature.version == Signature::Version::k2) return verify_version_2(request, signature, secret_key, now);
  std::string_view hash = request.header("X-Amz-Content-Sha256");
  if (hash.empty() && !signature.presigned) {
    return fail("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400);
  }
  if (hash.empty()) hash = kUnsigned;
  return check_head(request, signature, secret_key, now, hash);
}

Result<std::string> verify_signature(const http::Request& request, const Signature& signature,
                                     std::string_view secret_key, Time now) {
  if (signature.service != "s3") {
    // No other service takes a body that nobody signed.
    Result<Payload> head = check_head(request, signature, secret_key, now, to_hex(sha256(request.body)));
    if (!head) return std::unexpected(std::move(head).error());
    return std::string(request.body);
  }
  Result<Payload> payload = verify_head(request, signature, secret_key, now);
  if (!payload) return std::unexpected(std::move(payload).error());
  PayloadDecoder decoder(*std::move(payload));
  std::string body;
  Result<void> done = decoder.take(request.body, body);
  if (done) done = decoder.finish();
  if (done) return body;
  if (done.error().code == "XAmzContentSHA256Mismatch") return signature_mismatch(signature, "", "");
  return std::unexpected(std::move(done).error());
}

}  // namespace signalbox::wire

#include "wire/sigv4_refusals.h"

#include "base/time_text.h"

namespace signalbox::wire {
namespace {

using Elements = std::vector<std::pair<std::string, std::string>>;

bool is_s3(const Signature& signature) {
  return signature.service == "s3";
}

std::unexpected<Error> with(std::string code, std::string message, int status, Elements elements) {
  Error error{std::move(code), std::move(message), status};
  error.details = std::make_shared<const ErrorDetails>(ErrorDetails{std::move(elements), {}});
  return std::unexpected(std::move(error));
}

/// "41 57 53 34": as S3 shows what was signed.
std::string spaced_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() * 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!out.empty()) out += ' ';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string minutes(Duration life) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(life).count());
}

/// When a link ends, and what time it is.
Elements times_of(const Signature& link, Time now) {
  Elements times;
  if (link.version == Signature::Version::k4) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(link.expires).count();
    times.emplace_back("X-Amz-Expires", std::to_string(seconds));
  }
  times.emplace_back("Expires", to_iso8601(link.expires_at));
  times.emplace_back("ServerTime", to_iso8601(now));
  return times;
}

std::unexpected<Error> skewed(const Signature& signature, Time now) {
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(kMaxClockSkew).count();
  return with("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403,
              {{"RequestTime", signature.amz_date},
               {"ServerTime", to_iso8601(now)},
               {"MaxAllowedSkewMilliseconds", std::to_string(most)}});
}

}  // namespace

std::unexpected<Error> signature_mismatch(const Signature& signature, std::string_view string_to_sign,
                                          std::string_view canonical_request) {
  if (!is_s3(signature)) {
    return fail("SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.",
                403);
  }
  Elements elements{{"AWSAccessKeyId", signature.access_key}, {"SignatureProvided", signature.value}};
  if (!string_to_sign.empty()) {
    elements.insert(elements.begin() + 1, {"StringToSign", std::string(string_to_sign)});
    elements.emplace_back("StringToSignBytes", spaced_hex(string_to_sign));
  }
  if (!canonical_request.empty()) {
    elements.emplace_back("CanonicalRequest", std::string(canonical_request));
    elements.emplace_back("CanonicalRequestBytes", spaced_hex(canonical_request));
  }
  return with("SignatureDoesNotMatch",
              "The request signature we calculated does not match the signature you provided. Check your key and "
              "signing method.",
              403, std::move(elements));
}

std::unexpected<Error> must_be_signed(std::string_view name) {
  return fail("SignatureDoesNotMatch", "'" + std::string(name) + "' must be a 'SignedHeader' in the AWS Authorization.",
              403);
}

std::unexpected<Error> headers_not_signed(const Signature& signature, const std::vector<std::string>& names) {
  if (!is_s3(signature)) return must_be_signed(names.front());
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return with("AccessDenied", "There were headers present in the request which were not signed", 403,
              {{"HeadersNotSigned", std::move(list)}});
}

std::unexpected<Error> too_early(const Signature& signature, Time now) {
  if (is_s3(signature)) {
    if (!signature.presigned) return skewed(signature, now);
    return with("AccessDenied", "Request is not yet valid", 403, times_of(signature, now));
  }
  return fail("SignatureDoesNotMatch",
              "Signature not yet current: " + signature.amz_date + " is still later than " +
                  to_amz_date(now + kMaxClockSkew) + " (" + to_amz_date(now) + " + 15 min.)",
              403);
}

std::unexpected<Error> too_late(const Signature& signature, Time now) {
  if (is_s3(signature)) {
    if (!signature.presigned) return skewed(signature, now);
    return with("AccessDenied", "Request has expired", 403, times_of(signature, now));
  }
  const Duration life = signature.presigned ? signature.expires : kMaxClockSkew;
  return fail("SignatureDoesNotMatch",
              "Signature expired: " + signature.amz_date + " is now earlier than " + to_amz_date(now - life) + " (" +
                  to_amz_date(now) + " - " + minutes(life) + " min.)",
              403);
}

std::unexpected<Error> date_differs(const Signature& signature) {
  if (is_s3(signature)) {
    const std::string text = "Invalid credential date \"" + signature.date +
                             "\". This date is not the same as X-Amz-Date: \"" + signature.amz_date.substr(0, 8) +
                             "\".";
    if (signature.presigned) return bad_query(text);
    return fail("AuthorizationHeaderMalformed", "The authorization header is malformed; " + text, 400);
  }
  return fail("SignatureDoesNotMatch",
              "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
                  signature.date + "' != '" + signature.amz_date.substr(0, 8) + "', from '" + signature.amz_date + "'.",
              403);
}

Error wrong_service(const Signature& signature, std::string_view service) {
  if (service == "s3") {
    const std::string text = "incorrect service \"" + signature.service + "\". This endpoint belongs to \"s3\".";
    if (signature.presigned) return bad_query("Error parsing the X-Amz-Credential parameter; " + text).error();
    return {"AuthorizationHeaderMalformed", "The authorization header is malformed; " + text, 400};
  }
  return {"SignatureDoesNotMatch", "Credential should be scoped to correct service: '" + std::string(service) + "'. ",
          403};
}

std::unexpected<Error> bad_query(std::string message) {
  return fail("AuthorizationQueryParametersError", std::move(message), 400);
}

}  // namespace signalbox::wire

// Against the examples that AWS publishes: the Signature Version 4 test suite, "Examples of how to derive a signing
// key" and the examples of the S3 API Reference.
#include "wire/sigv4.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/time_text.h"

namespace signalbox::wire {
namespace {

constexpr const char* kSuiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* kS3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;
using Elements = std::vector<std::pair<std::string, std::string>>;

http::Request request(std::string_view method, std::string_view target, Headers headers, std::string_view body = "") {
  http::Request made;
  made.method = method;
  made.target = target;
  made.headers = std::move(headers);
  made.body = body;
  return made;
}

std::string authorization(const std::string& headers, const std::string& signature,
                          const std::string& service = "service", const std::string& date = "20150830",
                          const std::string& key = "AKIDEXAMPLE") {
  return "AWS4-HMAC-SHA256 Credential=" + key + "/" + date + "/us-east-1/" + service +
         "/aws4_request, SignedHeaders=" + headers + ", Signature=" + signature;
}

Result<std::string> verify(const http::Request& signed_request, const char* secret, const char* now) {
  const auto signature = read_signature(signed_request);
  if (!signature) return std::unexpected(signature.error());
  if (!*signature) return fail("Unsigned", "");
  return verify_signature(signed_request, **signature, secret, *from_amz_date(now));
}

std::string outcome(const Result<std::string>& verified) {
  return verified ? "" : verified.error().code + ": " + verified.error().message;
}

TEST(SigV4, TestSuite) {
  struct {
    const char* name;
    const char* method;
    const char* target;
    Headers headers;
    const char* signed_headers;
    const char* signature;
    const char* body = "";
  } cases[] = {
      {"get-vanilla",
       "GET",
       "/",
       {},
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"the order of names of which one begins another",  // signed by botocore
       "GET",
       "/?M.10=2&M.1=1&a-b=2&a=1&a1=3&a=0",
       {},
       "host;x-amz-date",
       "c543d4bd0855cf41cd33890ff023d2f30893b830aa3e2838737411b3d97cac6a"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
       {},
       "host;x-amz-date",
       "98964e1079ce472101899439653197a4f6e602f30cd6aaf6c76d81b4fd9866fe"},
      {"get-utf8",
       "GET",
       "/ሴ",
       {},
       "host;x-amz-date",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"My-Header1", "value1"}, {"My-Header2", "\"a   b   c\""}},
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
       "Param1=value1"},
      {"normalize-path/get-slashes",
       "GET",
       "//example//",
       {},
       "host;x-amz-date",
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"normalize-path/get-relative-relative",
       "GET",
       "/example1/example2/../..",
       {},
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
  };
  for (const auto& c : cases) {
    Headers headers = c.headers;
    headers.emplace_back("Host", "example.amazonaws.com");
    headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    const std::string good = authorization(c.signed_headers, c.signature);
    headers.emplace_back("Authorization", good);
    EXPECT_EQ(outcome(verify(request(c.method, c.target, headers, c.body), kSuiteSecret, "20150830T123600Z")), "")
        << c.name;
    EXPECT_EQ(verify(request(c.method, c.target, headers, c.body), "other", "20150830T123600Z").error().code,
              "SignatureDoesNotMatch");
    const std::string changed = std::string(c.body) + "x";
    EXPECT_EQ(verify(request(c.method, c.target, headers, changed), kSuiteSecret, "20150830T123600Z").error().code,
              "SignatureDoesNotMatch");
  }
}

TEST(SigV4, IamListUsers) {
  const std::string signature = authorization(
      "content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", "iam");
  const auto good = request("GET", "/?Action=ListUsers&Version=2010-05-08",
                            {{"Host", "iam.amazonaws.com"},
                             {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                             {"X-Amz-Date", "20150830T123600Z"},
                             {"Authorization", signature}});
  EXPECT_EQ(outcome(verify(good, kSuiteSecret, "20150830T123600Z")), "");
}

TEST(SigV4, S3GetObject) {
  const std::string signature = authorization("host;range;x-amz-content-sha256;x-amz-date",
                                              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "s3",
                                              "20130524", "AKIAIOSFODNN7EXAMPLE");
  const auto good =
      request("GET", "/test.txt",
              {{"Host", "examplebucket.s3.amazonaws.com"},
               {"Range", "bytes=0-9"},
               {"x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
               {"x-amz-date", "20130524T000000Z"},
               {"Authorization", signature}});
  EXPECT_EQ(outcome(verify(good, kS3Secret, "20130524T000000Z")), "");
}

TEST(SigV4, S3PresignedUrl) {
  const std::string url =
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
      "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const auto good = request("GET", url, {{"Host", "examplebucket.s3.amazonaws.com"}});
  EXPECT_EQ(outcome(verify(good, kS3Secret, "20130524T235959Z")), "");
  EXPECT_EQ(outcome(verify(good, kS3Secret, "20130525T000001Z")), "AccessDenied: Request has expired");
  EXPECT_EQ(outcome(verify(good, kS3Secret, "20130523T230000Z")), "AccessDenied: Request is not yet valid");
  const Error expired = verify(good, kS3Secret, "20130525T000001Z").error();
  EXPECT_EQ(expired.details->elements, (Elements{{"X-Amz-Expires", "86400"},
                                                 {"Expires", "2013-05-25T00:00:00Z"},
                                                 {"ServerTime", "2013-05-25T00:00:01Z"}}));
  std::string longer = url;
  longer.replace(longer.find("86400"), 5, "604801");
  EXPECT_EQ(verify(request("GET", longer, {{"Host", "examplebucket.s3.amazonaws.com"}}), kS3Secret, "20130524T000000Z")
                .error()
                .code,
            "AuthorizationQueryParametersError");
  const Error mismatch = verify(good, "other", "20130524T000000Z").error();
  EXPECT_EQ(mismatch.code, "SignatureDoesNotMatch");
  EXPECT_EQ(mismatch.details->elements[0].second, "AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(mismatch.details->elements[1].first, "StringToSign");
}

TEST(SigV4, WhatAPresignedUrlDoesNotSignIsRefused) {
  const std::string url =
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
      "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const auto with = [&](Headers headers) {
    headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
    return verify(request("GET", url, std::move(headers)), kS3Secret, "20130524T000000Z");
  };
  EXPECT_EQ(outcome(with({{"Content-Type", "x"}, {"Range", "bytes=0-1"}, {"Origin", "o"}})), "");
  const auto more = with({{"X-Amz-Acl", "public-read"}, {"x-amz-copy-source", "b/k"}, {"X-AMZ-ACL", "private"}});
  EXPECT_EQ(outcome(more), "AccessDenied: There were headers present in the request which were not signed");
  EXPECT_EQ(more.error().details->elements, (Elements{{"HeadersNotSigned", "x-amz-acl, x-amz-copy-source"}}));
}

TEST(SigV4, OtherServicesHaveTheirHeadersSigned) {
  const std::string signature =
      authorization("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  const auto with = [&](std::string_view name, std::string_view value) {
    return verify(request("GET", "/",
                          {{"Host", "example.amazonaws.com"},
                           {"X-Amz-Date", "20150830T123600Z"},
                           {"Authorization", signature},
                           {name, value}}),
                  kSuiteSecret, "20150830T123600Z");
  };
  EXPECT_EQ(outcome(with("X-Amz-Target", "AmazonSQS.ListQueues")),
            "SignatureDoesNotMatch: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(outcome(with("X-Amz-", "1")),
            "SignatureDoesNotMatch: 'X-Amz-' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_EQ(outcome(with("X-Amzn-Trace-Id", "Root=1")), "");
  EXPECT_EQ(outcome(with("X-Amz-Security-Token", "added afterwards")), "");
  EXPECT_EQ(outcome(with("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")), "") << "the body is signed all the same";
}

TEST(SigV4, ParametersOfLinksThatAreHeaders) {
  using Version = Signature::Version;
  const auto names = [](std::string_view query, Version version) {
    std::string out;
    for (const auto& [name, value] : headers_in_query(query, version)) out += name + "=" + value + ";";
    return out;
  };
  EXPECT_EQ(
      names("X-Amz-Meta-Venue=a%20b&x-amz-acl=private&prefix=p&X-Amz-Expires=5&x-amz-security-token=t", Version::k4),
      "x-amz-meta-venue=a b;x-amz-acl=private;");
  EXPECT_EQ(names("content-type=text%2Fplain&x-amz-meta-a=1", Version::k4), "x-amz-meta-a=1;");
  EXPECT_EQ(names("content-type=text%2Fplain&x-amz-meta-a=1", Version::k2), "content-type=text/plain;x-amz-meta-a=1;");
  for (const char* odd :
       {"x-amz-meta-a=1%0d%0ax-amz-acl:x", "x-amz-a%3Ab=1", "x-amz-meta-a", "x-amz-content-sha256=x"}) {
    EXPECT_EQ(names(odd, Version::k4), "") << odd;
  }
}

/// The chunked upload of the S3 API Reference: 65,536 and 1,024 bytes of 'a'.
std::string chunked_body() {
  return "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
         std::string(65536, 'a') +
         "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
         std::string(1024, 'a') +
         "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
}

Result<std::string> verify_chunks(std::string_view body) {
  const std::string signature = authorization(
      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-"
      "amz-storage-class",
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", "s3", "20130524", "AKIAIOSFODNN7EXAMPLE");
  const auto upload = request("PUT", "/examplebucket/chunkObject.txt",
                              {{"Host", "s3.amazonaws.com"},
                               {"x-amz-date", "20130524T000000Z"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                               {"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
                               {"Content-Encoding", "aws-chunked"},
                               {"x-amz-decoded-content-length", "66560"},
                               {"Content-Length", "66824"},
                               {"Authorization", signature}},
                              body);
  return verify(upload, kS3Secret, "20130524T000000Z");
}

TEST(SigV4, S3ChunkedUpload) {
  const auto body = verify_chunks(chunked_body());
  ASSERT_EQ(outcome(body), "");
  EXPECT_EQ(*body, std::string(66560, 'a'));
}

TEST(SigV4, BrokenChunksAreRefused) {
  const std::string whole = chunked_body();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, std::size_t{90}, std::size_t{66'000}, whole.size() - 3}) {
    const auto cut = verify_chunks(whole.substr(0, size));
    EXPECT_EQ(cut ? "" : cut.error().code, "IncompleteBody") << size;
  }
  std::string changed = whole;
  changed[1000] = 'b';
  EXPECT_EQ(verify_chunks(changed).error().code, "SignatureDoesNotMatch");
  std::string swapped = whole;
  swapped.replace(swapped.find("400;"), 4, "3ff;");
  EXPECT_NE(outcome(verify_chunks(swapped)), "");
  EXPECT_NE(outcome(verify_chunks("ffffffffffffffff;chunk-signature=x\r\n\r\n")), "");
}

TEST(SigV4, ClockSkewIsFifteenMinutes) {
  const std::string signature =
      authorization("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  const auto good =
      request("GET", "/",
              {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}, {"Authorization", signature}});
  for (const char* now : {"20150830T122100Z", "20150830T125100Z"}) {
    EXPECT_EQ(outcome(verify(good, kSuiteSecret, now)), "") << now;
  }
  EXPECT_EQ(outcome(verify(good, kSuiteSecret, "20150830T125101Z")),
            "SignatureDoesNotMatch: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
            "(20150830T125101Z - 15 min.)");
  EXPECT_EQ(outcome(verify(good, kSuiteSecret, "20150830T122059Z")),
            "SignatureDoesNotMatch: Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
            "(20150830T122059Z + 15 min.)");
}

TEST(SigV4, WhatCannotBeReadIsSaid) {
  struct {
    const char* authorization;
    const char* message;
  } cases[] = {
      {"Basic abc", "Unsupported AWS 'algorithm': 'Basic', only AWS4-HMAC-SHA256 is supported."},
      {"AWS4-HMAC-SHA256",
       "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
       "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256"},
      {"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
       "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b'"},
  };
  for (const auto& c : cases) {
    const auto read =
        read_signature(request("GET", "/", {{"X-Amz-Date", "20150830T123600Z"}, {"Authorization", c.authorization}}));
    ASSERT_FALSE(read) << c.authorization;
    EXPECT_EQ(read.error().code, "IncompleteSignature");
    EXPECT_EQ(read.error().message, c.message);
  }
  const auto unsigned_request = read_signature(request("GET", "/", {}));
  ASSERT_TRUE(unsigned_request);
  EXPECT_FALSE(*unsigned_request);
}

TEST(SigV4, SignedHeadersMustBeThereAndHostAmongThem) {
  const std::string without_host = authorization("x-amz-date", std::string(64, '0'));
  EXPECT_NE(
      outcome(verify(request("GET", "/",
                             {{"Host", "h"}, {"X-Amz-Date", "20150830T123600Z"}, {"Authorization", without_host}}),
                     kSuiteSecret, "20150830T123600Z"))
          .find("'Host' or ':authority' must be a 'SignedHeader'"),
      std::string::npos);
  const std::string missing = authorization("host;x-gone", std::string(64, '0'));
  EXPECT_EQ(verify(request("GET", "/", {{"Host", "h"}, {"X-Amz-Date", "20150830T123600Z"}, {"Authorization", missing}}),
                   kSuiteSecret, "20150830T123600Z")
                .error()
                .code,
            "SignatureDoesNotMatch");
}

TEST(SigV4, ClaimsAreReadFromBrokenSignatures) {
  const auto claim = read_claim(
      request("GET", "/", {{"Authorization", "AWS4-HMAC-SHA256 Credential=k/ey/20150830/r/s/aws4_request"}}));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->access_key, "k/ey");
  EXPECT_EQ(claim->region, "r");
  EXPECT_EQ(claim->service, "s");
  EXPECT_EQ(read_claim(request("GET", "/?X-Amz-Credential=k%2F20150830%2Fr%2Fs%2Faws4_request", {}))->access_key, "k");
  EXPECT_FALSE(read_claim(request("GET", "/", {})));
  EXPECT_FALSE(read_claim(request("GET", "/", {{"Authorization", "Credential=k"}})));
}

}  // namespace
}  // namespace signalbox::wire

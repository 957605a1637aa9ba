// Against the examples of "Signing and authenticating REST requests (AWS Signature Version 2)" in the Amazon S3 User
// Guide.
#include "wire/sigv2.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace signalbox::wire {
namespace {

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

http::Request request(std::string_view method, std::string_view target, Headers headers) {
  http::Request made;
  made.method = method;
  made.target = target;
  made.headers = std::move(headers);
  return made;
}

std::string outcome(const http::Request& sent, const char* now) {
  const auto signature = read_signature(sent);
  if (!signature) return signature.error().code + ": " + signature.error().message;
  if (!*signature) return "unsigned";
  EXPECT_EQ((*signature)->access_key, "AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ((*signature)->service, "s3");
  const auto verified = verify_head(sent, **signature, kSecret, *from_amz_date(now));
  return verified ? "" : verified.error().code + ": " + verified.error().message;
}

TEST(SigV2, HeaderExamples) {
  const auto get = [](std::string_view path, std::string_view date) {
    return request("GET", path,
                   {{"Host", "johnsmith.s3.amazonaws.com"},
                    {"Date", date},
                    {"Authorization", "AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU="}});
  };
  constexpr const char* kDate = "Tue, 27 Mar 2007 19:36:42 +0000";
  EXPECT_EQ(outcome(get("/photos/puppy.jpg", kDate), "20070327T193642Z"), "");
  EXPECT_TRUE(outcome(get("/photos/kitten.jpg", kDate), "20070327T193642Z").starts_with("SignatureDoesNotMatch"));
  EXPECT_TRUE(outcome(get("/photos/puppy.jpg?acl", kDate), "20070327T193642Z").starts_with("SignatureDoesNotMatch"));
  EXPECT_TRUE(outcome(get("/photos/puppy.jpg", kDate), "20070327T195143Z").starts_with("RequestTimeTooSkewed"));
  EXPECT_EQ(outcome(get("/photos/puppy.jpg", "yesterday"), "20070327T193642Z"),
            "AccessDenied: AWS authentication requires a valid Date or x-amz-date header");

  const auto put = request("PUT", "/db-backup.dat.gz",
                           {{"Host", "static.johnsmith.net.s3.amazonaws.com"},
                            {"Date", "Tue, 27 Mar 2007 21:06:08 +0000"},
                            {"x-amz-acl", "public-read"},
                            {"content-type", "application/x-download"},
                            {"Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="},
                            {"X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"},
                            {"X-Amz-Meta-ReviewedBy", "jane@johnsmith.net"},
                            {"X-Amz-Meta-FileChecksum", "0x02661779"},
                            {"X-Amz-Meta-ChecksumAlgorithm", "crc32"},
                            {"Authorization", "AWS AKIAIOSFODNN7EXAMPLE:ilyl83RwaSoYIEdixDQcA4OnAnc="}});
  EXPECT_EQ(outcome(put, "20070327T210608Z"), "");
  auto more = put;
  more.headers.emplace_back("x-amz-storage-class", "GLACIER");
  EXPECT_TRUE(outcome(more, "20070327T210608Z").starts_with("SignatureDoesNotMatch"));
}

TEST(SigV2, LinkIsGoodUntilItsEndForWhatItNames) {
  const std::string link =
      "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=";
  const auto get = [&](const std::string& target, Headers more = {}) {
    more.emplace_back("Host", "johnsmith.s3.amazonaws.com");
    return request("GET", target, std::move(more));
  };
  EXPECT_EQ(outcome(get(link + "1175139620"), "20070329T034019Z"), "");
  EXPECT_EQ(outcome(get(link + "1175139620"), "20070329T034021Z"), "AccessDenied: Request has expired");
  EXPECT_TRUE(outcome(get(link + "1175139621"), "20070329T034019Z").starts_with("SignatureDoesNotMatch"));
  EXPECT_EQ(outcome(get(link + "soon"), "20070329T034019Z"),
            "AccessDenied: Invalid date (should be seconds since epoch): soon");
  // Neither headers nor parameters make it something else; those that only say more are free.
  for (const char* more : {"&acl", "&x-amz-acl=public-read", "&encryption", "&publicAccessBlock", "&versionId=1"}) {
    EXPECT_TRUE(outcome(get(link + "1175139620" + more), "20070329T034019Z").starts_with("SignatureDoesNotMatch"))
        << more;
  }
  EXPECT_EQ(outcome(get(link + "1175139620&prefix=p"), "20070329T034019Z"), "");
  EXPECT_TRUE(outcome(get(link + "1175139620", {{"x-amz-acl", "public-read"}}), "20070329T034019Z")
                  .starts_with("SignatureDoesNotMatch"));
}

}  // namespace
}  // namespace signalbox::wire

#include <gtest/gtest.h>

#include "http/message.h"
#include "models/s3.h"
#include "wire/payload.h"
#include "wire/protocol.h"
#include "wire/route_rest_xml.h"

namespace signalbox::wire {
namespace {

namespace s3 = models::s3;

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

http::Request request(std::string_view method, std::string_view target, Headers headers = {},
                      std::string_view body = {}) {
  http::Request made;
  made.method = method;
  made.target = target;
  made.headers = std::move(headers);
  made.body = body;
  return made;
}

std::string routed(std::string_view method, std::string_view target, Headers headers = {}) {
  const Operation* operation = route_rest_xml(s3::kService, request(method, target, std::move(headers)));
  return operation == nullptr ? "" : std::string(operation->name);
}

TEST(RestXml, OperationsAreToldApart) {
  struct {
    const char* method;
    const char* target;
    const char* operation;
  } cases[] = {
      {"GET", "/", "ListBuckets"},
      {"PUT", "/b", "CreateBucket"},
      {"GET", "/b", "ListObjects"},
      {"GET", "/b/", "ListObjects"},
      {"GET", "/b?list-type=2&prefix=x", "ListObjectsV2"},
      {"GET", "/b?list-type=3", "ListObjects"},
      {"GET", "/b?versions", "ListObjectVersions"},
      {"GET", "/b?uploads=", "ListMultipartUploads"},
      {"GET", "/b?acl", "GetBucketAcl"},
      {"GET", "/b/k?acl", "GetObjectAcl"},
      {"GET", "/b/k?acl&versionId=1", "GetObjectAcl"},
      {"GET", "/b/acl", "GetObject"},
      {"GET", "/b/k/?x-id=GetObject", "GetObject"},
      {"GET", "/b/k?uploadId=1", "ListParts"},
      {"PUT", "/b/k", "PutObject"},
      {"PUT", "/b/k?partNumber=1&uploadId=2", "UploadPart"},
      {"PUT", "/b/k?partNumber=1", "PutObject"},
      {"POST", "/b/k?uploads", "CreateMultipartUpload"},
      {"POST", "/b/k?uploadId=1", "CompleteMultipartUpload"},
      {"POST", "/b?delete", "DeleteObjects"},
      {"DELETE", "/b/k?uploadId=1", "AbortMultipartUpload"},
      {"GET", "/b?replication", "GetBucketReplication"},
      {"PATCH", "/b", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(routed(c.method, c.target), c.operation) << c.method << ' ' << c.target;
  EXPECT_EQ(routed("PUT", "/b/k", {{"x-amz-copy-source", "a/b"}}), "CopyObject");
  EXPECT_EQ(routed("PUT", "/b/k?partNumber=1&uploadId=2", {{"x-amz-copy-source", "a/b"}}), "UploadPartCopy");
}

TEST(RestXml, BucketsInHosts) {
  EXPECT_EQ(bucket_of_host("a.b.s3.localhost:4566"), "a.b");
  EXPECT_EQ(bucket_of_host("b.s3.eu-west-1.amazonaws.com"), "b");
  EXPECT_EQ(bucket_of_host("b.s3-eu-west-1.amazonaws.com"), "b");
  EXPECT_EQ(bucket_of_host("b.localhost"), "b");
  for (const char* host : {"1.s3-control.eu-west-1.amazonaws.com", "localhost:4566", "127.0.0.1", "[::1]:4566",
                           "s3.localhost", "s3.amazonaws.com", ""}) {
    EXPECT_EQ(bucket_of_host(host), std::nullopt) << host;
  }
}

template <class In, class Out>
Result<In> decoded(const OperationOf<In, Out>& operation, const http::Request& given) {
  auto input = protocol(ProtocolKind::kRestXml).decode(*operation.operation, given);
  if (!input) return std::unexpected(input.error());
  return std::move(input->template as<In>());
}

TEST(RestXml, ReadsWhatStandsWhere) {
  const auto put =
      decoded(s3::kPutObject,
              request("PUT", "/b/a%20b//c/?versionId=x",
                      {{"X-Amz-Meta-One", "1"}, {"x-amz-meta-one", "2"}, {"Expires", "soon"}}, "not looked at"));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->bucket, "b");
  EXPECT_EQ(put->key, "a b//c/");
  EXPECT_EQ(put->metadata->at("one"), "1,2");
  EXPECT_EQ(put->expires, "soon");
  EXPECT_FALSE(put->body);
  const auto get =
      decoded(s3::kGetObject, request("GET", "/b/k", {{"If-Modified-Since", "Fri, 28 Apr 2017 17:56:40 GMT"}}));
  ASSERT_TRUE(get);
  EXPECT_EQ(get->if_modified_since, Time(Duration(1493402200000)));
  const auto attributes = decoded(s3::kGetObjectAttributes,
                                  request("GET", "/b/k?attributes", {{"x-amz-object-attributes", "ETag, ObjectSize"}}));
  ASSERT_TRUE(attributes);
  EXPECT_EQ(attributes->object_attributes->size(), 2U);
  EXPECT_EQ(decoded(s3::kListObjects, request("GET", "/b?max-keys=x")).error().code, "InvalidArgument");
  EXPECT_EQ(decoded(s3::kPutObject, request("PUT", "/b/k", {{"x-amz-request-payer", "nonsense"}})).error().code,
            "InvalidArgument");
}

TEST(RestXml, ReadsAndWritesAttributes) {
  constexpr std::string_view kBody =
      R"(<?xml version="1.0"?><AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Owner><ID>me</ID></Owner><AccessControlList><Grant>
        <Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>you</ID></Grantee>
        <Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>)";
  const auto put = decoded(s3::kPutObjectAcl, request("PUT", "/b/k?acl", {}, kBody));
  ASSERT_TRUE(put) << put.error().message;
  const s3::Grant& grant = put->access_control_policy->grants->at(0);
  EXPECT_EQ(grant.grantee->type, "CanonicalUser");
  EXPECT_EQ(grant.grantee->id, "you");
  s3::GetObjectAclOutput output;
  output.grants = put->access_control_policy->grants;
  const auto response =
      protocol(ProtocolKind::kRestXml)
          .encode(*s3::kGetObjectAcl.operation, AnyStructure(*s3::kGetObjectAcl.operation->output, output), "id");
  EXPECT_NE(
      response.body.find(R"(<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">)"),
      std::string::npos)
      << response.body;
}

TEST(RestXml, ChecksBodies) {
  constexpr std::string_view kBody = "<Tagging><TagSet/></Tagging>";
  const auto with = [&](std::string_view name, std::string_view value) {
    const auto put = decoded(s3::kPutBucketTagging, request("PUT", "/b?tagging", {{name, value}}, kBody));
    return put ? "" : put.error().code;
  };
  EXPECT_EQ(with("Content-MD5", "AAAA"), "InvalidDigest");
  EXPECT_EQ(with("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="), "BadDigest");
  EXPECT_EQ(with("x-amz-checksum-crc32", "AAAAAA=="), "BadDigest");
  EXPECT_EQ(with("x-amz-other", "AAAAAA=="), "");
}

TEST(RestXml, LocationIsTheAnswerItself) {
  s3::GetBucketLocationOutput output;
  const auto text = [&] {
    return protocol(ProtocolKind::kRestXml)
        .encode(*s3::kGetBucketLocation.operation, AnyStructure(*s3::kGetBucketLocation.operation->output, output),
                "id")
        .body;
  };
  EXPECT_NE(text().find("2006-03-01/\"></LocationConstraint>"), std::string::npos) << text();
  output.location_constraint = "eu-west-1";
  EXPECT_NE(text().find("\">eu-west-1</LocationConstraint>"), std::string::npos) << text();
}

TEST(RestXml, HeadersCannotBeBrokenOutOf) {
  s3::GetObjectOutput output;
  output.content_type = "a\r\nSet-Cookie: b";
  const auto response =
      protocol(ProtocolKind::kRestXml)
          .encode(*s3::kGetObject.operation, AnyStructure(*s3::kGetObject.operation->output, output), "id");
  for (const auto& [name, value] : response.headers) EXPECT_EQ(value.find('\n'), std::string::npos);
}

std::string unframed(Payload payload, std::string_view body, std::size_t piece) {
  PayloadDecoder decoder(std::move(payload));
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    const auto taken = decoder.take(body.substr(0, piece), out);
    if (!taken) return taken.error().code;
  }
  const auto done = decoder.finish();
  if (!done) return done.error().code;
  for (const auto& [name, value] : decoder.trailers()) out += "|" + name + "=" + value;
  return out;
}

TEST(Payload, TakesFramesInPieces) {
  Payload payload;
  payload.chunked = payload.trailer = true;
  payload.decoded_length = 8;
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_EQ(unframed(payload, "5\r\nhello\r\n3\r\n\r\n!\r\n0\r\nX-Sum: a \r\n\r\n", piece), "hello\r\n!|x-sum=a")
        << piece;
    EXPECT_EQ(unframed(payload, "8\r\nhello...\r\n0\r\n", piece), "hello...") << piece;
    EXPECT_EQ(unframed(payload, "9\r\nhello....\r\n0\r\n\r\n", piece), "IncompleteBody") << piece;
    EXPECT_EQ(unframed(payload, "7\r\nhello..\r\n0\r\n\r\n", piece), "IncompleteBody") << piece;
    EXPECT_EQ(unframed(payload, "8\r\nhello...x0\r\n\r\n", piece), "IncompleteBody") << piece;
    EXPECT_EQ(unframed(payload, "8\r\nhello...\r\n0\r\nnonsense\r\n\r\n", piece), "MalformedTrailerError") << piece;
    EXPECT_EQ(unframed(payload, "8\r\nhello...\r\n0\r\n\r\nmore", piece), "MalformedTrailerError") << piece;
    EXPECT_EQ(unframed(payload, "-8\r\nhello...\r\n0\r\n\r\n", piece), "IncompleteBody") << piece;
    EXPECT_EQ(unframed(payload, std::string(5000, '0') + "\r\n", piece), "IncompleteBody") << piece;
  }
  EXPECT_EQ(unframed({}, "as it is", 3), "as it is");
}

}  // namespace
}  // namespace signalbox::wire

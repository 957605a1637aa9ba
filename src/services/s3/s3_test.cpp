// What is pure of the service: ranges, lists, ids, headers. The operations are tested over sockets (tests/test_s3*.py).

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "services/s3/acl.h"
#include "services/s3/content.h"
#include "services/s3/cors.h"
#include "services/s3/encryption.h"
#include "services/s3/object_headers.h"
#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

std::string range(std::string_view header, std::uint64_t size) {
  const auto read = read_range(header, size);
  if (!read) return read.error().code;
  if (!*read) return "all";
  return std::to_string((*read)->first) + "+" + std::to_string((*read)->length);
}

TEST(Ranges, AsHttpHasThem) {
  struct {
    const char* header;
    std::uint64_t size;
    const char* expected;
  } cases[] = {
      {"bytes=0-0", 10, "0+1"},
      {"bytes=0-9", 10, "0+10"},
      {"bytes=5-", 10, "5+5"},
      {"bytes=-3", 10, "7+3"},
      {"bytes=-30", 10, "0+10"},
      {"bytes=9-18446744073709551615", 10, "9+1"},
      {"bytes=10-", 10, "InvalidRange"},
      {"bytes=-0", 10, "InvalidRange"},
      {"bytes=0-", 0, "InvalidRange"},
      {"bytes=-1", 0, "InvalidRange"},
      {"bytes=2-1", 10, "all"},
      {"bytes=a-b", 10, "all"},
      {"bytes=-", 10, "all"},
      {"bytes=0-1,3-4", 10, "all"},
      {"bits=0-1", 10, "all"},
      {"bytes=0-99999999999999999999", 10, "0+10"},
      {"bytes=-99999999999999999999", 10, "0+10"},
      {"bytes=99999999999999999999-", 10, "InvalidRange"},
      {"bytes=--1", 10, "all"},
  };
  for (const auto& c : cases) EXPECT_EQ(range(c.header, c.size), c.expected) << c.header << " of " << c.size;
}

TEST(Ranges, CutSegments) {
  const std::vector<Segment> all = {{"a", 0, 10}, {"b", 5, 10}, {"c", 0, 1}};
  const auto text = [&](ByteRange wanted) {
    std::string out;
    for (const Segment& s : cut(all, wanted))
      out += s.blob + std::to_string(s.offset) + "+" + std::to_string(s.length) + " ";
    return out;
  };
  EXPECT_EQ(text({0, 21}), "a0+10 b5+10 c0+1 ");
  EXPECT_EQ(text({9, 2}), "a9+1 b5+1 ");
  EXPECT_EQ(text({10, 10}), "b5+10 ");
  EXPECT_EQ(text({20, 1}), "c0+1 ");
}

TEST(Versions, IdsTellTheirPlace) {
  for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
    const std::string id = version_id(sequence, "random");
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(sequence_of(id), sequence);
  }
  for (const char* id : {"", "null", "x", "////////////////////////////////x"}) EXPECT_FALSE(sequence_of(id)) << id;
}

TEST(Versions, IdsOfOthersAreNone) {
  EXPECT_TRUE(is_version_id(version_id(7, "random")));
  for (const char* id : {"HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "null", "", "x"}) EXPECT_FALSE(is_version_id(id)) << id;
}

TEST(SealedContents, OpenAsTheyWere) {
  const ContentKey key = Sealer::new_key();
  const ContentKey other = Sealer::new_key();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kFrame - 1, kFrame, kFrame + 1, 3 * kFrame}) {
    const std::string content(size, 'c');
    const std::string sealed = seal_content(key, content);
    EXPECT_EQ(open_sealed_content(key, sealed), content);
    EXPECT_EQ(sealed.find("cccccccc"), std::string::npos);
    EXPECT_NE(sealed, seal_content(key, content));
    if (size == 0) continue;
    EXPECT_FALSE(open_sealed_content(other, sealed));
    std::string damaged = sealed;
    damaged[kSealedHeader + size / 2] ^= 1;
    EXPECT_FALSE(open_sealed_content(key, damaged));
    EXPECT_FALSE(open_sealed_content(key, sealed.substr(0, sealed.size() - 1)));
  }
}

TEST(SealedContents, FramesDoNotChangePlaces) {
  const std::string header = FrameCipher::new_header();
  FrameCipher cipher(Sealer::new_key(), header);
  std::string first;
  cipher.seal(0, "first", first);
  std::string out;
  EXPECT_FALSE(cipher.open(1, first, out));
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(cipher.open(0, first, out));
  EXPECT_EQ(out, "first");
}

TEST(CustomerKeys, AreHeldAgainstTheirDigest) {
  const std::string key = to_base64(std::string(32, 'k'));
  const std::string digest = to_base64(as_bytes(md5(std::string(32, 'k'))));
  EXPECT_EQ((*read_customer_key("AES256", key, digest))->md5, digest);
  EXPECT_FALSE(*read_customer_key({}, {}, {}));
  EXPECT_EQ(read_customer_key("DES", key, digest).error().code, "InvalidEncryptionAlgorithmError");
  EXPECT_EQ(read_customer_key({}, key, digest).error().code, "InvalidArgument");
  EXPECT_EQ(read_customer_key("AES256", to_base64("short"), digest).error().code, "InvalidArgument");
  EXPECT_EQ(read_customer_key("AES256", key, to_base64(std::string(16, 'x'))).error().code, "InvalidArgument");
}

TEST(Metadata, AsRfc2047HasIt) {
  struct {
    const char* sent;
    const char* kept;
    const char* told;
  } cases[] = {
      {"plain", "plain", "plain"},
      {"=?UTF-8?Q?actually-ascii?=", "actually-ascii", "actually-ascii"},
      {"=?utf-8?b?w4Q=?=", "\xC3\x84", "=?UTF-8?Q?=C3=84?="},
      {"=?UTF-8?Q?a_b=C3=84?= =?UTF-8?Q?c?=",
       "a b\xC3\x84"
       "c",
       "=?UTF-8?Q?a_b=C3=84c?="},
      {"=?UTF-8?Q?broken=zz?=", "=?UTF-8?Q?broken=zz?=", "=?UTF-8?Q?broken=zz?="},
      {"a =? b", "a =? b", "a =? b"},
  };
  for (const auto& c : cases) {
    const Texts kept = decoded_metadata({{"k", c.sent}});
    EXPECT_EQ(kept.at("k"), c.kept);
    EXPECT_EQ(encoded_metadata(kept).at("k"), c.told);
  }
}

TEST(Cors, RulesOfPages) {
  model::CORSConfiguration configuration;
  model::CORSRule& rule = configuration.cors_rules.emplace().emplace_back();
  rule.allowed_origins = {"https://*.example.com"};
  rule.allowed_methods = {"PUT", "GET"};
  rule.allowed_headers = {"x-amz-*", "Content-Type"};
  const auto allowed = [&](const char* origin, const char* method, const char* headers) {
    return find_cors_rule(configuration, origin, method, headers) != nullptr;
  };
  EXPECT_TRUE(allowed("https://a.example.com", "PUT", ""));
  EXPECT_TRUE(allowed("https://a.example.com", "GET", "X-Amz-Date, content-type"));
  EXPECT_FALSE(allowed("https://example.com", "PUT", ""));
  EXPECT_FALSE(allowed("http://a.example.com", "PUT", ""));
  EXPECT_FALSE(allowed("https://a.example.com", "DELETE", ""));
  EXPECT_FALSE(allowed("https://a.example.com", "PUT", "x-amz-date, authorization"));
  EXPECT_TRUE(check_cors(configuration));
  rule.allowed_origins = {"*.*"};
  EXPECT_EQ(check_cors(configuration).error().code, "InvalidRequest");
  rule.allowed_origins = {"*"};
  rule.allowed_methods = {"OPTIONS"};
  EXPECT_EQ(check_cors(configuration).error().code, "InvalidRequest");
}

TEST(Records, RoundTrip) {
  ObjectVersion version;
  version.sequence = 7;
  version.version = "null";
  version.owner = "123456789012";
  version.acl = {{"x", "READ"}};
  version.size = 5;
  version.headers.metadata = {{"a", "b"}};
  version.headers.tags = {{"k", "v"}};
  version.checksum = ObjectChecksum{ChecksumKind::kSha1, "digest", true};
  version.parts = {{1, 5, "d"}};
  version.segments = {{"blob", 1, 5}};
  version.sealing = Sealing::kCustomer;
  version.customer_key_md5 = "m";
  version.upload = "u";
  const auto read = store::decode<ObjectVersion>(store::encode(version));
  ASSERT_TRUE(read);
  EXPECT_EQ(store::encode(*read), store::encode(version));
  EXPECT_FALSE(store::decode<ObjectVersion>(store::encode(version).substr(0, 10)));
}

TEST(Acl, WhoIsGranted) {
  AclSource source;
  source.canned = "public-read";
  const auto acl = acl_of(source, "1", "2");
  ASSERT_TRUE(acl);
  EXPECT_TRUE(is_public(*acl));
  EXPECT_TRUE(grants(*acl, "", "READ", true));
  EXPECT_FALSE(grants(*acl, "", "READ", false));
  EXPECT_FALSE(grants(*acl, "", "WRITE", true));
  EXPECT_TRUE(grants(*acl, "1", "WRITE_ACP", false));
  source.canned = "authenticated-read";
  EXPECT_FALSE(grants_to_group(*acl_of(source, "1", "2"), true, "READ"));
  EXPECT_TRUE(grants_to_group(*acl_of(source, "1", "2"), false, "READ"));
  source.canned = "bucket-owner-full-control";
  EXPECT_TRUE(grants(*acl_of(source, "1", "2"), "2", "READ", false));
  source.read = "uri=x";
  EXPECT_EQ(acl_of(source, "1", "2").error().code, "InvalidRequest");
}

TEST(Headers, Readings) {
  EXPECT_TRUE(etag_matches("\"a\", W/\"b\"", "b"));
  EXPECT_TRUE(etag_matches("*", "b"));
  EXPECT_FALSE(etag_matches("\"ab\"", "b"));
  EXPECT_EQ(content_encoding("aws-chunked, gzip"), "gzip");
  EXPECT_EQ(content_encoding("aws-chunked"), std::nullopt);
  EXPECT_EQ(read_tag_header("a=1&b=")->size(), 2U);
  EXPECT_EQ(read_tag_header("a=1&a=2").error().code, "InvalidTag");
  EXPECT_EQ(read_tag_header("a=%zz").error().code, "InvalidArgument");
  const auto source = read_copy_source("/bucket/a%20key/x?versionId=v");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->bucket + "|" + source->key + "|" + *source->version, "bucket|a key/x|v");
  for (const char* url : {"http://host:1/bucket/key", "https%3A//host/bucket/key"}) {
    const auto named = read_copy_source(url);
    ASSERT_TRUE(named) << url;
    EXPECT_EQ(named->bucket + "|" + named->key, "bucket|key");
  }
  EXPECT_EQ(read_copy_source("bucket").error().code, "InvalidArgument");
}

}  // namespace
}  // namespace signalbox::s3

#include "server/certificates.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "http/tls.h"

namespace signalbox::server {
namespace {

using std::chrono::hours;

class CertificatesTest : public testing::Test {
 protected:
  ~CertificatesTest() override { std::filesystem::remove_all(folder_); }
  static std::string text(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }
  const std::string folder_ = testing::TempDir() + "certificates." + std::to_string(::getpid());
  const std::vector<std::string> names_ = {"localhost", "*.localhost", "127.0.0.1", "::1"};
  const Time now_ = Time(std::chrono::seconds(1'800'000'000));
};

TEST_F(CertificatesTest, AreMadeOnceAndStay) {
  const auto made = own_certificates(folder_, names_, now_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(http::read_tls(made->certificate, made->key));
  for (const std::string& key : {made->key, folder_ + "/ca.key"}) {
    struct stat status{};
    ::stat(key.c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << key;
  }
  const std::string authority = text(made->authority);
  const std::string certificate = text(made->certificate);
  ASSERT_TRUE(own_certificates(folder_, names_, now_ + hours(24 * 300)));
  EXPECT_EQ(text(made->authority), authority);
  EXPECT_EQ(text(made->certificate), certificate);
}

TEST_F(CertificatesTest, AreRenewedWhenTheyEndSoonOrNamesAreAdded) {
  const auto made = own_certificates(folder_, names_, now_);
  ASSERT_TRUE(made) << made.error().message;
  const std::string authority = text(made->authority);
  std::string certificate = text(made->certificate);
  const auto is_new = [&](const std::vector<std::string>& names, Time at) {
    EXPECT_TRUE(own_certificates(folder_, names, at));
    EXPECT_TRUE(http::read_tls(made->certificate, made->key));
    return certificate != std::exchange(certificate, text(made->certificate));
  };
  EXPECT_TRUE(is_new(names_, now_ + hours(24 * 380)));
  EXPECT_TRUE(is_new({"localhost", "*.localhost", "box.example", "*.box.example", "10.1.2.3"}, now_ + hours(24 * 380)));
  EXPECT_FALSE(is_new({"localhost", "box.example", "10.1.2.3"}, now_ + hours(24 * 380)));
  EXPECT_TRUE(is_new({"localhost", "10.1.2.4"}, now_ + hours(24 * 380)));
  EXPECT_EQ(text(made->authority), authority);
  EXPECT_TRUE(is_new(names_, now_ + hours(24 * 3649)));
  EXPECT_NE(text(made->authority), authority);
}

TEST_F(CertificatesTest, AnAuthorityWithoutItsKeyIsNotReplaced) {
  ASSERT_TRUE(own_certificates(folder_, names_, now_));
  std::filesystem::remove(folder_ + "/ca.key");
  const auto again = own_certificates(folder_, names_, now_);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("ca.key"), std::string::npos) << again.error().message;
}

TEST_F(CertificatesTest, NamesAreThoseThatClientsUse) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  const auto names = certificate_names("10.1.2.3", "https://box.example:8443");
  for (const char* name :
       {"localhost", "*.localhost", "127.0.0.1", "::1", "10.1.2.3", "box.example", "*.box.example"}) {
    EXPECT_TRUE(has(names, name)) << name;
  }
  EXPECT_FALSE(has(certificate_names("0.0.0.0", ""), "0.0.0.0"));
}

TEST_F(CertificatesTest, FilesThatAreNoneAreNamed) {
  const auto made = own_certificates(folder_, names_, now_);
  ASSERT_TRUE(made);
  const auto no_key = http::read_tls(made->certificate, "/nowhere/key.pem");
  ASSERT_FALSE(no_key);
  EXPECT_TRUE(no_key.error().message.starts_with("/nowhere/key.pem ")) << no_key.error().message;
  const auto no_certificate = http::read_tls(made->key, made->key);
  ASSERT_FALSE(no_certificate);
  const auto other_key = http::read_tls(made->certificate, folder_ + "/ca.key");
  ASSERT_FALSE(other_key);
  EXPECT_NE(other_key.error().message.find("ca.key"), std::string::npos) << other_key.error().message;
}

}  // namespace
}  // namespace signalbox::server

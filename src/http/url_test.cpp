#include <gtest/gtest.h>

#include "http/client.h"
#include "http/request_checks.h"

namespace signalbox::http {
namespace {

TEST(Url, IsReadOrRefused) {
  struct Case {
    const char* text;
    const char* read;  // "scheme authority path query"; null when refused
  };
  const Case cases[] = {
      {"http://h", "http h / "},
      {"HTTPS://h:8443/a/b?c=d&e", "https h:8443 /a/b c=d&e"},
      {"https://h:443?x", "https h / x"},
      {"http://h:80/", "http h / "},
      {"http://[::1]:9/x", "http [::1]:9 /x "},
      {"http://[::1]/x", "http [::1] /x "},
      {"ftp://h/", nullptr},
      {"//h/", nullptr},
      {"http:///x", nullptr},
      {"http://user@h/", nullptr},
      {"http://h:0/", nullptr},
      {"http://h:70000/", nullptr},
      {"http://h:8x/", nullptr},
      {"http://[::1", nullptr},
      {"http://h/a b", nullptr},
      {"http://h/\r\nX: y", nullptr},
      {"http://h/#f", nullptr},
      {"", nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = Url::parse(c.text);
    ASSERT_EQ(url.has_value(), c.read != nullptr);
    if (!url) continue;
    EXPECT_EQ(std::string(url->tls ? "https " : "http ") + url->authority() + " " + url->path + " " + url->query,
              c.read);
  }
}

TEST(CheckOutgoing, LetsNothingEndALine) {
  const auto code = [](const char* method, const char* path, std::string name, std::string value) {
    ClientRequest request{method, *Url::parse("http://h/"), {{std::move(name), std::move(value)}}, ""};
    request.url.path = path;
    const auto checked = check_outgoing(request);
    return checked ? std::string() : checked.error().code;
  };
  EXPECT_EQ(code("POST", "/a%20b", "X-One", "caf\xc3\xa9\tx"), "");
  EXPECT_EQ(code("POST", "/", "X-One", ""), "");
  EXPECT_EQ(code("POST", "/", "X-One", "a\r\nX-Two: b"), "InvalidRequest");
  EXPECT_EQ(code("POST", "/", "X-One", "a\nb"), "InvalidRequest");
  EXPECT_EQ(code("POST", "/", "X-One", std::string("a\0b", 3)), "InvalidRequest");
  EXPECT_EQ(code("POST", "/", "X-One: a\r\nX-Two", "b"), "InvalidRequest");
  EXPECT_EQ(code("POST", "/", "", "b"), "InvalidRequest");
  EXPECT_EQ(code("POST", "/a b", "X", "b"), "InvalidRequest");
  EXPECT_EQ(code("POST", "/a\r\n", "X", "b"), "InvalidRequest");
  EXPECT_EQ(code("PO ST", "/", "X", "b"), "InvalidRequest");
}

TEST(Reach, LeavesOutWhatNoWebhookMayCall) {
  struct Case {
    const char* address;
    bool anywhere;
    bool in_public;
  };
  const Case cases[] = {
      {"93.184.216.34", true, true},
      {"127.0.0.1", true, false},
      {"10.1.2.3", true, false},
      {"172.16.0.1", true, false},
      {"172.32.0.1", true, true},
      {"192.168.1.1", true, false},
      {"100.64.0.1", true, false},
      {"169.254.169.254", false, false},
      {"0.0.0.0", false, false},
      {"224.0.0.1", false, false},
      {"255.255.255.255", false, false},
      {"::1", true, false},
      {"2606:2800:220:1::1", true, true},
      {"fd12::1", true, false},
      {"fd00:ec2::254", false, false},
      {"fe80::1", false, false},
      {"ff02::1", false, false},
      {"::", false, false},
      {"::ffff:169.254.169.254", false, false},
      {"::ffff:10.0.0.1", true, false},
      {"64:ff9b::a9fe:a9fe", false, false},
      {"192.0.0.8", true, false},
      {"192.0.2.1", true, false},
      {"192.31.196.1", true, false},
      {"192.52.193.1", true, false},
      {"192.88.99.1", true, false},
      {"192.175.48.1", true, false},
      {"198.17.255.255", true, true},
      {"198.19.255.255", true, false},
      {"198.51.100.7", true, false},
      {"203.0.113.7", true, false},
      {"240.0.0.1", false, false},
      {"172.31.255.255", true, false},
      {"100.128.0.1", true, true},
      {"::7f00:1", true, false},
      {"::ffff:93.184.216.34", true, true},
      {"64:ff9b::5db8:d822", false, false},
      {"64:ff9b:1::1", false, false},
      {"100::1", true, false},
      {"100:0:0:1::1", true, false},
      {"2001::1", false, false},
      {"2001:0:102:304::a1b2:c3d4", true, false},
      {"2001:2::1", true, false},
      {"2001:20::1", true, false},
      {"2001:db8::1", true, false},
      {"2002:7f00:1::", true, false},
      {"2002:a9fe:a9fe::", false, false},
      {"2620:4f:8000::1", true, false},
      {"3fff:fff::1", true, false},
      {"4000::1", true, false},
      {"5f00::1", true, false},
      {"fec0::1", false, false},
      {"2606:2800:220:1::5efe:a9fe:a9fe", false, false},
      {"nonsense", false, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(permitted(c.address, Reach::kAnywhere), c.anywhere) << c.address;
    EXPECT_EQ(permitted(c.address, Reach::kPublic), c.in_public) << c.address;
  }
}

}  // namespace
}  // namespace signalbox::http

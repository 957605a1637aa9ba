#include <gtest/gtest.h>

#include "http/client.h"

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
      {"nonsense", false, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(permitted(c.address, Reach::kAnywhere), c.anywhere) << c.address;
    EXPECT_EQ(permitted(c.address, Reach::kPublic), c.in_public) << c.address;
  }
}

}  // namespace
}  // namespace signalbox::http

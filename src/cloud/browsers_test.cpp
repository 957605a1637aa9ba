#include "cloud/browsers.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace signalbox::cloud {
namespace {

constexpr Asked kLink{"sns", false, true};
constexpr Asked kRead{"s3", true, false};

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

class BrowsersTest : public testing::Test {
 protected:
  BrowsersTest() { site_.set_url("http://127.0.0.1:4566"); }

  http::Response ask(std::string_view method, Headers headers, Asked asked = {},
                     std::string_view host = "127.0.0.1:4566") {
    http::Request request;
    request.method = method;
    request.target = "/";
    request.headers = std::move(headers);
    request.headers.emplace_back("Host", host);
    const Browsers browsers(options_, site_);
    const Browsers::Ask what = [asked] { return asked; };
    const Browsers::Next next = []() -> asio::awaitable<http::Response> {
      http::Response response;
      response.headers = {{"x-amzn-RequestId", "r"}};
      response.body = "done";
      co_return response;
    };
    asio::io_context loop;
    auto answered = asio::co_spawn(loop, browsers.answer(request, what, next), asio::use_future);
    loop.run();
    return answered.get();
  }

  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (http::same_name(key, name)) return value;
    }
    return {};
  }

  BrowserOptions options_{true, true, {}, {}};
  Site site_;
};

TEST_F(BrowsersTest, KnowsWhatCanOnlyBeThisServer) {
  options_.hosts = {"box.example.com", "*.dev.example.com"};
  site_.add_hosts([](std::string_view name) { return name == "made.example.org"; });
  const Browsers browsers(options_, site_);
  for (const char* host : {"",
                           "localhost",
                           "LOCALHOST:4566",
                           "localhost.:4566",
                           "bucket.localhost:4566",
                           "a.b.localhost",
                           "127.0.0.1:4566",
                           "127.1.2.3",
                           "[::1]:4566",
                           "10.0.0.7:4566",
                           "sqs.us-east-1.amazonaws.com",
                           "b.s3.eu-west-1.amazonaws.com",
                           "x.lambda-url.us-east-1.on.aws",
                           "bucket.s3.127.0.0.1:4566",
                           "bucket.s3.us-east-1.localhost:4566",
                           "bucket.s3-us-east-1.localhost",
                           "host.docker.internal:4566",
                           "box.example.com",
                           "b.s3.box.example.com",
                           "x.dev.example.com",
                           "made.example.org:80"}) {
    EXPECT_TRUE(browsers.knows_host(host)) << host;
  }
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "b.s3.evil.example", "dev.example.com",
        "b.s3.made.example.org", "b.s3-x.made.example.org", "evilamazonaws.com", "amazonaws.com.evil.example",
        "notlocalhost", "b.s3.us-east-1.evil.example", "localtest.me", "localhost:80@evil.example", "127.0.0.1:x"}) {
    EXPECT_FALSE(browsers.knows_host(host)) << host;
  }
}

TEST_F(BrowsersTest, TellsTheOptionToWhoAsksByAnotherName) {
  http::Request request;
  request.headers = {{"Host", "rebound.example:4566"}};
  const auto refused = Browsers(options_, site_).refuse_host(request);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
  EXPECT_NE(refused->body.find("--allowed-hosts rebound.example."), std::string::npos) << refused->body;
  options_.refuse_unknown_hosts = false;
  EXPECT_FALSE(Browsers(options_, site_).refuse_host(request));
}

TEST_F(BrowsersTest, RefusesForeignPagesWhereNobodySigns) {
  const auto refused = ask("POST", {{"Origin", "http://evil.example"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("--cors-origins http://evil.example."), std::string::npos) << refused.body;
  for (const char* origin : {"null", "http://127.0.0.1:3000", "http://evil.localhost:4566", "http://127.0.0.1"}) {
    EXPECT_EQ(ask("POST", {{"Origin", origin}}).status, 403) << origin;
  }
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}}, kRead).status, 403);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "same-site"}}).status, 403);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}).status, 403);
  EXPECT_EQ(ask("OPTIONS", {{"Origin", "http://evil.example"}, {"Access-Control-Request-Method", "PUT"}}).status, 403);
}

TEST_F(BrowsersTest, LetsInWhatIsNoPageItsOwnAndLinksInMessages) {
  EXPECT_EQ(ask("POST", {}).status, 200);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "none"}}).status, 200);
  EXPECT_EQ(ask("POST", {{"Origin", "http://127.0.0.1:4566"}, {"Sec-Fetch-Site", "same-origin"}}).status, 200);
  EXPECT_EQ(ask("POST", {{"Origin", "http://localhost:4566"}, {"Sec-Fetch-Site", "cross-site"}}).status, 200);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}, kLink).status, 200);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}}, kLink).status, 403);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "same-site"}}, kRead).status, 200);
  // An own page's load that another site led on.
  const std::string_view own = "http://127.0.0.1:4566/";
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Referer", own}}, kRead).status, 200);
  EXPECT_EQ(ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Referer", own}}).status, 403);
}

TEST_F(BrowsersTest, TakesAGetThatChangesSomethingForAPagesWhereBrowsersSayNothing) {
  for (const std::string_view host : {"0.0.0.0:4566", "10.0.0.7:4566", "host.docker.internal:4566"}) {
    EXPECT_EQ(ask("GET", {}, {}, host).status, 403) << host;
    EXPECT_EQ(ask("GET", {{"Authorization", "AWS4-HMAC-SHA256"}}, {}, host).status, 200) << host;
    EXPECT_EQ(ask("GET", {}, kRead, host).status, 200) << host;
    EXPECT_EQ(ask("GET", {}, kLink, host).status, 200) << host;
    EXPECT_EQ(ask("POST", {}, {}, host).status, 200) << host;  // there they send Origin
  }
  EXPECT_EQ(ask("GET", {}).status, 200);
  EXPECT_EQ(ask("GET", {}, {}, "queue.localhost").status, 200);
}

TEST_F(BrowsersTest, AnswersPagesThatAreAllowed) {
  options_.origins = {"http://localhost:3000"};
  const auto preflight = ask("OPTIONS", {{"Origin", "http://localhost:3000"},
                                         {"Access-Control-Request-Method", "POST"},
                                         {"Access-Control-Request-Headers", "authorization,x-amz-date"}});
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Headers"), "authorization,x-amz-date");
  EXPECT_EQ(header(preflight, "Access-Control-Max-Age"), "172800");
  const auto answer = ask("POST", {{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "cross-site"}});
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_NE(header(answer, "Access-Control-Expose-Headers").find("x-amzn-RequestId"), std::string::npos);
  EXPECT_EQ(header(answer, "Vary"), "Origin");
  const auto image = ask("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Referer", "http://localhost:3000/app?x"}}, kRead);
  EXPECT_EQ(image.status, 200);
  options_.origins = {"*"};
  EXPECT_EQ(ask("POST", {{"Origin", "https://anybody.example"}}).status, 200);
}

TEST_F(BrowsersTest, OfSignedRequestsThePageMayOnlyReadWhatIsAllowed) {
  options_.refuse_foreign_pages = false;
  const auto answer = ask("POST", {{"Origin", "http://evil.example"}});
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "");
}

TEST_F(BrowsersTest, AResourcesOwnRulesComeFirst) {
  site_.add_cors_rules([](const http::Request& request) -> asio::awaitable<std::optional<CorsVerdict>> {
    CorsVerdict verdict;
    verdict.allowed = request.header("Origin") == "https://app.example";
    if (verdict.allowed) verdict.headers = {{"Access-Control-Allow-Origin", "*"}};
    if (request.method == "OPTIONS") verdict.answer = http::Response{verdict.allowed ? 200 : 403, {}, ""};
    co_return verdict;
  });
  const auto allowed = ask("GET", {{"Origin", "https://app.example"}}, kRead);
  EXPECT_EQ(allowed.body, "done");
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(ask("OPTIONS", {{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "PUT"}}).status, 200);
  EXPECT_EQ(ask("OPTIONS", {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "PUT"}}).status, 403);
  EXPECT_EQ(ask("PUT", {{"Origin", "https://evil.example"}}, {"s3"}).status, 403);
  EXPECT_EQ(ask("POST", {{"Origin", "https://app.example"}}, {"sqs"}).status, 403);
  EXPECT_EQ(ask("POST", {{"Origin", "https://app.example"}}).status, 403);
}

}  // namespace
}  // namespace signalbox::cloud

// The server with TLS, over real sockets.
#include "http/tls.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <future>

#include "http/http2_client.h"
#include "http/secure.h"
#include "http/server_fixture.h"

namespace signalbox::http {
namespace {

using std::chrono::seconds;

/// A key and a certificate by itself, in files.
struct Pair {
  Pair() {
    EVP_PKEY* const pair = EVP_EC_gen("P-256");
    X509* const made = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, pair);
    X509_sign(made, pair, EVP_sha256());
    const std::unique_ptr<FILE, int (*)(FILE*)> key_file(std::fopen(key.c_str(), "w"), std::fclose);
    PEM_write_PrivateKey(key_file.get(), pair, nullptr, nullptr, 0, nullptr, nullptr);
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(certificate.c_str(), "w"), std::fclose);
    PEM_write_X509(file.get(), made);
    X509_free(made);
    EVP_PKEY_free(pair);
  }
  ~Pair() {
    ::unlink(key.c_str());
    ::unlink(certificate.c_str());
  }
  const std::string certificate = testing::TempDir() + "tls_test." + std::to_string(::getpid()) + ".pem";
  const std::string key = testing::TempDir() + "tls_test." + std::to_string(::getpid()) + ".key";
};

class TlsTest : public ServerTest {
 protected:
  using Stream = asio::ssl::stream<tcp::socket>;

  TlsTest() {
    const Pair files;
    tls_ = read_tls(files.certificate, files.key).value_or(nullptr);
  }

  Stream greet(const std::string& protocols = "") {
    Stream stream(connect(), context_);
    if (!protocols.empty()) {
      SSL_set_alpn_protos(stream.native_handle(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    stream.handshake(asio::ssl::stream_base::client, problem_);
    return stream;
  }
  static std::string chosen(Stream& stream) {
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream.native_handle(), &protocol, &size);
    return {reinterpret_cast<const char*>(protocol), size};
  }
  std::string ask(Stream& stream, const std::string& bytes) {
    asio::write(stream, asio::buffer(bytes), problem_);
    std::string text;
    asio::read(stream, asio::dynamic_buffer(text), problem_);
    return text;
  }

  asio::ssl::context context_{asio::ssl::context::tls_client};
  boost::system::error_code problem_;
};

asio::awaitable<Response> tell(const Request& request, Connection& connection) {
  Response response;
  response.body = std::string(request.target) + (is_secure(connection) ? " in secret" : " aloud");
  co_return response;
}

TEST_F(TlsTest, SpeaksHttpWithinTls) {
  start(tell);
  Stream stream = greet("\x08http/1.1");
  EXPECT_EQ(chosen(stream), "http/1.1");
  const std::string answers =
      ask(stream, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answers.find("/1 in secret"), std::string::npos) << answers;
  EXPECT_NE(answers.find("/2 in secret"), std::string::npos) << answers;
  EXPECT_EQ(problem_, asio::error::eof) << "the end was said";
}

TEST_F(TlsTest, SpeaksHttp2WithThoseWhoPreferIt) {
  start(tell);
  Stream stream = greet("\x08http/1.1\x02h2");
  EXPECT_EQ(chosen(stream), "h2");
  EXPECT_GE(SSL_version(stream.native_handle()), TLS1_2_VERSION);
  asio::write(stream, asio::buffer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Http2Client::frame(NGHTTP2_SETTINGS, 0, 0) +
                                   Http2Client::request(1, "GET", "/h2")));
  std::string text;
  while (text.find("/h2 in secret") == std::string::npos && !problem_) {
    asio::read(stream, asio::dynamic_buffer(text), asio::transfer_at_least(1), problem_);
  }
  EXPECT_FALSE(problem_);
}

TEST_F(TlsTest, OthersAreToldOrClosed) {
  Limits limits;
  limits.handshake_timeout = seconds(0);
  start(tell, limits);
  EXPECT_EQ(exchange(""), "") << "no handshake in time";
  stop();
  loop_.restart();
  start(tell);
  const std::string plain = exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 400 ") && plain.find("https://") != std::string::npos) << plain;
  greet("\x03xyz");
  EXPECT_TRUE(problem_) << "no protocol in common";
  SSL_CTX_set_max_proto_version(context_.native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(context_.native_handle(), 0);
  greet();
  EXPECT_TRUE(problem_) << "TLS 1.1";
}

TEST_F(TlsTest, HandlersLearnThatTheirClientHasGone) {
  Waiting poll(loop_);
  start([&](const Request&, Connection& connection) { return poll.answer(connection); });
  {
    Stream stream = greet();
    asio::write(stream, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
    poll.started.get_future().wait();
  }
  EXPECT_EQ(poll.gone.get_future().wait_for(seconds(10)), std::future_status::ready);
  stop();
}

TEST_F(TlsTest, RequestsSentAheadOfAnAnswerAreKept) {
  Waiting poll(loop_);
  start([&](const Request& request, Connection& connection) -> asio::awaitable<Response> {
    if (request.target == "/wait") co_return co_await poll.answer(connection);
    co_return co_await tell(request, connection);
  });
  Stream stream = greet();
  asio::write(stream, asio::buffer(std::string("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")));
  poll.started.get_future().wait();
  asio::write(stream, asio::buffer(std::string("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")));
  asio::post(loop_, [&] { poll.timer.cancel(); });
  const std::string answers = ask(stream, "");
  EXPECT_NE(answers.find("done"), std::string::npos) << answers;
  EXPECT_NE(answers.find("/next in secret"), std::string::npos) << answers;
  EXPECT_EQ(poll.gone.get_future().wait_for(seconds(0)), std::future_status::timeout);
  stop();
}

TEST_F(TlsTest, NewCertificatesAreForNewConnections) {
  start(tell);
  Stream before = greet();
  const auto shown = [](Stream& stream) {
    X509* const one = SSL_get1_peer_certificate(stream.native_handle());
    unsigned char digest[32];
    unsigned size = 0;
    X509_digest(one, EVP_sha256(), digest, &size);
    X509_free(one);
    return std::string(digest, digest + size);
  };
  const std::string first = shown(before);
  const Pair files;
  server_->use_tls(*read_tls(files.certificate, files.key));
  Stream after = greet();
  EXPECT_NE(shown(after), first);
  EXPECT_NE(ask(before, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").find("in secret"), std::string::npos);
}

}  // namespace
}  // namespace signalbox::http

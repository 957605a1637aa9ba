#include "server/config.h"

#include <boost/asio/ssl/context.hpp>
#include <fstream>
#include <sstream>

#include "http/client.h"
#include "mail/letter.h"

namespace signalbox::server {
namespace {

/// "https://app.example.com:8443": a scheme and an authority, and nothing behind them.
bool is_origin(const std::string& text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos || scheme == 0 || scheme + 3 == text.size()) return false;
  return text.find_first_of("/?# \"'*", scheme + 3) == std::string::npos;
}

Result<void> check_authorities(const std::string& file) {
  if (file.empty()) return {};
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  boost::system::error_code problem;
  context.load_verify_file(file, problem);
  if (problem) return fail("ConfigError", "--outgoing-ca " + file + " holds no certificates in PEM's form.");
  return {};
}

Result<void> check_browsers(const Config& config) {
  for (const std::string& origin : config.cors_origins) {
    if (origin == "*" || origin == "null" || is_origin(origin)) continue;
    return fail("ConfigError", "--cors-origins " + origin +
                                   " is no origin such as https://app.example.com or http://localhost:3000, nor *.");
  }
  for (const std::string& host : config.allowed_hosts) {
    const bool good = host == "*" || (!host.empty() && host.find_first_of("/: ") == std::string::npos &&
                                      host.find('*', host.starts_with("*.") ? 1 : 0) == std::string::npos);
    if (good) continue;
    return fail("ConfigError",
                "--allowed-hosts " + host + " is no name such as box.example.com or *.example.com, without a port.");
  }
  return {};
}

}  // namespace

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

Result<void> check(const Config& config) {
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return fail("ConfigError", "--tls-cert and --tls-key go together.");
  }
  if (config.tls_self_signed && !config.tls_certificate.empty()) {
    return fail("ConfigError", "--tls self-signed makes a certificate of its own: it does not go with --tls-cert.");
  }
  const bool enforces = config.auth == cloud::AuthMode::kEnforce;
  if (!is_loopback(config.address) && !config.allow_open_network && !(enforces && config.tls())) {
    const std::string lacks = config.tls() ? "" : "without TLS";
    const std::string mode = enforces ? "" : "without --auth enforce";
    return fail("ConfigError", "--address " + config.address + " can be reached from other machines, " + lacks +
                                   (lacks.empty() || mode.empty() ? "" : " and ") + mode +
                                   ". Use 127.0.0.1, or --tls self-signed (or --tls-cert) with --auth enforce, or say "
                                   "--allow-open-network if the network is yours alone.");
  }
  if (config.auth != cloud::AuthMode::kOpen && config.credentials.empty()) {
    const std::string mode = config.auth == cloud::AuthMode::kVerify ? "verify" : "enforce";
    return fail("ConfigError", "--auth " + mode + " needs --credentials FILE: nobody could sign a request otherwise.");
  }
  if (!config.smtp.empty() && !config.smtp.starts_with("smtp://") && !config.smtp.starts_with("smtps://")) {
    return fail("ConfigError", "--smtp " + config.smtp + " is no URL such as smtp://mail.example.com:587.");
  }
  if (!mail::is_address(config.smtp_from)) {
    return fail("ConfigError", "--smtp-from " + config.smtp_from + " is no address.");
  }
  for (const auto& [option, url] : {std::pair("--sns-sms-gateway", config.sns_sms_gateway),
                                    std::pair("--sns-push-gateway", config.sns_push_gateway)}) {
    if (!url.empty() && !http::Url::parse(url))
      return fail("ConfigError", std::string(option) + " " + url + " is no URL.");
  }
  if (!config.public_url.empty()) {
    const auto url = http::Url::parse(config.public_url);
    if (!url || url->path != "/" || !url->query.empty() || config.public_url.ends_with('/')) {
      return fail("ConfigError", "--public-url " + config.public_url +
                                     " is no scheme, host and port alone, such as https://signalbox.example.com.");
    }
  }
  Result<void> authorities = check_authorities(config.outgoing_ca);
  if (!authorities) return authorities;
  return check_browsers(config);
}

Result<cloud::Credentials> read_credentials(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail("ConfigError", "--credentials " + path + " cannot be read.");
  cloud::Credentials credentials;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream fields(line);
    std::string access_key;
    std::string excess;
    cloud::Credential credential;
    if (!(fields >> access_key) || access_key.starts_with('#')) continue;
    if (!(fields >> credential.secret_key >> credential.account) || fields >> excess ||
        !cloud::is_account_id(credential.account)) {
      return fail("ConfigError", path + ", line " + std::to_string(number) +
                                     ": expected ACCESS_KEY SECRET_KEY ACCOUNT, the account as twelve digits.");
    }
    if (!credentials.try_emplace(access_key, std::move(credential)).second) {
      return fail("ConfigError", path + ", line " + std::to_string(number) + ": the access key " + access_key +
                                     " stands in an earlier line, too.");
    }
  }
  return credentials;
}

}  // namespace signalbox::server

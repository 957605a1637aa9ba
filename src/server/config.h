// What an operator may choose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "cloud/identity.h"
#include "store/store.h"

namespace signalbox::server {

struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;  // 0: any free one
  std::string data = "./data";
  store::Durability durability = store::Durability::kSync;
  cloud::AuthMode auth = cloud::AuthMode::kOpen;
  std::string credentials;  // file of "ACCESS_KEY SECRET_KEY ACCOUNT" lines; needed by verify
  std::size_t threads = 0;  // 0: one a core
  bool allow_open_network = false;
  std::string tls_certificate;   // PEM files; "" for none
  std::string tls_key;           //
  bool tls_self_signed = false;  // certificates of the server's own, kept in the data folder
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::size_t max_connections = 10'000;
  std::size_t max_body_bytes = 16 * 1024 * 1024;
  bool outgoing_public_only = false;       // webhooks may go to public addresses only
  std::string outgoing_ca;                 // file of certificates trusted beside the system's
  std::string secrets_key;                 // file of the key that seals secrets; "": secrets.key in the data folder
  std::string public_url;                  // where clients reach the server, for links; "": where it listens
  std::vector<std::string> cors_origins;   // of pages that may ask, beside the server's own; "*" for any
  std::vector<std::string> allowed_hosts;  // names of the server beside those it knows; "*.example.com", "*"
  std::string smtp;                        // URL of the server that takes mail; "" for none
  std::string smtp_from = "no-reply@localhost";
  std::string sns_sms_gateway;  // URLs; "" for none
  std::string sns_push_gateway;
  std::int32_t function_concurrency = 100;  // Lambda functions of an account that run at once
  bool s3_closed_buckets = false;       // new buckets without access control lists and public access, as AWS makes them
  bool api_calls_to_all_rules = false;  // events of API calls reach rules that do not ask for them by name, too
  bool virtual_clock = false;           // time stands still until it is told to move
  unsigned drain_seconds = 10;

  bool tls() const { return tls_self_signed || !tls_certificate.empty(); }
};

/// Errors (code "ConfigError") say which option is wrong and why: an address beyond loopback without being asked for
/// by name, verify mode without credentials.
Result<void> check(const Config& config);

/// Whether it can be reached from this machine only.
bool is_loopback(const std::string& address);

/// Reads a credentials file. Lines are "ACCESS_KEY SECRET_KEY ACCOUNT"; empty ones and those that start with '#' do
/// not count. Errors name the line.
Result<cloud::Credentials> read_credentials(const std::string& path);

}  // namespace signalbox::server

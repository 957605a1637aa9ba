#include "server/config.h"

#include <fstream>
#include <sstream>

namespace signalbox::server {
namespace {

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

}  // namespace

Result<void> check(const Config& config) {
  if (!is_loopback(config.address) && !config.allow_open_network) {
    return fail("ConfigError", "--address " + config.address +
                                   " can be reached from other machines, without TLS and without IAM authorisation. "
                                   "Use 127.0.0.1, or say --allow-open-network if the network is yours alone.");
  }
  if (config.auth == cloud::AuthMode::kVerify && config.credentials.empty()) {
    return fail("ConfigError", "--auth verify needs --credentials FILE: nobody could sign a request otherwise.");
  }
  return {};
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
    credentials[access_key] = std::move(credential);
  }
  return credentials;
}

}  // namespace signalbox::server

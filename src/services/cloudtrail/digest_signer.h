// The key that digest files are signed with ("CloudTrail digest file structure").
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "store/store.h"

namespace signalbox::cloudtrail {

namespace asio = boost::asio;

/// What others need to check signatures.
struct DigestKey {
  std::string public_key;   // PKCS #1, DER
  std::string fingerprint;  // hexadecimal
  Time made{};
};

/// Made once, at the first need: a 2048-bit RSA key, kept sealed. Any thread.
class DigestSigner {
 public:
  DigestSigner(store::Store& store, const Sealer& sealer, const Clock& clock);
  ~DigestSigner();

  /// Reads the key from the store. Errors: StoreError.
  Result<void> load();
  /// Returns when there is a key; takes some hundred milliseconds of the calling thread the first time.
  asio::awaitable<Result<void>> prepare();

  /// Empty while there is none.
  std::optional<DigestKey> key() const;
  /// The signature of SHA-256 in hexadecimal. After prepare().
  std::string sign(std::string_view text) const;

 private:
  struct Identity;
  std::shared_ptr<const Identity> identity() const;

  store::Store& store_;
  const Sealer& sealer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Identity> identity_;
};

}  // namespace signalbox::cloudtrail

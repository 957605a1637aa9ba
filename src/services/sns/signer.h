// The key with which messages are signed, and its certificate ("Verifying the signatures of Amazon SNS messages").
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "store/store.h"

namespace signalbox::sns {

namespace asio = boost::asio;

/// Where certificates are served: this, and "SimpleNotificationService-NAME.pem".
inline constexpr std::string_view kCertificatePath = "/_signalbox/sns/SimpleNotificationService-";

/// 64 hexadecimal digits that nobody can guess.
std::string new_token();

/// Made once, at the first need: a 2048-bit RSA key, kept sealed, and a certificate for sns.amazonaws.com signed by
/// itself. Any thread.
class Signer {
 public:
  Signer(store::Store& store, const Sealer& sealer, const Clock& clock);
  ~Signer();

  /// Reads the key from the store. Errors: StoreError.
  Result<void> load();
  /// Returns when there is a key; its record is committed ahead of all that the caller commits after. Takes some
  /// hundred milliseconds of the calling thread the first time.
  asio::awaitable<Result<void>> prepare();

  /// The signature in base64: of SHA-1 for version 1, of SHA-256 for version 2. After prepare().
  std::string sign(std::string_view text, int version) const;
  /// "/_signalbox/sns/SimpleNotificationService-....pem". After prepare().
  std::string certificate_path() const;
  /// The certificate as PEM text; "" while there is none.
  std::string certificate() const;

 private:
  struct Identity;
  std::shared_ptr<const Identity> identity() const;

  store::Store& store_;
  const Sealer& sealer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Identity> identity_;
};

}  // namespace signalbox::sns

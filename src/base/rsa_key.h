// RSA keys that services sign with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace signalbox {

/// A private key of 2048 bits. Signing is safe on any thread.
class RsaKey {
 public:
  /// Takes some hundred milliseconds. Empty when there is no randomness to be had.
  static std::optional<RsaKey> make();
  /// From what pem() gave; empty when the text is no private key.
  static std::optional<RsaKey> read(std::string_view pem);

  /// PKCS #8, PEM, not encrypted.
  std::string pem() const;
  /// "RSAPublicKey" of PKCS #1, DER.
  std::string public_key() const;

  enum class Hash { kSha1, kSha256 };
  /// RSASSA-PKCS1-v1_5, as bytes.
  std::string sign(std::string_view text, Hash hash) const;

  /// For making certificates; stays this object's.
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit RsaKey(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace signalbox

#include "base/rsa_key.h"

#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace signalbox {
namespace {

constexpr unsigned kKeyBits = 2048;

struct FreeMemory {
  void operator()(BIO* memory) const { BIO_free(memory); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};
struct FreeEncoder {
  void operator()(OSSL_ENCODER_CTX* encoder) const { OSSL_ENCODER_CTX_free(encoder); }
};
using Memory = std::unique_ptr<BIO, FreeMemory>;

}  // namespace

void RsaKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

std::optional<RsaKey> RsaKey::make() {
  RsaKey made(EVP_RSA_gen(kKeyBits));
  if (!made.key_) return std::nullopt;
  return made;
}

std::optional<RsaKey> RsaKey::read(std::string_view pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  RsaKey read(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (!read.key_) return std::nullopt;
  return read;
}

std::string RsaKey::pem() const {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string RsaKey::public_key() const {
  const std::unique_ptr<OSSL_ENCODER_CTX, FreeEncoder> encoder(
      OSSL_ENCODER_CTX_new_for_pkey(key_.get(), EVP_PKEY_PUBLIC_KEY, "DER", "pkcs1", nullptr));
  unsigned char* data = nullptr;
  std::size_t size = 0;
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &data, &size) != 1) return "";
  std::string der(reinterpret_cast<const char*>(data), size);
  OPENSSL_free(data);
  return der;
}

std::string RsaKey::sign(std::string_view text, Hash hash) const {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSignInit(digest.get(), nullptr, hash == Hash::kSha1 ? EVP_sha1() : EVP_sha256(), nullptr, key_.get());
  EVP_DigestSign(digest.get(), nullptr, &size, data, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size());
  signature.resize(size);
  return signature;
}

}  // namespace signalbox

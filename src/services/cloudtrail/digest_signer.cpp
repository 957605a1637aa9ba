#include "services/cloudtrail/digest_signer.h"

#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "services/cloudtrail/times.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr unsigned kKeyBits = 2048;
constexpr std::string_view kSpace = "cloudtrail.key";
constexpr const char* kSealOwner = "cloudtrail.digest";

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Encoder = std::unique_ptr<OSSL_ENCODER_CTX, Freed<OSSL_ENCODER_CTX, OSSL_ENCODER_CTX_free>>;
struct FreeMemory {
  void operator()(BIO* memory) const { BIO_free(memory); }
};
using Memory = std::unique_ptr<BIO, FreeMemory>;

std::string pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

/// "RSAPublicKey" of PKCS #1, as validators load it.
std::string public_key_of(EVP_PKEY* key) {
  const Encoder encoder(OSSL_ENCODER_CTX_new_for_pkey(key, EVP_PKEY_PUBLIC_KEY, "DER", "pkcs1", nullptr));
  unsigned char* data = nullptr;
  std::size_t size = 0;
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &data, &size) != 1) return "";
  std::string der(reinterpret_cast<const char*>(data), size);
  OPENSSL_free(data);
  return der;
}

}  // namespace

struct DigestSigner::Identity {
  Key key;
  DigestKey shown;
};

DigestSigner::DigestSigner(store::Store& store, const Sealer& sealer, const Clock& clock)
    : store_(store), sealer_(sealer), clock_(clock) {}
DigestSigner::~DigestSigner() = default;

Result<void> DigestSigner::load() {
  const auto stored = store_.get(store::Key(kSpace));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return {};
  store::RecordReader in(**stored, kVersion);
  auto made = std::make_shared<Identity>();
  const auto pem = sealer_.open(in.text(), kSealOwner);
  made->shown.made = time_of(in.integer());
  if (!in.complete() || !pem) {
    return fail("StoreError", "The key that signs digest files cannot be read: it is sealed with another secrets key.");
  }
  const Memory memory(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  made->key.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (!made->key) return fail("StoreError", "The key that signs digest files cannot be read.");
  made->shown.public_key = public_key_of(made->key.get());
  made->shown.fingerprint = to_hex(md5(made->shown.public_key));
  const std::lock_guard lock(mutex_);
  identity_ = std::move(made);
  return {};
}

asio::awaitable<Result<void>> DigestSigner::prepare() {
  if (identity()) co_return Result<void>();
  auto made = std::make_shared<Identity>();
  made->key.reset(EVP_RSA_gen(kKeyBits));
  if (!made->key) co_return fail("InternalFailure", "No key could be made to sign digest files with.", 500);
  made->shown.public_key = public_key_of(made->key.get());
  made->shown.fingerprint = to_hex(md5(made->shown.public_key));
  made->shown.made = clock_.now();
  store::Batch batch;
  store::RecordWriter out(kVersion);
  out.text(sealer_.seal(pem_of(made->key.get()), kSealOwner)).integer(ticks(made->shown.made));
  batch.put(store::Key(kSpace), out.bytes());
  {
    // Who comes first decides; the others go on with that key.
    const std::lock_guard lock(mutex_);
    if (identity_) co_return Result<void>();
    identity_ = made;
  }
  Result<void> committed = co_await store_.commit(std::move(batch));
  if (committed) co_return committed;
  const std::lock_guard lock(mutex_);
  identity_.reset();
  co_return committed;
}

std::shared_ptr<const DigestSigner::Identity> DigestSigner::identity() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

std::optional<DigestKey> DigestSigner::key() const {
  const auto with = identity();
  return with ? std::optional(with->shown) : std::nullopt;
}

std::string DigestSigner::sign(std::string_view text) const {
  const auto with = identity();
  if (!with) return "";
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, with->key.get());
  EVP_DigestSign(digest.get(), nullptr, &size, data, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size());
  signature.resize(size);
  return to_hex(signature);
}

}  // namespace signalbox::cloudtrail

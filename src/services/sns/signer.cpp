#include "services/sns/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <vector>

#include "base/encoding.h"
#include "services/sns/records.h"
#include "store/record.h"

namespace signalbox::sns {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr unsigned kKeyBits = 2048;
constexpr const char* kSealOwner = "sns.signing";
constexpr auto kValidBefore = std::chrono::days(1);
constexpr auto kValidAfter = std::chrono::days(20 * 365);

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
struct FreeMemory {
  void operator()(BIO* memory) const { BIO_free(memory); }
};
using Memory = std::unique_ptr<BIO, FreeMemory>;

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Certificate make_certificate(EVP_PKEY* key, Time now) {
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  const auto seconds = [](Time time) {
    return static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
  };
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(x), now.time_since_epoch().count());
  ASN1_TIME_set(X509_getm_notBefore(x), seconds(now - kValidBefore));
  ASN1_TIME_set(X509_getm_notAfter(x), seconds(now + kValidAfter));
  X509_NAME* const name = X509_get_subject_name(x);
  const auto* const common = reinterpret_cast<const unsigned char*>("sns.amazonaws.com");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(x, name);
  X509_set_pubkey(x, key);
  X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:sns.amazonaws.com");
  X509_add_ext(x, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(x, key, EVP_sha256());
  return certificate;
}

}  // namespace

std::string new_token() {
  std::string bytes(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) std::abort();
  return to_hex(bytes);
}

struct Signer::Identity {
  Key key;
  std::string key_pem;
  std::string certificate;
  std::string path;
};

namespace {

std::string path_of(const std::string& certificate) {
  return std::string(kCertificatePath) + to_hex(sha256(certificate)).substr(0, 32) + ".pem";
}

}  // namespace

Signer::Signer(store::Store& store, const Sealer& sealer, const Clock& clock)
    : store_(store), sealer_(sealer), clock_(clock) {}
Signer::~Signer() = default;

Result<void> Signer::load() {
  const auto stored = store_.get(store::Key(kSigningSpace));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return {};
  store::RecordReader in(**stored, kVersion);
  auto made = std::make_shared<Identity>();
  const auto pem = sealer_.open(in.text(), kSealOwner);
  made->certificate = in.text();
  if (!in.complete() || !pem) {
    return fail("StoreError", "The key that signs SNS messages cannot be read: it is sealed with another secrets key.");
  }
  const Memory memory(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  made->key.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (!made->key) return fail("StoreError", "The key that signs SNS messages cannot be read.");
  made->path = path_of(made->certificate);
  const std::lock_guard lock(mutex_);
  identity_ = std::move(made);
  return {};
}

asio::awaitable<Result<void>> Signer::prepare() {
  if (identity()) co_return Result<void>();
  auto made = std::make_shared<Identity>();
  made->key.reset(EVP_RSA_gen(kKeyBits));
  if (!made->key) co_return fail("InternalErrorException", "No key could be made to sign messages with.");
  const Memory key(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key.get(), made->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  const Memory pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(pem.get(), make_certificate(made->key.get(), clock_.now()).get());
  made->certificate = text_of(pem.get());
  made->path = path_of(made->certificate);
  store::Batch batch;
  store::RecordWriter out(kVersion);
  out.text(sealer_.seal(text_of(key.get()), kSealOwner)).text(made->certificate);
  batch.put(store::Key(kSigningSpace), out.bytes());
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

std::shared_ptr<const Signer::Identity> Signer::identity() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

std::string Signer::sign(std::string_view text, int version) const {
  const auto with = identity();
  if (!with) return "";
  const Digest digest(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSignInit(digest.get(), nullptr, version == 1 ? EVP_sha1() : EVP_sha256(), nullptr, with->key.get());
  EVP_DigestSign(digest.get(), nullptr, &size, data, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size());
  signature.resize(size);
  return to_base64(signature);
}

std::string Signer::certificate_path() const {
  const auto with = identity();
  return with ? with->path : "";
}

std::string Signer::certificate() const {
  const auto with = identity();
  return with ? with->certificate : "";
}

}  // namespace signalbox::sns

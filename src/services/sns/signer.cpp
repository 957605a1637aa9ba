#include "services/sns/signer.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <vector>

#include "base/encoding.h"
#include "base/rsa_key.h"
#include "services/sns/records.h"
#include "store/record.h"

namespace signalbox::sns {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr const char* kSealOwner = "sns.signing";
constexpr auto kValidBefore = std::chrono::days(1);
constexpr auto kValidAfter = std::chrono::days(20 * 365);

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;
struct FreeMemory {
  void operator()(BIO* memory) const { BIO_free(memory); }
};
using Memory = std::unique_ptr<BIO, FreeMemory>;

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

std::string pem_of(const Certificate& certificate) {
  const Memory pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(pem.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(pem.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string path_of(const std::string& certificate) {
  return std::string(kCertificatePath) + to_hex(sha256(certificate)).substr(0, 32) + ".pem";
}

}  // namespace

std::string new_token() {
  std::string bytes(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) std::abort();
  return to_hex(bytes);
}

struct Signer::Identity {
  Identity(RsaKey with, std::string shown)
      : key(std::move(with)), certificate(std::move(shown)), path(path_of(certificate)) {}
  RsaKey key;
  std::string certificate;  // PEM
  std::string path;
};

Signer::Signer(store::Store& store, const Sealer& sealer, const Clock& clock)
    : store_(store), sealer_(sealer), clock_(clock) {}
Signer::~Signer() = default;

Result<void> Signer::load() {
  const auto stored = store_.get(store::Key(kSigningSpace));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return {};
  store::RecordReader in(**stored, kVersion);
  const auto pem = sealer_.open(in.text(), kSealOwner);
  std::string certificate = in.text();
  if (!in.complete() || !pem) {
    return fail("StoreError", "The key that signs SNS messages cannot be read: it is sealed with another secrets key.");
  }
  auto key = RsaKey::read(*pem);
  if (!key) return fail("StoreError", "The key that signs SNS messages cannot be read.");
  const std::lock_guard lock(mutex_);
  identity_ = std::make_shared<Identity>(*std::move(key), std::move(certificate));
  return {};
}

asio::awaitable<Result<void>> Signer::prepare() {
  if (identity()) co_return Result<void>();
  auto key = RsaKey::make();
  if (!key) co_return fail("InternalErrorException", "No key could be made to sign messages with.");
  std::string certificate = pem_of(make_certificate(key->handle(), clock_.now()));
  const auto made = std::make_shared<Identity>(*std::move(key), std::move(certificate));
  store::Batch batch;
  store::RecordWriter out(kVersion);
  out.text(sealer_.seal(made->key.pem(), kSealOwner)).text(made->certificate);
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
  const auto hash = version == 1 ? RsaKey::Hash::kSha1 : RsaKey::Hash::kSha256;
  return with ? to_base64(with->key.sign(text, hash)) : "";
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

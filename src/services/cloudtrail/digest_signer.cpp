#include "services/cloudtrail/digest_signer.h"

#include "base/encoding.h"
#include "base/rsa_key.h"
#include "services/cloudtrail/times.h"
#include "store/key.h"
#include "store/record.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::uint8_t kKeyVersion = 1;
constexpr std::string_view kSpace = "cloudtrail.key";
constexpr const char* kSealOwner = "cloudtrail.digest";

}  // namespace

struct DigestSigner::Identity {
  Identity(RsaKey with, Time made) : key(std::move(with)) {
    shown.public_key = key.public_key();
    shown.fingerprint = to_hex(md5(shown.public_key));
    shown.made = made;
  }
  RsaKey key;
  DigestKey shown;
};

DigestSigner::DigestSigner(store::Store& store, const Sealer& sealer, const Clock& clock)
    : store_(store), sealer_(sealer), clock_(clock) {}
DigestSigner::~DigestSigner() = default;

Result<void> DigestSigner::load() {
  const auto stored = store_.get(store::Key(kSpace));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return {};
  store::RecordReader in(**stored, kKeyVersion);
  const auto pem = sealer_.open(in.text(), kSealOwner);
  const Time made = time_of(in.integer());
  if (!in.complete() || !pem) {
    return fail("StoreError", "The key that signs digest files cannot be read: it is sealed with another secrets key.");
  }
  auto key = RsaKey::read(*pem);
  if (!key) return fail("StoreError", "The key that signs digest files cannot be read.");
  const std::lock_guard lock(mutex_);
  identity_ = std::make_shared<Identity>(*std::move(key), made);
  return {};
}

asio::awaitable<Result<void>> DigestSigner::prepare() {
  if (identity()) co_return Result<void>();
  auto key = RsaKey::make();
  if (!key) co_return fail("InternalFailure", "No key could be made to sign digest files with.", 500);
  const auto made = std::make_shared<Identity>(*std::move(key), clock_.now());
  store::Batch batch;
  store::RecordWriter out(kKeyVersion);
  out.text(sealer_.seal(made->key.pem(), kSealOwner)).integer(ticks(made->shown.made));
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
  return with ? to_hex(with->key.sign(text, RsaKey::Hash::kSha256)) : "";
}

}  // namespace signalbox::cloudtrail

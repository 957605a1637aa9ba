#include "services/s3/sealed_content.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/encoding.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kTagBytes = kSealedFrame - kFrame;
constexpr std::size_t kNonceBytes = 12;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

void FrameCipher::Free::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

FrameCipher::FrameCipher(const ContentKey& key, std::string_view header) : context_(EVP_CIPHER_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  own_ = hmac_sha256(as_bytes(key), header);
}

FrameCipher::~FrameCipher() = default;
FrameCipher::FrameCipher(FrameCipher&&) noexcept = default;
FrameCipher& FrameCipher::operator=(FrameCipher&&) noexcept = default;

std::string FrameCipher::new_header() {
  static_assert(Sealer::kKeyBytes == kSealedHeader);
  return std::string(as_bytes(Sealer::new_key()));
}

/// Every content has a key of its own, so the frame's number is nonce enough.
void FrameCipher::begin(std::uint64_t number, bool sealing) {
  std::array<unsigned char, kNonceBytes> nonce{};
  for (std::size_t i = 0; i < sizeof number; ++i) {
    nonce[kNonceBytes - 1 - i] = static_cast<unsigned char>(number >> (8 * i));
  }
  EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, own_.data(), nonce.data(), sealing ? 1 : 0);
}

void FrameCipher::seal(std::uint64_t number, std::string_view frame, std::string& out) {
  begin(number, true);
  const std::size_t at = out.size();
  out.resize(at + frame.size() + kTagBytes);
  auto* to = reinterpret_cast<unsigned char*>(out.data() + at);
  int written = 0;
  int more = 0;
  EVP_CipherUpdate(context_.get(), to, &written, bytes_of(frame), static_cast<int>(frame.size()));
  EVP_CipherFinal_ex(context_.get(), to + written, &more);
  EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), to + frame.size());
}

bool FrameCipher::open(std::uint64_t number, std::string_view sealed, std::string& out) {
  if (sealed.size() < kTagBytes || sealed.size() > kSealedFrame) return false;
  const std::string_view frame = sealed.substr(0, sealed.size() - kTagBytes);
  std::string tag(sealed.substr(frame.size()));
  begin(number, false);
  const std::size_t at = out.size();
  out.resize(at + frame.size());
  auto* to = reinterpret_cast<unsigned char*>(out.data() + at);
  int written = 0;
  int more = 0;
  EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data());
  const bool good =
      EVP_CipherUpdate(context_.get(), to, &written, bytes_of(frame), static_cast<int>(frame.size())) == 1 &&
      EVP_CipherFinal_ex(context_.get(), to + written, &more) == 1;
  if (!good) out.resize(at);
  return good;
}

std::string seal_content(const ContentKey& key, std::string_view content) {
  std::string out = FrameCipher::new_header();
  FrameCipher cipher(key, out);
  for (std::uint64_t number = 0; !content.empty(); ++number) {
    cipher.seal(number, content.substr(0, kFrame), out);
    content.remove_prefix(std::min(content.size(), kFrame));
  }
  return out;
}

std::optional<std::string> open_sealed_content(const ContentKey& key, std::string_view sealed) {
  if (sealed.size() < kSealedHeader) return std::nullopt;
  FrameCipher cipher(key, sealed.substr(0, kSealedHeader));
  sealed.remove_prefix(kSealedHeader);
  std::string out;
  for (std::uint64_t number = 0; !sealed.empty(); ++number) {
    if (!cipher.open(number, sealed.substr(0, kSealedFrame), out)) return std::nullopt;
    sealed.remove_prefix(std::min(sealed.size(), kSealedFrame));
  }
  return out;
}

}  // namespace signalbox::s3

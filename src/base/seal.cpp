#include "base/seal.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/encoding.h"

namespace signalbox {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

unsigned char* bytes(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}
const unsigned char* bytes(const char* text) {
  return reinterpret_cast<const unsigned char*>(text);
}

std::optional<Sealer::Key> key_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const auto decoded = from_hex(text);
  if (!decoded || decoded->size() != Sealer::kKeyBytes) return std::nullopt;
  Sealer::Key key;
  std::memcpy(key.data(), decoded->data(), key.size());
  return key;
}

Result<Sealer::Key> make_key(const std::string& path) {
  const Sealer::Key key = Sealer::new_key();
  const std::string text = to_hex(std::string_view(reinterpret_cast<const char*>(key.data()), key.size())) + "\n";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  if (!written) return fail("ConfigError", "The key file " + path + " cannot be written: " + std::strerror(why) + ".");
  return key;
}

}  // namespace

Sealer::Key Sealer::new_key() {
  Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) std::abort();
  return key;
}

Result<Sealer::Key> Sealer::read_or_make_key(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return make_key(path);
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return fail("ConfigError", "The key file " + path + " cannot be read.");
  const auto key = key_of(line);
  if (!key) return fail("ConfigError", "The key file " + path + " does not hold 64 hexadecimal digits.");
  return *key;
}

std::string Sealer::seal(std::string_view secret, std::string_view owner) const {
  std::call_once(used_, [this] {
    if (on_first_use_) on_first_use_();
  });
  std::string out(kNonceBytes + secret.size() + kTagBytes, '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int length = 0;
  char* const text = out.data() + kNonceBytes;
  const bool sealed =
      RAND_bytes(bytes(out.data()), kNonceBytes) == 1 &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes(out.data())) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &length, bytes(owner.data()), static_cast<int>(owner.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), bytes(text), &length, bytes(secret.data()), static_cast<int>(secret.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context.get(), bytes(text + length), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + secret.size()) == 1;
  if (!sealed) std::abort();  // out of memory or of randomness
  return out;
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view owner) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string out(body.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool opened =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes(sealed.data())) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, bytes(owner.data()), static_cast<int>(owner.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes(out.data()), &length, bytes(body.data()), static_cast<int>(body.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes(out.data() + length), &length) == 1;
  if (!opened) return std::nullopt;
  return out;
}

std::string Sealer::derive(std::string_view purpose) const {
  const std::string_view key(reinterpret_cast<const char*>(key_.data()), key_.size());
  return std::string(as_bytes(hmac_sha256(key, purpose)));
}

}  // namespace signalbox

// Contents at rest: AES-256-GCM in frames, so that any stretch of one can be read, and is proven while it is.
//
//   32 bytes   a header, of which the content's own key is made
//   frames     each up to 64 KiB of the content and the 16 bytes that prove it
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/seal.h"

struct evp_cipher_ctx_st;

namespace signalbox::s3 {

/// The key that contents' own keys are made from: this server's, or one that a client brings.
using ContentKey = Sealer::Key;

inline constexpr std::size_t kSealedHeader = 32;
inline constexpr std::size_t kFrame = std::size_t{64} * 1024;
inline constexpr std::size_t kSealedFrame = kFrame + 16;

/// Seals and opens the frames of one content.
class FrameCipher {
 public:
  FrameCipher(const ContentKey& key, std::string_view header);
  ~FrameCipher();
  FrameCipher(FrameCipher&&) noexcept;
  FrameCipher& operator=(FrameCipher&&) noexcept;

  /// A header for a new content, from the system's source of randomness.
  static std::string new_header();

  /// Appends the frame of that number, sealed. Each number is used once.
  void seal(std::uint64_t number, std::string_view frame, std::string& out);
  /// Appends what was sealed. False, and nothing appended, for what was not sealed so.
  bool open(std::uint64_t number, std::string_view sealed, std::string& out);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  void begin(std::uint64_t number, bool sealing);

  ContentKey own_{};
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

/// A small content in one piece, and back; empty for what was not sealed so.
std::string seal_content(const ContentKey& key, std::string_view content);
std::optional<std::string> open_sealed_content(const ContentKey& key, std::string_view sealed);

}  // namespace signalbox::s3

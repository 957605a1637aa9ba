// Checksums and digests of what arrives in pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace signalbox {

enum class ChecksumKind : std::uint8_t { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256, kMd5 };
constexpr ChecksumKind last_value(ChecksumKind) {
  return ChecksumKind::kMd5;
}

class Checksum {
 public:
  explicit Checksum(ChecksumKind kind);
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;
  ~Checksum();

  ChecksumKind kind() const { return kind_; }
  void update(std::string_view bytes);
  /// Of all that came; 4, 8, 20, 32 or 16 bytes, CRCs with their highest byte first. To be called once, at the end.
  std::string digest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  ChecksumKind kind_;
  std::uint64_t crc_ = 0;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// The digest of one text after another, of the digests of both; `second_length` is how long the second text is. For
/// the CRCs only.
std::string combine_crc(ChecksumKind kind, std::string_view first, std::string_view second,
                        std::uint64_t second_length);

}  // namespace signalbox

#include "base/checksum.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>

namespace signalbox {
namespace {

constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint64_t, 256>, kSlices>;

/// Tables for eight bytes at a time ("slicing by 8"), of a polynomial with its lowest coefficient first.
constexpr Tables make_tables(std::uint64_t polynomial) {
  Tables tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  }
  return tables;
}

struct Crc {
  std::uint64_t polynomial;
  int bits;
  Tables tables;
  std::uint64_t ones() const { return ~std::uint64_t{0} >> (64 - bits); }
};

constexpr Crc make_crc(std::uint64_t polynomial, int bits) {
  return {polynomial, bits, make_tables(polynomial)};
}

constexpr Crc kCrc32 = make_crc(0xEDB88320, 32);
constexpr Crc kCrc32c = make_crc(0x82F63B78, 32);
constexpr Crc kCrc64Nvme = make_crc(0x9A6C9329AC4BC9B5, 64);

const Crc* crc_of(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return &kCrc32;
    case ChecksumKind::kCrc32c:
      return &kCrc32c;
    case ChecksumKind::kCrc64Nvme:
      return &kCrc64Nvme;
    default:
      return nullptr;
  }
}

const EVP_MD* digest_of(ChecksumKind kind) {
  if (kind == ChecksumKind::kSha1) return EVP_sha1();
  return kind == ChecksumKind::kSha256 ? EVP_sha256() : EVP_md5();
}

std::uint64_t run(const Crc& crc, std::uint64_t state, std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  const Tables& t = crc.tables;
  while (bytes.size() >= kSlices) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    word ^= state;
    state = t[7][word & 0xff] ^ t[6][(word >> 8) & 0xff] ^ t[5][(word >> 16) & 0xff] ^ t[4][(word >> 24) & 0xff] ^
            t[3][(word >> 32) & 0xff] ^ t[2][(word >> 40) & 0xff] ^ t[1][(word >> 48) & 0xff] ^ t[0][word >> 56];
    bytes.remove_prefix(kSlices);
  }
  for (const char c : bytes) state = t[0][(state ^ static_cast<unsigned char>(c)) & 0xff] ^ (state >> 8);
  return state;
}

/// a * b modulo the polynomial, as polynomials over GF(2).
std::uint64_t multiply(const Crc& crc, std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  for (std::uint64_t bit = std::uint64_t{1} << (crc.bits - 1); bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ crc.polynomial : b >> 1;
  }
  return product;
}

std::string big_endian(std::uint64_t value, int bits) {
  std::string out;
  for (int shift = bits - 8; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
  return out;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

void Checksum::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Checksum::Checksum(ChecksumKind kind) : kind_(kind) {
  if (const Crc* crc = crc_of(kind)) {
    crc_ = crc->ones();
  } else {
    context_.reset(EVP_MD_CTX_new());
    EVP_DigestInit_ex(context_.get(), digest_of(kind), nullptr);
  }
}

Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;
Checksum::~Checksum() = default;

void Checksum::update(std::string_view bytes) {
  if (const Crc* crc = crc_of(kind_)) {
    crc_ = run(*crc, crc_, bytes);
  } else {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
}

std::string Checksum::digest() {
  if (const Crc* crc = crc_of(kind_)) return big_endian(crc_ ^ crc->ones(), crc->bits);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_.get(), bytes, &size);
  return {reinterpret_cast<const char*>(bytes), size};
}

std::string combine_crc(ChecksumKind kind, std::string_view first, std::string_view second,
                        std::uint64_t second_length) {
  const Crc& crc = *crc_of(kind);
  // The first CRC moved along by x^(8 * second_length), by squaring.
  std::uint64_t shift = std::uint64_t{1} << (crc.bits - 1);  // 1
  std::uint64_t power = std::uint64_t{1} << (crc.bits - 9);  // x^8
  for (std::uint64_t n = second_length; n != 0; n >>= 1) {
    if ((n & 1) != 0) shift = multiply(crc, shift, power);
    power = multiply(crc, power, power);
  }
  return big_endian(multiply(crc, shift, from_big_endian(first)) ^ from_big_endian(second), crc.bits);
}

}  // namespace signalbox

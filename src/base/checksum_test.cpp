#include "base/checksum.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace signalbox {
namespace {

std::string digest(ChecksumKind kind, std::string_view text) {
  Checksum checksum(kind);
  checksum.update(text.substr(0, text.size() / 3));
  checksum.update(text.substr(text.size() / 3));
  return checksum.digest();
}

TEST(Checksum, KnownValues) {
  constexpr std::string_view kDigits = "123456789";
  EXPECT_EQ(to_hex(digest(ChecksumKind::kCrc32, kDigits)), "cbf43926");
  EXPECT_EQ(to_hex(digest(ChecksumKind::kCrc32c, kDigits)), "e3069283");
  EXPECT_EQ(to_hex(digest(ChecksumKind::kCrc64Nvme, kDigits)), "ae8b14860a799888");
  EXPECT_EQ(to_hex(digest(ChecksumKind::kSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(digest(ChecksumKind::kMd5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(digest(ChecksumKind::kSha256, "abc"), as_bytes(sha256("abc")));
}

TEST(Checksum, CrcsOfPartsGiveThatOfTheWhole) {
  const std::string text(100'003, 'x');
  for (const auto kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{4097}, text.size()}) {
      const std::string_view whole = text;
      EXPECT_EQ(
          combine_crc(kind, digest(kind, whole.substr(0, cut)), digest(kind, whole.substr(cut)), text.size() - cut),
          digest(kind, whole));
    }
  }
}

}  // namespace
}  // namespace signalbox

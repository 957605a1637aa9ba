#include "base/seal.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(Sealer, OpensOnlyWhatItSealedForThatOwner) {
  const Sealer sealer(Sealer::new_key());
  const std::string sealed = sealer.seal("secret", "owner");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_NE(sealed, sealer.seal("secret", "owner"));
  EXPECT_EQ(sealer.open(sealed, "owner"), "secret");
  EXPECT_EQ(sealer.open(sealer.seal("", "owner"), "owner"), "");
  EXPECT_FALSE(sealer.open(sealed, "other"));
  EXPECT_FALSE(Sealer(Sealer::new_key()).open(sealed, "owner"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(sealer.open(changed, "owner"));
    EXPECT_FALSE(sealer.open(sealed.substr(0, i), "owner"));
  }
}

}  // namespace
}  // namespace signalbox

#include "cloud/item_failures.h"

#include <gtest/gtest.h>

#include <vector>

namespace signalbox::cloud {
namespace {

using Places = std::optional<std::set<std::size_t>>;

TEST(ItemFailures, AreThoseThatAreNamed) {
  const std::vector<std::string> names = {"a", "b", "a\"", "b"};
  const struct {
    const char* answer;
    Places failed;
  } cases[] = {
      {"null", Places(std::in_place)},
      {"{}", Places(std::in_place)},
      {R"({"batchItemFailures": []})", Places(std::in_place)},
      {R"({"batchItemFailures": null})", Places(std::in_place)},
      {R"({"batchItemFailures": [{"itemIdentifier": "a"}]})", Places({0})},
      {R"({"batchItemFailures": [{"itemIdentifier": "a\""}, {"itemIdentifier": "a"}]})", Places({0, 2})},
      {R"({"batchItemFailures": [{"itemIdentifier": "b"}]})", Places({1, 3})},
      // All have failed.
      {R"({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]})", {}},
      {R"({"batchItemFailures": [{"itemIdentifier": ""}]})", {}},
      {R"({"batchItemFailures": [{"itemIdentifier": null}]})", {}},
      {R"({"batchItemFailures": [{"itemIdentifier": 1}]})", {}},
      {R"({"batchItemFailures": [{"identifier": "a"}]})", {}},
      {R"({"batchItemFailures": ["a"]})", {}},
      {R"({"batchItemFailures": {}})", {}},
      {"[]", {}},
      {"{", {}},
      {"", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(failed_items(c.answer, names), c.failed) << c.answer;
}

TEST(ItemFailures, NameMessagesAndRecords) {
  EXPECT_EQ(item_name({R"({"messageId": "m", "body": ""})", "id"}, false), "m");
  EXPECT_EQ(item_name({"{}", "id"}, false), "");
  EXPECT_EQ(item_name({R"({"messageId": "m"})", "7"}, true), "7");
}

}  // namespace
}  // namespace signalbox::cloud

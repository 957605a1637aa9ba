#include "cloud/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/testing/house.h"
#include "cloud/testing/recorded_log.h"

namespace signalbox::cloud {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct ThingId {
  std::string owner;
  std::uint64_t number = 0;
  auto operator<=>(const ThingId&) const = default;

  template <class Self, class Parts>
  static void parts(Self& self, Parts& part) {
    part(self.owner)(self.number);
  }
};

struct Thing : ThingId {
  using Id = ThingId;
  std::string text;
};

class TableTest : public ::testing::Test {
 protected:
  void commit(store::Batch batch) {
    auto done = house_.store().commit(std::move(batch));
    ASSERT_TRUE(asio::co_spawn(house_.house().shards.at(0).loop(), std::move(done), asio::use_future).get());
  }
  /// The texts of the rows from an id on.
  std::vector<std::string> texts(const Table<Thing>& table, const ThingId& from = {}) {
    std::vector<std::string> found;
    table.each_from(from, [&](const auto& row) {
      found.push_back(row->text);
      return true;
    });
    return found;
  }

  static Result<std::shared_ptr<const Thing>> read(ThingId id, std::string_view value) {
    if (value == "broken") return fail("", id.owner);
    Thing thing;
    static_cast<ThingId&>(thing) = std::move(id);
    thing.text = value;
    return std::make_shared<const Thing>(std::move(thing));
  }

  TestHouse house_{[](House&) { return std::vector<std::unique_ptr<Service>>(); }};
  RecordedLog log_;
  int changes_ = 0;
};

TEST_F(TableTest, HasWhatTheStoreHas) {
  store::Batch before;
  before.put(store::key_of("things", ThingId{"b", 2}), "b2");
  before.put(store::key_of("things", ThingId{"a", 1}), "a1");
  commit(std::move(before));
  Table<Thing> table("things", log_, read, [this] { ++changes_; });
  ASSERT_TRUE(table.follow(house_.store()));
  EXPECT_THAT(texts(table), ElementsAre("a1", "b2"));
  EXPECT_THAT(texts(table, {"a", 2}), ElementsAre("b2"));
  EXPECT_EQ(changes_, 2);

  store::Batch batch;
  batch.put(table.key({"a", 1}), "new");
  batch.put(table.key({"a", 7}), "a7");
  batch.erase(table.key({"b", 2}));
  batch.put(store::key_of("others", ThingId{"a", 9}), "-");
  commit(std::move(batch));
  EXPECT_THAT(texts(table), ElementsAre("new", "a7"));
  ASSERT_TRUE(table.find({"a", 7}));
  EXPECT_FALSE(table.find({"b", 2}));

  store::Batch range;
  const store::Key all = store::Key("things").text("a");
  range.erase_range(all, all.end());
  commit(std::move(range));
  EXPECT_THAT(texts(table), IsEmpty());
}

TEST_F(TableTest, LeavesOutWhatCannotBeRead) {
  store::Batch before;
  before.put(store::key_of("things", ThingId{"a", 1}), "broken");
  before.put(store::Key("things").text("no number"), "x");
  before.put(store::key_of("things", ThingId{"b", 1}), "good");
  commit(std::move(before));
  Table<Thing> table("things", log_, read);
  ASSERT_TRUE(table.follow(house_.store()));
  EXPECT_THAT(texts(table), ElementsAre("good"));
  EXPECT_TRUE(log_.has("a record cannot be read and is left out records=things why=a"));
  EXPECT_TRUE(log_.has("why=its key is none"));
}

}  // namespace
}  // namespace signalbox::cloud

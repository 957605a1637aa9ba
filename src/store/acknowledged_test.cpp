// A log of writes that lost what was acknowledged is not opened as if it had never been there.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "store/store.h"

namespace signalbox::store {
namespace {

namespace fs = std::filesystem;

class AcknowledgedTest : public testing::Test {
 protected:
  AcknowledgedTest() {
    std::string path = (fs::temp_directory_path() / "signalbox-store-XXXXXX").string();
    folder_ = ::mkdtemp(path.data());
  }
  ~AcknowledgedTest() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  std::string open(Durability durability = Durability::kSync) {
    auto opened = open_rocksdb({folder_, durability}, metrics_, log_);
    if (!opened) return opened.error().message;
    store_ = *std::move(opened);
    return "";
  }
  void close() {
    ASSERT_TRUE(store_->close());
    store_.reset();
  }
  /// Leaves the folder as kill -9 would: a clean end writes all that the log has into tables.
  void kill() {
    const std::string copy = folder_ + "-killed";
    fs::copy(folder_, copy, fs::copy_options::recursive);
    close();
    fs::remove_all(folder_);
    fs::rename(copy, folder_);
  }
  void put(const std::string& key) {
    Batch batch;
    batch.put(key, std::string(1000, 'v'));
    auto done = asio::co_spawn(loop_, store_->commit(std::move(batch)), asio::use_future);
    loop_.restart();
    loop_.run();
    ASSERT_TRUE(done.get());
  }
  bool has(const std::string& key) { return store_->get(key)->has_value(); }

  /// The file of the log that is written now.
  fs::path newest_log() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    }
    return newest;
  }

  std::string folder_;
  QuietLog log_;
  Metrics metrics_;
  asio::io_context loop_{1};
  std::unique_ptr<Store> store_;
};

TEST_F(AcknowledgedTest, ALogThatIsCutIsRefusedAgainAndAgain) {
  for (const Durability durability : {Durability::kSync, Durability::kFlush}) {
    ASSERT_EQ(open(durability), "");
    for (const char* key : {"a", "b", "c"}) put(key);
    kill();
    const fs::path log = newest_log();
    fs::copy_file(log, folder_ + "/kept");
    fs::resize_file(log, fs::file_size(log) - 500);
    for (int i = 0; i < 2; ++i) {
      const std::string why = open(durability);
      EXPECT_NE(why.find("was acknowledged"), std::string::npos) << why;
      EXPECT_NE(why.find(folder_ + "/ACKNOWLEDGED"), std::string::npos) << why;
    }
    fs::rename(folder_ + "/kept", log);  // the backup: all is there
    ASSERT_EQ(open(durability), "");
    EXPECT_TRUE(has("c"));
    close();
  }
}

TEST_F(AcknowledgedTest, ALogThatIsGoneOrEmptyIsRefused) {
  ASSERT_EQ(open(), "");
  put("a");
  kill();
  const fs::path log = newest_log();
  fs::resize_file(log, 0);
  EXPECT_NE(open().find("was acknowledged"), std::string::npos);
  fs::remove(log);
  EXPECT_NE(open().find("was acknowledged"), std::string::npos);
  fs::remove(folder_ + "/ACKNOWLEDGED");  // the way out
  EXPECT_EQ(open(), "");
  EXPECT_FALSE(has("a"));
}

TEST_F(AcknowledgedTest, ADatabaseWithoutItsCurrentFileIsNotBegunAnew) {
  ASSERT_EQ(open(), "");
  put("a");
  close();
  fs::remove(folder_ + "/CURRENT");
  EXPECT_NE(open().find("CURRENT is missing"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ + "/CURRENT"));
}

TEST_F(AcknowledgedTest, WhatWasPromisedLessIsNotMissed) {
  ASSERT_EQ(open(Durability::kMemory), "");
  put("a");
  close();
  ASSERT_EQ(open(), "");
  EXPECT_TRUE(has("a"));
  put("b");
  close();
  // Lives in many logs, of which the older are gone.
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(open(), "");
    EXPECT_TRUE(has("b"));
    close();
  }
}

TEST_F(AcknowledgedTest, AMarkThatIsDamagedIsRefused) {
  ASSERT_EQ(open(), "");
  put("b");
  close();
  for (const char* const content : {"", "nonsense"}) {
    std::ofstream(folder_ + "/ACKNOWLEDGED", std::ios::trunc) << content;
    EXPECT_NE(open().find("is damaged"), std::string::npos) << content;
  }
  fs::remove(folder_ + "/ACKNOWLEDGED");  // the way out
  ASSERT_EQ(open(), "");
  EXPECT_TRUE(has("b"));
}

TEST_F(AcknowledgedTest, WhatNobodyWaitsForIsNotSynced) {
  ASSERT_EQ(open(), "");
  put("a");
  const auto mark = [this] {
    std::ifstream file(folder_ + "/ACKNOWLEDGED");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = mark();
  Batch later;
  later.put("b", "");
  std::promise<void> done;
  store_->commit_later(std::move(later), [&done](const Result<void>&) { done.set_value(); });
  done.get_future().wait();
  EXPECT_EQ(mark(), before);
  put("c");
  EXPECT_NE(mark(), before);
}

TEST_F(AcknowledgedTest, TheFolderIsItsOwnersOnly) {
  fs::permissions(folder_, fs::perms::all);
  ASSERT_EQ(open(), "");
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
}

}  // namespace
}  // namespace signalbox::store

// The store over a real RocksDB in a folder of its own.
#include "store/store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include "store/key.h"
#include "store/record.h"

namespace signalbox::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string path = (std::filesystem::temp_directory_path() / "signalbox-store-XXXXXX").string();
    folder_ = ::mkdtemp(path.data());
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(Durability durability = Durability::kSync) {
    auto opened = open_rocksdb({folder_, durability}, metrics_, log_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  void reopen(Durability durability = Durability::kSync) {
    ASSERT_TRUE(store_->close());
    store_.reset();
    open(durability);
  }
  std::string why_not_open() {
    auto opened = open_rocksdb({folder_, Durability::kSync}, metrics_, log_);
    return opened ? "" : opened.error().code + ": " + opened.error().message;
  }

  Result<void> commit(Batch batch) {
    // Kept: the committer may still be leaving the loop when the answer is there.
    auto done = asio::co_spawn(loop_, store_->commit(std::move(batch)), asio::use_future);
    loop_.restart();
    loop_.run();
    return done.get();
  }
  void put(std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(key, value);
    ASSERT_TRUE(commit(std::move(batch)));
  }
  static std::string all_of(const Snapshot& snapshot) {
    std::string text;
    const auto scanned = snapshot.scan("a", "m", [&text](std::string_view key, std::string_view value) {
      text.append(key).append("=").append(value).append(" ");
      return true;
    });
    return scanned ? text : scanned.error().message;
  }

  /// The newest value; "none" without one, the error's message when it cannot be read.
  static std::string text_of(const Result<std::optional<std::string>>& got) {
    return got ? got->value_or("none") : got.error().message;
  }

  std::string folder_;
  QuietLog log_;
  Metrics metrics_;
  asio::io_context loop_{1};
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, KeepsWhatWasCommittedInEveryMode) {
  for (const Durability durability : {Durability::kSync, Durability::kFlush, Durability::kMemory}) {
    store_.reset();
    open(durability);
    put("a", "1");
    Batch batch;
    batch.put("b", "2");
    batch.put("c", "3");
    batch.erase("a");
    ASSERT_TRUE(commit(std::move(batch)));
    reopen(durability);
    EXPECT_EQ(all_of(*store_->read()), "b=2 c=3 ");
    EXPECT_EQ(text_of(store_->get("a")), "none");
    EXPECT_EQ(text_of(store_->get("b")), "2");
  }
}

TEST_F(StoreTest, ChangesOfABatchTakeEffectInOrder) {
  open();
  put("d", "old");
  Batch batch;
  batch.put("b", "1");
  batch.erase_range("a", "e");
  batch.put("c", "2");
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(all_of(*store_->read()), "c=2 ");
}

TEST_F(StoreTest, SnapshotsStayAsTheyWere) {
  open();
  put("a", "1");
  const auto before = store_->read();
  put("a", "2");
  put("b", "3");
  EXPECT_EQ(all_of(*before), "a=1 ");
  EXPECT_EQ(text_of(before->get("a")), "1");
  EXPECT_EQ(text_of(before->get("b")), "none");
  EXPECT_EQ(all_of(*store_->read()), "a=2 b=3 ");
}

TEST_F(StoreTest, ScansEndWhenToldTo) {
  open();
  for (const char* key : {"a", "b", "c"}) put(key, "");
  int seen = 0;
  const auto stopped =
      store_->read()->scan("a", "z", [&seen](std::string_view, std::string_view) { return ++seen < 2; });
  EXPECT_TRUE(stopped);
  EXPECT_EQ(seen, 2);
  std::string keys;
  const auto part = store_->read()->scan("b", "c", [&keys](std::string_view key, std::string_view) {
    keys += key;
    return true;
  });
  EXPECT_TRUE(part);
  EXPECT_EQ(keys, "b");
}

TEST_F(StoreTest, CommitsThatWaitTogetherShareWritesAndAllBecomeDurable) {
  open();
  constexpr int kWriters = 200;
  constexpr int kEach = 20;
  int resumed_elsewhere = 0;
  const auto write = [&](int writer) -> asio::awaitable<void> {
    const auto thread = std::this_thread::get_id();
    for (int i = 0; i < kEach; ++i) {
      Batch batch;
      batch.put(Key("t").number(static_cast<std::uint64_t>(writer)).number(static_cast<std::uint64_t>(i)), "v");
      const Result<void> done = co_await store_->commit(std::move(batch));
      EXPECT_TRUE(done);
      if (std::this_thread::get_id() != thread) ++resumed_elsewhere;
    }
  };
  for (int i = 0; i < kWriters; ++i) asio::co_spawn(loop_, write(i), asio::detached);
  loop_.run();
  EXPECT_EQ(resumed_elsewhere, 0);
  EXPECT_EQ(metrics_.counter("signalbox_store_commits_total", "").value(),
            static_cast<std::uint64_t>(kWriters * kEach));
  EXPECT_LT(metrics_.counter("signalbox_store_writes_total", "").value(),
            static_cast<std::uint64_t>(kWriters * kEach / 4));
  reopen();
  int found = 0;
  const Key all("t");
  ASSERT_TRUE(
      store_->read()->scan(all, all.end(), [&found](std::string_view, std::string_view) { return ++found > 0; }));
  EXPECT_EQ(found, kWriters * kEach);
}

TEST_F(StoreTest, CommitLaterTellsWhenItIsDone) {
  open();
  std::promise<bool> told;
  Batch batch;
  batch.put("a", "1");
  store_->commit_later(std::move(batch), [&told](const Result<void>& result) { told.set_value(result.has_value()); });
  EXPECT_TRUE(told.get_future().get());
  EXPECT_EQ(text_of(store_->get("a")), "1");
}

TEST_F(StoreTest, CloseWritesWhatIsQueued) {
  open();
  for (int i = 0; i < 100; ++i) {
    Batch batch;
    batch.put("k" + std::to_string(i), std::string(1000, 'x'));
    store_->commit_later(std::move(batch), {});
  }
  reopen();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(text_of(store_->get("k" + std::to_string(i))).size(), 1000U) << i;
}

TEST_F(StoreTest, ASecondOneOnTheSameFolderIsRefused) {
  open();
  EXPECT_EQ(why_not_open(), "StoreError: The data directory " + folder_ +
                                " is in use by another process: stop that one, or choose another with --data.");
}

TEST_F(StoreTest, ANewerSchemaIsRefused) {
  open();
  Batch batch;
  batch.put(Key("schema"), RecordWriter(1).number(kSchemaVersion + 1).bytes());
  ASSERT_TRUE(commit(std::move(batch)));
  ASSERT_TRUE(store_->close());
  store_.reset();
  EXPECT_EQ(why_not_open(), "StoreError: The data in " + folder_ +
                                " has schema version 2, newer than the 1 this build knows: start the build that wrote "
                                "it, or a newer one.");
}

TEST_F(StoreTest, AFolderThatCannotBeMadeIsRefused) {
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "x";
  auto opened = open_rocksdb({file + "/below", Durability::kSync}, metrics_, log_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "StoreError");
  EXPECT_NE(opened.error().message.find(file), std::string::npos);
}

/// While it lives, this process can make no file longer than `bytes`: writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    signal_before_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*signal_before_)(int);
};

// A full disk, which passes, is a test of the whole server: tests/test_disk_full.py.
TEST_F(StoreTest, WhenTheLogCannotBeWrittenReadingGoesOnAndNothingRefusedIsKept) {
  for (const Durability durability : {Durability::kSync, Durability::kFlush}) {
    store_.reset();
    open(durability);
    put("a", "1");
    {
      const FileSizeLimit limit(50'000);
      Batch batch;
      batch.put("b", std::string(100'000, 'x'));
      const auto refused = commit(std::move(batch));
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, "InternalFailure");
      EXPECT_EQ(refused.error().message, "The change could not be made durable: The log cannot be written.");
      EXPECT_EQ(all_of(*store_->read()), "a=1 ");
    }
    // Nobody knows what state the log is in: no change is taken before it was read again.
    Batch batch;
    batch.put("c", "3");
    EXPECT_FALSE(commit(std::move(batch)));
    reopen(durability);
    EXPECT_EQ(all_of(*store_->read()), "a=1 ");
    put("a", "2");
    reopen(durability);
    EXPECT_EQ(all_of(*store_->read()), "a=2 ");
  }
}

/// The newest log file of the database.
std::filesystem::path log_file(const std::string& folder) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

TEST_F(StoreTest, ATornTailOfTheLogIsForgottenAndWhatCameBeforeIsKept) {
  open();
  put("a", "1");
  // As kill -9 leaves it: no close, the log copied as it is, its last record cut off before it was acknowledged.
  const std::filesystem::path copy = folder_ + "-copy";
  std::filesystem::copy(folder_, copy, std::filesystem::copy_options::recursive);
  put("b", std::string(1000, 'x'));
  std::filesystem::copy(log_file(folder_), copy, std::filesystem::copy_options::overwrite_existing);
  const auto log = log_file(copy.string());
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 100);
  auto opened = open_rocksdb({copy.string(), Durability::kSync}, metrics_, log_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(text_of((*opened)->get("a")), "1");
  EXPECT_EQ(text_of((*opened)->get("b")), "none");
  opened->reset();
  std::filesystem::remove_all(copy);
}

TEST_F(StoreTest, DamageInTheMiddleOfTheLogIsNotPassedOver) {
  open();
  for (int i = 0; i < 100; ++i) put("k" + std::to_string(i), std::string(1000, 'x'));
  const std::filesystem::path copy = folder_ + "-copy";
  std::filesystem::copy(folder_, copy, std::filesystem::copy_options::recursive);
  std::fstream log(log_file(copy.string()), std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(20'000);
  log << "damage";
  log.close();
  auto opened = open_rocksdb({copy.string(), Durability::kSync}, metrics_, log_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("cannot be opened"), std::string::npos) << opened.error().message;
  std::filesystem::remove_all(copy);
}

TEST_F(StoreTest, DamagedDataIsAnErrorAndNotAnEmptyAnswer) {
  open(Durability::kMemory);  // whose clean stop writes a table
  for (char name = 'a'; name <= 'e'; ++name) put(std::string(1, name), std::string(10'000, name));
  ASSERT_TRUE(store_->close());
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream table(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(25'000);
    table << "damage";
  }
  open();
  EXPECT_EQ(text_of(store_->get("a")), std::string(10'000, 'a'));
  EXPECT_EQ(text_of(store_->get("c")), "The stored data cannot be read.");
  EXPECT_EQ(text_of(store_->read()->get("c")), "The stored data cannot be read.");
  EXPECT_EQ(all_of(*store_->read()), "The stored data cannot be read.");
}

TEST_F(StoreTest, ACleanStopThatCannotWriteSaysSo) {
  open(Durability::kMemory);
  put("a", std::string(100'000, 'x'));
  const FileSizeLimit limit(10'000);
  const auto closed = store_->close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, "StoreError");
}

TEST_F(StoreTest, WhatIsWrongWithAFolderIsNotMistakenForALock) {
  std::filesystem::create_directory(folder_ + "/LOCK");
  EXPECT_EQ(why_not_open().find("StoreError: The data directory " + folder_ + " cannot be opened: "), 0U)
      << why_not_open();
}

TEST_F(StoreTest, ADamagedSchemaRecordIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("\x01"), std::string("\x02\x01"), std::string("\x01\x01x")}) {
    open();
    put(Key("schema"), bytes);
    ASSERT_TRUE(store_->close());
    store_.reset();
    EXPECT_EQ(why_not_open(), "StoreError: The data in " + folder_ + " cannot be read: its schema record is damaged.");
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(StoreTest, BatchesListTheirChangesInOrder) {
  Batch batch;
  EXPECT_TRUE(batch.empty());
  batch.put(std::string("\0k", 2), "");
  batch.erase("");
  batch.erase_range("a", std::string(300, 'z'));
  EXPECT_EQ(batch.count(), 3U);
  std::string seen;
  batch.each([&seen](Batch::Kind kind, std::string_view a, std::string_view b) {
    seen +=
        std::to_string(static_cast<int>(kind)) + ":" + std::to_string(a.size()) + ":" + std::to_string(b.size()) + " ";
  });
  EXPECT_EQ(seen, "0:2:0 1:0:0 2:1:300 ");
}

/// Writes down what it is told.
class Notes final : public Follower {
 public:
  void put(std::string_view key, std::string_view value) override { add("put", key, value); }
  void erase(std::string_view key) override { add("erase", key, ""); }
  void erase_range(std::string_view from, std::string_view to) override {
    add(Key("test.own").end() == to ? "erase all from" : "erase from", from, "");
  }
  std::string take() { return std::exchange(text_, {}); }

 private:
  void add(std::string_view what, std::string_view key, std::string_view value) {
    KeyReader reader(key);
    reader.text();
    text_.append(what).append(" ").append(reader.text().value_or("")).append(value).append("; ");
  }
  std::string text_;
};

TEST_F(StoreTest, FollowersLearnOfTheirSpaceInOrder) {
  open();
  const auto key = [](const char* name) { return Key("test.own").text(name); };
  put(key("a"), "1");
  put(Key("test.owner").text("x"), "-");
  Notes notes;
  ASSERT_TRUE(store_->follow("test.own", notes));
  EXPECT_EQ(notes.take(), "put a1; ");
  Batch batch;
  batch.put(key("b"), "2");
  batch.put(Key("test.owner").text("b"), "-");
  batch.put("no key", "-");
  batch.erase(key("a"));
  batch.put(key("b"), "3");
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(notes.take(), "put b2; erase a; put b3; ");
  Batch all;
  all.erase_range(Key("test.own"), Key("test.own").end());
  ASSERT_TRUE(commit(std::move(all)));
  EXPECT_EQ(notes.take(), "erase all from ; ");
}

TEST_F(StoreTest, FollowersKnowBeforeAnybodyElse) {
  open();
  Notes notes;
  ASSERT_TRUE(store_->follow("test.own", notes));
  Batch batch;
  batch.put(Key("test.own").text("a"), "1");
  std::promise<std::string> known;
  store_->commit_later(std::move(batch), [&](const Result<void>&) { known.set_value(notes.take()); });
  EXPECT_EQ(known.get_future().get(), "put a1; ");
}

}  // namespace
}  // namespace signalbox::store

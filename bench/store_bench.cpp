// How many commits the store takes: one record at a time, and many waiting at once on one committer.
//   store_bench [FOLDER]      FOLDER: where to keep the data; default: here

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>

#include "child.h"
#include "store/key.h"
#include "store/store.h"

namespace {

namespace asio = boost::asio;
using namespace signalbox;

constexpr std::chrono::seconds kDuration{3};
constexpr std::size_t kRecordBytes = 1024;

asio::awaitable<void> writer(store::Store& store, std::uint64_t number, std::chrono::steady_clock::time_point end,
                             std::uint64_t& commits) {
  const std::string value(kRecordBytes, 'x');
  for (std::uint64_t i = 0; std::chrono::steady_clock::now() < end; ++i) {
    store::Batch batch;
    batch.put(store::Key("bench").number(number).number(i), value);
    const Result<void> done = co_await store.commit(std::move(batch));
    if (!done) std::abort();
    ++commits;
  }
}

double commits_per_second(const std::string& parent, store::Durability durability, std::size_t writers) {
  const bench::Folder folder(parent);
  Metrics metrics;
  QuietLog log;
  auto store = store::open_rocksdb({folder.path(), durability}, metrics, log);
  if (!store) std::abort();
  asio::io_context loop{1};
  std::uint64_t commits = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < writers; ++i) {
    asio::co_spawn(loop, writer(**store, i, start + kDuration, commits), asio::detached);
  }
  loop.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!(*store)->close()) std::abort();
  return static_cast<double>(commits) / seconds;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : ".";
  std::printf("commits/s of one 1 KiB record each\n%-10s %12s %12s %12s\n", "durability", "1 waiting", "64", "1000");
  const std::pair<const char*, store::Durability> modes[] = {
      {"sync", store::Durability::kSync}, {"flush", store::Durability::kFlush}, {"memory", store::Durability::kMemory}};
  for (const auto& [name, durability] : modes) {
    std::printf("%-10s", name);
    for (const std::size_t writers : {std::size_t{1}, std::size_t{64}, std::size_t{1000}}) {
      std::printf(" %12.0f", commits_per_second(parent, durability, writers));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
}

#include "services/s3/blobs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "store/key.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kReadPiece = std::size_t{256} * 1024;
constexpr std::string_view kKept = "s3.blob";
constexpr std::string_view kDropped = "s3.garbage";

std::unexpected<Error> disk_error(std::string_view doing) {
  return fail(
      "InternalError",
      "We encountered an internal error. Please try again. (" + std::string(doing) + ": " + std::strerror(errno) + ")",
      500);
}

}  // namespace

struct Blobs::Parts {
  Parts(std::string where, bool synced, store::Store& in, Random& dice, Log& lines)
      : folder(std::move(where)), sync(synced), store(in), random(dice), log(lines), pool(kThreads) {}

  std::string incoming(const std::string& id) const { return folder + "/incoming/" + id; }
  std::string shelf(const std::string& id) const { return folder + "/blobs/" + id.substr(0, 2); }
  std::string place(const std::string& id) const { return shelf(id) + "/" + id; }

  template <class Work>
  auto run(Work& work) -> asio::awaitable<std::invoke_result_t<Work&>> {
    co_return co_await asio::co_spawn(
        pool.get_executor(), [&work]() -> asio::awaitable<std::invoke_result_t<Work&>> { co_return work(); },
        asio::use_awaitable);
  }

  bool sync_folder(const std::string& path) const {
    if (!sync) return true;
    const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    return done;
  }

  /// From incoming/ to its shelf, in both until kept().
  Result<void> shelve(const std::string& id) const {
    if (::link(incoming(id).c_str(), place(id).c_str()) != 0) return disk_error("linking a blob");
    // The name in incoming/ must be found after a crash, too, or the blob would stay for ever.
    if (!sync_folder(folder + "/incoming") || !sync_folder(shelf(id))) return disk_error("syncing a folder");
    return {};
  }

  void remove_now(const std::string& id) {
    ::unlink(place(id).c_str());
    store::Batch batch;
    batch.erase(store::Key(kDropped).text(id));
    store.commit_later(std::move(batch));
  }

  void pin(const std::string& id) {
    const std::lock_guard lock(mutex);
    ++pins[id];
  }
  void unpin(const std::string& id) {
    {
      const std::lock_guard lock(mutex);
      const auto found = pins.find(id);
      if (--found->second != 0) return;
      pins.erase(found);
      if (doomed.erase(id) == 0) return;
    }
    asio::post(pool, [this, id] { remove_now(id); });
  }

  const std::string folder;
  const bool sync;
  store::Store& store;
  Random& random;
  Log& log;
  std::mutex mutex;
  std::map<std::string, std::size_t> pins;  // blobs that are being read
  std::set<std::string> doomed;             // of those, the ones to remove after
  asio::thread_pool pool;
};

class Blobs::Reader final : public http::BodyReader {
 public:
  Reader(Parts& parts, std::vector<Segment> segments) : parts_(parts), segments_(std::move(segments)) {
    for (const Segment& segment : segments_) {
      length_ += segment.length;
      parts_.pin(segment.blob);
    }
  }
  ~Reader() override {
    if (file_ >= 0) ::close(file_);
    for (const Segment& segment : segments_) parts_.unpin(segment.blob);
  }

  std::optional<std::uint64_t> length() const override { return length_; }

  asio::awaitable<Result<std::string_view>> read() override {
    if (piece_.empty()) piece_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length_, kReadPiece)));
    const auto work = [this] { return read_now(); };
    co_return co_await parts_.run(work);
  }

 private:
  Result<std::string_view> read_now() {
    while (at_ < segments_.size() && done_ == segments_[at_].length) {
      if (file_ >= 0) ::close(std::exchange(file_, -1));
      ++at_;
      done_ = 0;
    }
    if (at_ == segments_.size()) return std::string_view();
    const Segment& segment = segments_[at_];
    if (file_ < 0) file_ = ::open(parts_.place(segment.blob).c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) return disk_error("opening a blob");
    const auto wanted = std::min<std::uint64_t>(piece_.size(), segment.length - done_);
    const ::ssize_t got =
        ::pread(file_, piece_.data(), static_cast<std::size_t>(wanted), static_cast<::off_t>(segment.offset + done_));
    if (got < 0) return disk_error("reading a blob");
    if (got == 0) return fail("InternalError", "The blob " + segment.blob + " is shorter than its record says.", 500);
    done_ += static_cast<std::uint64_t>(got);
    return std::string_view(piece_.data(), static_cast<std::size_t>(got));
  }

  Parts& parts_;
  const std::vector<Segment> segments_;
  std::uint64_t length_ = 0;
  std::size_t at_ = 0;
  std::uint64_t done_ = 0;  // of the segment
  int file_ = -1;
  std::string piece_;
};

Blobs::Blobs(std::string folder, bool sync, store::Store& store, Random& random, Log& log)
    : parts_(std::make_unique<Parts>(std::move(folder), sync, store, random, log)) {}

Blobs::~Blobs() {
  stop();
}

void Blobs::stop() {
  parts_->pool.join();
}

Result<void> Blobs::load() {
  std::error_code problem;
  std::filesystem::create_directories(parts_->folder + "/incoming", problem);
  for (int i = 0; i < 256 && !problem; ++i) {
    char name[3];
    std::snprintf(name, sizeof name, "%02x", static_cast<unsigned>(i));
    std::filesystem::create_directories(parts_->folder + "/blobs/" + name, problem);
  }
  std::vector<std::string> left;
  if (!problem) {
    for (const auto& entry : std::filesystem::directory_iterator(parts_->folder + "/incoming", problem)) {
      left.push_back(entry.path().filename().string());
    }
  }
  if (problem) return fail("StoreError", "The folder of blobs, " + parts_->folder + ": " + problem.message() + ".");
  for (const std::string& id : left) {
    const auto record = parts_->store.get(store::Key(kKept).text(id));
    if (!record) return std::unexpected(record.error());
    if (!*record) ::unlink(parts_->place(id).c_str());
    ::unlink(parts_->incoming(id).c_str());
  }
  std::vector<std::string> garbage;
  const store::Key all(kDropped);
  Result<void> scanned = parts_->store.read()->scan(all, all.end(), [&](std::string_view key, std::string_view) {
    store::KeyReader reader(key);
    reader.text();
    if (auto id = reader.text()) garbage.push_back(*std::move(id));
    return true;
  });
  for (const std::string& id : garbage) parts_->remove_now(id);
  return scanned;
}

std::unique_ptr<Blobs::Writer> Blobs::write() {
  return std::make_unique<Writer>(*parts_);
}

std::unique_ptr<http::BodyReader> Blobs::read(std::vector<Segment> segments) {
  return std::make_unique<Reader>(*parts_, std::move(segments));
}

void Blobs::keep(store::Batch& batch, const std::vector<std::string>& blobs) const {
  for (const std::string& id : blobs) batch.put(store::Key(kKept).text(id), "");
}

void Blobs::drop(store::Batch& batch, const std::vector<std::string>& blobs) const {
  for (const std::string& id : blobs) {
    batch.erase(store::Key(kKept).text(id));
    batch.put(store::Key(kDropped).text(id), "");
  }
}

void Blobs::kept(const std::vector<std::string>& blobs, bool committed) {
  if (blobs.empty()) return;
  asio::post(parts_->pool, [this, blobs, committed] {
    for (const std::string& id : blobs) {
      if (!committed) ::unlink(parts_->place(id).c_str());
      ::unlink(parts_->incoming(id).c_str());
    }
  });
}

void Blobs::dropped(std::vector<std::string> blobs) {
  std::erase_if(blobs, [this](const std::string& id) {
    const std::lock_guard lock(parts_->mutex);
    if (!parts_->pins.contains(id)) return false;
    parts_->doomed.insert(id);
    return true;
  });
  if (blobs.empty()) return;
  asio::post(parts_->pool, [this, blobs = std::move(blobs)] {
    for (const std::string& id : blobs) parts_->remove_now(id);
  });
}

asio::awaitable<Result<std::string>> Blobs::share(std::string blob) {
  Parts& parts = *parts_;
  const auto work = [&]() -> Result<std::string> {
    std::string id = parts.random.uuid();
    if (::link(parts.place(blob).c_str(), parts.incoming(id).c_str()) != 0) return disk_error("linking a blob");
    Result<void> shelved = parts.shelve(id);
    if (shelved) return id;
    ::unlink(parts.incoming(id).c_str());
    ::unlink(parts.place(id).c_str());
    return std::unexpected(std::move(shelved).error());
  };
  co_return co_await parts.run(work);
}

Blobs::Writer::Writer(Parts& parts) : parts_(parts), id_(parts.random.uuid()) {}

Blobs::Writer::~Writer() {
  if (file_ >= 0) ::close(file_);
  if (file_ >= 0 && !finished_) ::unlink(parts_.incoming(id_).c_str());
}

asio::awaitable<Result<void>> Blobs::Writer::write(std::string_view bytes, std::vector<Checksum>& checksums) {
  const auto work = [&]() -> Result<void> {
    for (Checksum& checksum : checksums) checksum.update(bytes);
    if (file_ < 0) file_ = ::open(parts_.incoming(id_).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ < 0) return disk_error("making a blob");
    while (!bytes.empty()) {
      const ::ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return disk_error("writing a blob");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  };
  co_return co_await parts_.run(work);
}

asio::awaitable<Result<std::string>> Blobs::Writer::finish() {
  const auto work = [&]() -> Result<std::string> {
    if (file_ < 0) file_ = ::open(parts_.incoming(id_).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ < 0) return disk_error("making a blob");
    if (parts_.sync && ::fsync(file_) != 0) return disk_error("syncing a blob");
    Result<void> shelved = parts_.shelve(id_);
    if (!shelved) {
      ::unlink(parts_.place(id_).c_str());
      return std::unexpected(std::move(shelved).error());
    }
    finished_ = true;
    return id_;
  };
  co_return co_await parts_.run(work);
}

}  // namespace signalbox::s3

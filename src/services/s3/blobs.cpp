#include "services/s3/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "base/encoding.h"
#include "store/key.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kReadPiece = std::size_t{256} * 1024;
/// The first piece waits for the client, however many ask and fetch nothing.
constexpr std::size_t kFirstPiece = std::size_t{64} * 1024;
constexpr std::string_view kKept = "s3.blob";
constexpr std::string_view kDropped = "s3.garbage";
constexpr std::string_view kOwnKey = "s3.key";
constexpr std::string_view kSealedName = "-sealed";  // how the names of sealed blobs end
constexpr std::size_t kMark = 32;
constexpr std::size_t kUuid = 36;

/// What the name of a sealed blob has of its content's header, so that no other blob's file passes for it.
std::string mark_of(std::string_view header) {
  return to_hex(sha256(header)).substr(0, kMark);
}
/// "UUID-MARK-sealed". Empty for blobs that have none: those of older versions of this server.
std::string_view mark_in(std::string_view blob) {
  if (blob.size() != kUuid + 1 + kMark + kSealedName.size()) return {};
  return blob.substr(kUuid + 1, kMark);
}

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

  /// From incoming/ to its shelf, which is made with its first blob, in both until kept().
  Result<void> shelve(const std::string& id) const {
    if (::link(incoming(id).c_str(), place(id).c_str()) != 0) {
      if (errno != ENOENT) return disk_error("linking a blob");
      const bool made = ::mkdir(shelf(id).c_str(), 0777) == 0 || errno == EEXIST;
      if (!made || !sync_folder(folder + "/blobs")) return disk_error("making a folder");
      if (::link(incoming(id).c_str(), place(id).c_str()) != 0) return disk_error("linking a blob");
    }
    // The name in incoming/ must be found after a crash, too, or the blob would stay for ever.
    if (!sync_folder(folder + "/incoming") || !sync_folder(shelf(id))) return disk_error("syncing a folder");
    return {};
  }

  std::unexpected<Error> damaged(const std::string& id, std::string_view how) const {
    log.error("a blob of S3 is damaged", {{"blob", place(id)}, {"how", std::string(how)}});
    return fail("InternalError", "We encountered an internal error. Please try again.", 500);
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
  ContentKey key{};
  asio::thread_pool pool;
};

class Blobs::Reader final : public http::BodyReader {
 public:
  Reader(Parts& parts, std::vector<Segment> segments, const ContentKey& key)
      : parts_(parts), segments_(std::move(segments)), key_(key) {
    for (const Segment& segment : segments_) {
      length_ += segment.length;
      parts_.pin(segment.blob);
    }
  }
  ~Reader() override {
    close();
    for (const Segment& segment : segments_) parts_.unpin(segment.blob);
  }

  std::optional<std::uint64_t> length() const override { return length_; }

  asio::awaitable<Result<std::string_view>> read() override {
    const auto work = [this] { return read_now(); };
    co_return co_await parts_.run(work);
  }

 private:
  Result<std::string_view> read_now() {
    while (at_ < segments_.size() && done_ == segments_[at_].length) {
      cipher_.reset();
      ++at_;
      done_ = 0;
    }
    if (at_ == segments_.size()) return std::string_view();
    const Segment& segment = segments_[at_];
    Result<void> opened = open(segment);
    if (!opened) return std::unexpected(std::move(opened).error());
    const Result<std::string_view> piece = cipher_ ? sealed_piece(segment) : plain_piece(segment);
    close();
    if (piece) done_ += piece->size();
    most_ = kReadPiece;
    return piece;
  }

  /// No file stays open for a client that fetches nothing.
  void close() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
  }

  Result<void> open(const Segment& segment) {
    file_ = ::open(parts_.place(segment.blob).c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) return disk_error("opening a blob");
    if (cipher_ || !is_sealed(segment.blob)) return {};
    Result<void> done = fill(segment, 0, kSealedHeader);
    if (!done) return done;
    if (piece_.size() != kSealedHeader) return parts_.damaged(segment.blob, "shorter than its record says");
    const std::string_view mark = mark_in(segment.blob);
    if (!mark.empty() && mark != mark_of(piece_)) return parts_.damaged(segment.blob, "it is another blob's file");
    cipher_.emplace(key_, piece_);
    return {};
  }

  /// Reads into piece_: `size` bytes of the file, or what there is.
  Result<void> fill(const Segment& segment, std::uint64_t from, std::uint64_t size) {
    piece_.resize(static_cast<std::size_t>(size));
    std::size_t have = 0;
    while (have < piece_.size()) {
      const ::ssize_t got =
          ::pread(file_, piece_.data() + have, piece_.size() - have, static_cast<::off_t>(from + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return parts_.damaged(segment.blob, std::strerror(errno));
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    piece_.resize(have);
    return {};
  }

  Result<std::string_view> plain_piece(const Segment& segment) {
    const auto wanted = std::min<std::uint64_t>(most_, segment.length - done_);
    Result<void> done = fill(segment, segment.offset + done_, wanted);
    if (!done) return std::unexpected(std::move(done).error());
    if (piece_.size() != wanted) return parts_.damaged(segment.blob, "shorter than its record says");
    return std::string_view(piece_);
  }

  /// The frames that the next piece lies in, opened.
  Result<std::string_view> sealed_piece(const Segment& segment) {
    const std::uint64_t begin = segment.offset + done_;
    const std::uint64_t first = begin / kFrame;
    const std::uint64_t skip = begin % kFrame;
    const std::uint64_t wanted = std::min<std::uint64_t>(most_ - skip, segment.length - done_);
    const std::uint64_t frames = (skip + wanted + kFrame - 1) / kFrame;
    Result<void> done = fill(segment, kSealedHeader + first * kSealedFrame, frames * kSealedFrame);
    if (!done) return std::unexpected(std::move(done).error());
    opened_.clear();
    opened_.reserve(frames * kFrame);
    std::string_view rest = piece_;
    for (std::uint64_t number = first; number < first + frames && !rest.empty(); ++number) {
      if (!cipher_->open(number, rest.substr(0, kSealedFrame), opened_)) {
        return parts_.damaged(segment.blob, "its content is not what was written");
      }
      rest.remove_prefix(std::min(rest.size(), kSealedFrame));
    }
    piece_ = std::string();  // "= {}" would keep its room
    if (opened_.size() < skip + wanted) return parts_.damaged(segment.blob, "shorter than its record says");
    return std::string_view(opened_).substr(static_cast<std::size_t>(skip), static_cast<std::size_t>(wanted));
  }

  Parts& parts_;
  const std::vector<Segment> segments_;
  const ContentKey key_;
  std::uint64_t length_ = 0;
  std::size_t at_ = 0;
  std::uint64_t done_ = 0;  // of the segment
  std::size_t most_ = kFirstPiece;
  int file_ = -1;
  std::optional<FrameCipher> cipher_;  // of the segment, where it is sealed
  std::string piece_;
  std::string opened_;
};

Blobs::Blobs(std::string folder, bool sync, store::Store& store, Random& random, Log& log)
    : parts_(std::make_unique<Parts>(std::move(folder), sync, store, random, log)) {}

Blobs::~Blobs() {
  stop();
}

void Blobs::stop() {
  parts_->pool.join();
}

bool Blobs::is_sealed(std::string_view blob) {
  return blob.ends_with(kSealedName);
}

const ContentKey& Blobs::key() const {
  return parts_->key;
}

/// The server's own key, made the first time. Before the shards run.
Result<void> Blobs::load_key(const Sealer& sealer) {
  const auto record = parts_->store.get(store::Key(kOwnKey));
  if (!record) return std::unexpected(record.error());
  if (*record) {
    const auto key = sealer.open(**record, kOwnKey);
    if (!key || key->size() != parts_->key.size()) {
      return fail("StoreError",
                  "The key of S3's contents cannot be opened: secrets.key is not the one it was sealed with.");
    }
    std::ranges::copy(*key, parts_->key.begin());
    return {};
  }
  parts_->key = Sealer::new_key();
  store::Batch batch;
  batch.put(store::Key(kOwnKey), sealer.seal(as_bytes(parts_->key), kOwnKey));
  // No content is acknowledged before it: it stands before them in the log.
  std::promise<Result<void>> done;
  parts_->store.commit_later(std::move(batch), [&done](const Result<void>& committed) { done.set_value(committed); });
  return done.get_future().get();
}

Result<void> Blobs::load(const Sealer& sealer) {
  Result<void> keyed = load_key(sealer);
  if (!keyed) return keyed;
  std::error_code problem;
  std::filesystem::create_directories(parts_->folder + "/incoming", problem);
  if (!problem) std::filesystem::create_directories(parts_->folder + "/blobs", problem);
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

std::unique_ptr<Blobs::Writer> Blobs::write(const std::optional<ContentKey>& key) {
  return std::make_unique<Writer>(*parts_, key.value_or(parts_->key));
}

std::unique_ptr<http::BodyReader> Blobs::read(std::vector<Segment> segments, const std::optional<ContentKey>& key) {
  return std::make_unique<Reader>(*parts_, std::move(segments), key.value_or(parts_->key));
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
    const std::string id = parts.random.uuid() + blob.substr(std::min(kUuid, blob.size()));
    if (::link(parts.place(blob).c_str(), parts.incoming(id).c_str()) != 0) return disk_error("linking a blob");
    Result<void> shelved = parts.shelve(id);
    if (shelved) return id;
    ::unlink(parts.incoming(id).c_str());
    ::unlink(parts.place(id).c_str());
    return std::unexpected(std::move(shelved).error());
  };
  co_return co_await parts.run(work);
}

Blobs::Writer::Writer(Parts& parts, const ContentKey& key)
    : parts_(parts),
      header_(FrameCipher::new_header()),
      id_(parts.random.uuid() + "-" + mark_of(header_) + std::string(kSealedName)),
      cipher_(key, header_) {}

Blobs::Writer::~Writer() {
  if (file_ >= 0) ::close(file_);
  if (file_ >= 0 && !finished_) ::unlink(parts_.incoming(id_).c_str());
}

Result<void> Blobs::Writer::open() {
  if (file_ >= 0) return {};
  file_ = ::open(parts_.incoming(id_).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) return disk_error("making a blob");
  return put(header_);
}

Result<void> Blobs::Writer::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error("writing a blob");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void Blobs::Writer::seal(std::string_view bytes) {
  while (!bytes.empty()) {
    if (frame_.empty() && bytes.size() >= kFrame) {
      cipher_.seal(number_++, bytes.substr(0, kFrame), sealed_);
      bytes.remove_prefix(kFrame);
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), kFrame - frame_.size());
    frame_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (frame_.size() < kFrame) continue;
    cipher_.seal(number_++, frame_, sealed_);
    frame_.clear();
  }
}

asio::awaitable<Result<void>> Blobs::Writer::write(std::string_view bytes, std::vector<Checksum>& checksums) {
  const auto work = [&]() -> Result<void> {
    for (Checksum& checksum : checksums) checksum.update(bytes);
    Result<void> opened = open();
    if (!opened) return opened;
    sealed_.clear();
    seal(bytes);
    return put(sealed_);
  };
  co_return co_await parts_.run(work);
}

asio::awaitable<Result<std::string>> Blobs::Writer::finish() {
  const auto work = [&]() -> Result<std::string> {
    Result<void> done = open();
    sealed_.clear();
    if (!frame_.empty()) cipher_.seal(number_++, frame_, sealed_);
    if (done) done = put(sealed_);
    if (!done) return std::unexpected(std::move(done).error());
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

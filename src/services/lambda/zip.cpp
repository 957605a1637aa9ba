#include "services/lambda/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

namespace signalbox::lambda {
namespace {

constexpr std::size_t kBlock = std::size_t{64} * 1024;
constexpr std::size_t kMaxPath = 1024;
constexpr unsigned kExecutable = 0111;

using Reader = std::unique_ptr<archive, int (*)(archive*)>;

std::unexpected<Error> unusable(const std::string& why) {
  return fail("InvalidParameterValueException",
              "Could not unzip uploaded file. Please check your file, then try to "
              "upload again: " +
                  why);
}

std::unexpected<Error> disk(const std::string& path) {
  return fail("StoreError", "Cannot unpack to " + path + ": " + std::strerror(errno) + ".");
}

/// The path within the package, without "." parts; empty for one that leads out.
std::string clean(std::string_view path) {
  std::string out;
  if (path.size() > kMaxPath || path.starts_with('/') || path.find('\\') != std::string_view::npos ||
      path.find('\0') != std::string_view::npos) {
    return out;
  }
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part == "..") return {};
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out.empty() ? "." : out;
}

/// Whether a link at `path` to `to` stays within the package.
bool stays_within(std::string_view path, std::string_view to) {
  if (to.empty() || to.starts_with('/')) return false;
  int depth = 0;
  for (const char c : path) depth += c == '/' ? 1 : 0;
  while (!to.empty()) {
    const std::string_view part = to.substr(0, to.find('/'));
    to.remove_prefix(std::min(to.size(), part.size() + 1));
    if (part == "..") {
      if (--depth < 0) return false;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return true;
}

/// Gets what is in a package.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> folder(const std::string& path) = 0;
  virtual Result<void> link(const std::string& path, const std::string& to) = 0;
  virtual Result<void> begin_file(const std::string& path, bool executable) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> end_file() = 0;
};

class Nowhere final : public Sink {
 public:
  Result<void> folder(const std::string&) override { return {}; }
  Result<void> link(const std::string&, const std::string&) override { return {}; }
  Result<void> begin_file(const std::string&, bool) override { return {}; }
  Result<void> write(std::string_view) override { return {}; }
  Result<void> end_file() override { return {}; }
};

/// Links are made last, when nothing is written any more that could follow one out of the folder.
class Folder final : public Sink {
 public:
  explicit Folder(std::string root) : root_(std::move(root)) {}
  ~Folder() override {
    if (file_ >= 0) ::close(file_);
  }
  Result<void> folder(const std::string& path) override { return make(root_ + "/" + path); }
  Result<void> link(const std::string& path, const std::string& to) override {
    links_.emplace_back(path, to);
    return {};
  }
  Result<void> begin_file(const std::string& path, bool executable) override {
    const std::string full = root_ + "/" + path;
    Result<void> parent = make(std::filesystem::path(full).parent_path().string());
    if (!parent) return parent;
    ::unlink(full.c_str());
    file_ = ::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, executable ? 0755 : 0644);
    if (file_ < 0) return disk(full);
    if (::fchmod(file_, executable ? 0755 : 0644) != 0) return disk(full);
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0) return disk(root_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  Result<void> end_file() override {
    const int closed = ::close(file_);
    file_ = -1;
    if (closed != 0) return disk(root_);
    return {};
  }
  Result<void> make_links() {
    for (const auto& [path, to] : links_) {
      const std::string full = root_ + "/" + path;
      Result<void> parent = make(std::filesystem::path(full).parent_path().string());
      if (!parent) return parent;
      std::error_code ignored;
      std::filesystem::remove(full, ignored);
      if (::symlink(to.c_str(), full.c_str()) != 0) return disk(full);
    }
    return {};
  }

 private:
  static Result<void> make(const std::string& path) {
    std::error_code problem;
    std::filesystem::create_directories(path, problem);
    if (problem) return fail("StoreError", "Cannot unpack to " + path + ": " + problem.message() + ".");
    return {};
  }
  std::string root_;
  int file_ = -1;
  std::vector<std::pair<std::string, std::string>> links_;
};

Result<void> copy(archive* from, Sink& sink, std::int64_t& total) {
  std::string block(kBlock, '\0');
  for (;;) {
    const la_ssize_t read = archive_read_data(from, block.data(), block.size());
    if (read == 0) return sink.end_file();
    if (read < 0) return unusable(archive_error_string(from) != nullptr ? archive_error_string(from) : "broken data.");
    total += read;
    if (total > kMaxUnpacked) {
      return fail("InvalidParameterValueException",
                  "Unzipped size must be smaller than " + std::to_string(kMaxUnpacked) + " bytes");
    }
    Result<void> written = sink.write(std::string_view(block).substr(0, static_cast<std::size_t>(read)));
    if (!written) return written;
  }
}

Result<void> take_entry(archive* from, archive_entry* entry, Sink& sink, std::int64_t& total) {
  const char* const name = archive_entry_pathname(entry);
  const std::string path = clean(name != nullptr ? name : "");
  if (path.empty()) return unusable("the path of an entry leads out of the package.");
  if (archive_entry_hardlink(entry) != nullptr) return unusable(path + " is a hard link.");
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFDIR || path == ".") return sink.folder(path);
  if (type == AE_IFLNK) {
    const char* const to = archive_entry_symlink(entry);
    if (to == nullptr || !stays_within(path, to)) return unusable(path + " is a link out of the package.");
    return sink.link(path, to);
  }
  if (type != AE_IFREG) return unusable(path + " is no file, folder or link.");
  Result<void> begun = sink.begin_file(path, (archive_entry_perm(entry) & kExecutable) != 0);
  return begun ? copy(from, sink, total) : begun;
}

Result<void> read_all(archive* from, Sink& sink) {
  std::int64_t total = 0;
  std::size_t entries = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int got = archive_read_next_header(from, &entry);
    if (got == ARCHIVE_EOF) break;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) {
      return unusable(archive_error_string(from) != nullptr ? archive_error_string(from) : "it is no zip file.");
    }
    if (++entries > kMaxFiles) return unusable("it has more than " + std::to_string(kMaxFiles) + " entries.");
    Result<void> taken = take_entry(from, entry, sink, total);
    if (!taken) return taken;
  }
  if (entries == 0) return fail("InvalidParameterValueException", "Uploaded file must be a non-empty zip");
  return {};
}

Reader new_reader() {
  Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_zip(reader.get());
  return reader;
}

}  // namespace

Result<void> check_zip(std::string_view zip) {
  const Reader reader = new_reader();
  if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK)
    return unusable("it is no zip file.");
  Nowhere nowhere;
  return read_all(reader.get(), nowhere);
}

Result<void> unpack_zip(const std::string& path, const std::string& into) {
  const Reader reader = new_reader();
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
    return fail("StoreError", "Cannot read " + path + ".");
  }
  Folder folder(into);
  Result<void> read = read_all(reader.get(), folder);
  return read ? folder.make_links() : read;
}

}  // namespace signalbox::lambda

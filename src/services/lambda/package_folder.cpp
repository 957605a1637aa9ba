#include "services/lambda/package_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signalbox::lambda {
namespace {

/// Whatever the server's umask is: others run what is in it.
bool make_folder(int above, const char* name) {
  return ::mkdirat(above, name, 0755) == 0 && ::fchmodat(above, name, 0755, 0) == 0;
}

std::unexpected<Error> disk(const std::string& path) {
  return fail("StoreError", "Cannot unpack to " + path + ": " + std::strerror(errno) + ".", 500);
}

}  // namespace

PackageFolder::PackageFolder(const std::string& path)
    : path_(path), root_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) {}

Result<Descriptor> PackageFolder::open_beneath(const std::string& path, int flags, unsigned mode) const {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  Descriptor opened(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof(how))));
  if (opened.get() < 0) return disk(path_ + "/" + path);
  return opened;
}

/// One folder after another, each in the one before as it was opened.
Result<void> PackageFolder::make_folders(const std::string& path) {
  if (path == ".") return {};
  for (std::size_t end = 0; end != std::string::npos;) {
    const std::size_t begin = end == 0 ? 0 : end + 1;
    end = path.find('/', begin);
    auto above = open_beneath(begin == 0 ? "." : path.substr(0, begin - 1), O_PATH | O_DIRECTORY, 0);
    if (!above) return std::unexpected(std::move(above).error());
    const std::string name = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (make_folder(above->get(), name.c_str())) continue;
    struct stat there{};
    if (errno != EEXIST || ::fstatat(above->get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return disk(path_);
    if (S_ISDIR(there.st_mode)) continue;
    // A file of a package before: what comes later counts.
    if (::unlinkat(above->get(), name.c_str(), 0) != 0 || !make_folder(above->get(), name.c_str())) {
      return disk(path_ + "/" + path);
    }
  }
  return {};
}

Result<int> PackageFolder::parent_of(const std::string& path, std::string& name) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (parent == parent_path_) return parent_.get();
  Result<void> made = make_folders(parent);
  if (!made) return std::unexpected(std::move(made).error());
  auto opened = open_beneath(parent, O_PATH | O_DIRECTORY, 0);
  if (!opened) return std::unexpected(std::move(opened).error());
  parent_ = *std::move(opened);
  parent_path_ = parent;
  return parent_.get();
}

Result<void> PackageFolder::folder(const std::string& path) {
  Result<void> added = tree_.add_folder(path);
  return added ? make_folders(path) : added;
}

Result<void> PackageFolder::link(const std::string& path, const std::string& to) {
  return tree_.add_link(path, to);
}

Result<void> PackageFolder::begin_file(const std::string& path, bool executable) {
  Result<void> added = tree_.add_file(path);
  if (!added) return added;
  std::string name;
  const auto parent = parent_of(path, name);
  if (!parent) return std::unexpected(parent.error());
  if (::unlinkat(*parent, name.c_str(), 0) != 0 && errno != ENOENT) return disk(path_ + "/" + path);
  const mode_t mode = executable ? 0755 : 0644;
  auto opened = open_beneath(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!opened) return std::unexpected(std::move(opened).error());
  file_ = *std::move(opened);
  if (::fchmod(file_.get(), mode) != 0) return disk(path_ + "/" + path);
  return {};
}

Result<void> PackageFolder::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0) return disk(path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> PackageFolder::end_file() {
  if (::close(file_.release()) != 0) return disk(path_);
  return {};
}

Result<void> PackageFolder::finish() {
  for (const auto& [path, to] : tree_.links()) {
    std::string name;
    const auto parent = parent_of(path, name);
    if (!parent) return std::unexpected(parent.error());
    if (::unlinkat(*parent, name.c_str(), 0) != 0 && errno != ENOENT) return disk(path_ + "/" + path);
    if (::symlinkat(to.c_str(), *parent, name.c_str()) != 0) return disk(path_ + "/" + path);
  }
  return {};
}

}  // namespace signalbox::lambda

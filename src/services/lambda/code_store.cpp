#include "services/lambda/code_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/encoding.h"
#include "services/lambda/zip.h"

namespace signalbox::lambda {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> cannot(std::string_view what, const std::string& path) {
  return fail("StoreError", "Cannot " + std::string(what) + " " + path + ": " + std::strerror(errno) + ".", 500);
}

Result<void> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot("open", path);
  const int synced = ::fsync(fd);
  ::close(fd);
  if (synced != 0) return cannot("sync", path);
  return {};
}

/// The whole file or none of it, and on the disk.
Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return cannot("write", part);
  bool good = true;
  while (good && !bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    good = written > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  const int problem = errno;
  ::close(fd);
  errno = problem;
  if (!good || ::rename(part.c_str(), path.c_str()) != 0) return cannot("write", path);
  return sync_folder(fs::path(path).parent_path().string());
}

void remove_tree(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all.append(name).append(" ");
  return to_hex(sha256(all));
}

}  // namespace

Result<void> CodeStore::open() {
  // node_modules: where the AWS SDK for JavaScript is put within sandboxes.
  for (const char* part : {"", "/zip", "/code", "/runtime", "/runtime/node_modules"}) {
    std::error_code problem;
    fs::create_directories(folder_ + part, problem);
    if (problem) return fail("StoreError", "Cannot make " + folder_ + part + ": " + problem.message() + ".");
  }
  // Other users run what is there, in sandboxes; that none reaches it otherwise, the data folder sees to.
  for (const char* part : {"/runtime", "/runtime/node_modules"}) ::chmod((folder_ + part).c_str(), 0755);
  return {};
}

void CodeStore::keep_only(const std::set<std::string>& used) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_ + "/zip", ignored)) {
    if (entry.path().extension() != ".zip" || !used.contains(entry.path().stem().string())) remove_tree(entry.path());
  }
  // What is unpacked of several, and what was only half, is made again when it is needed.
  for (const auto& entry : fs::directory_iterator(folder_ + "/code", ignored)) {
    if (!used.contains(entry.path().filename().string())) remove_tree(entry.path());
  }
}

Result<std::string> CodeStore::put(std::string_view zip) {
  Result<void> checked = check_zip(zip);
  if (!checked) return std::unexpected(std::move(checked).error());
  std::string name = to_hex(sha256(zip));
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  if (!fs::exists(zip_path(name), ignored)) {
    Result<void> written = write_file(zip_path(name), zip, 0600);
    if (!written) return std::unexpected(std::move(written).error());
  }
  ++kept_[name];
  left_.erase(folder_ + "/code/" + name);
  return name;
}

void CodeStore::settle(const std::string& name, bool was_put, const std::function<bool(const std::string&)>& is_used) {
  const std::lock_guard lock(mutex_);
  if (was_put && --kept_[name] == 0) kept_.erase(name);
  if (!kept_.contains(name) && !is_used(name)) {
    remove_tree(zip_path(name));
    left_.insert(folder_ + "/code/" + name);
  }
  sweep();
}

CodeFolderPtr CodeStore::hold(const std::string& path) {
  CodeFolderPtr held = had_[path].lock();
  if (!held) had_[path] = held = std::make_shared<const CodeFolder>(CodeFolder{path});
  return held;
}

void CodeStore::sweep() {
  std::erase_if(had_, [](const auto& one) { return one.second.expired(); });
  std::erase_if(left_, [this](const std::string& path) {
    if (had_.contains(path)) return false;
    remove_tree(path);
    return true;
  });
}

Result<std::string> CodeStore::read(const std::string& name) const {
  std::ifstream file(zip_path(name), std::ios::binary);
  std::ostringstream read;
  read << file.rdbuf();
  std::string bytes = std::move(read).str();
  if (!file) return fail("ServiceException", "The package " + name + " cannot be read.", 500);
  if (to_hex(sha256(bytes)) != name) return fail("ServiceException", "The package " + name + " is damaged.", 500);
  return bytes;
}

Result<CodeFolderPtr> CodeStore::unpacked(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  const std::string place = folder_ + "/code/" + (names.size() == 1 ? names.front() : joined(names));
  std::error_code problem;
  sweep();
  if (fs::exists(place, problem)) return hold(place);
  std::vector<std::string> zips;
  for (const std::string& name : names) {
    const Result<std::string> whole = read(name);
    if (!whole) return std::unexpected(whole.error());
    zips.push_back(zip_path(name));
  }
  const std::string part = place + ".part";
  remove_tree(part);
  fs::create_directories(part, problem);
  ::chmod(part.c_str(), 0755);
  Result<void> done = unpack_zips(zips, part);
  if (!done) {
    remove_tree(part);
    return std::unexpected(std::move(done).error());
  }
  fs::rename(part, place, problem);
  if (problem) return fail("StoreError", "Cannot make " + place + ": " + problem.message() + ".", 500);
  return hold(place);
}

Result<void> CodeStore::put_runtime(const std::string& name, std::string_view bytes, bool executable) const {
  const std::string path = runtime_folder() + "/" + name;
  std::error_code problem;
  fs::create_directories(fs::path(path).parent_path(), problem);
  ::chmod(fs::path(path).parent_path().c_str(), 0755);
  return write_file(path, bytes, executable ? 0755 : 0644);
}

}  // namespace signalbox::lambda

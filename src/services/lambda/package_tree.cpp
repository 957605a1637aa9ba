#include "services/lambda/package_tree.h"

#include <algorithm>

#include "services/lambda/zip.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kMaxPath = 1024;
constexpr std::size_t kMaxEntryName = 255;
constexpr int kMaxDepth = 100;

/// The next part of a path, which gets shorter by it.
std::string_view take_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), part.size() + 1));
  return part;
}

}  // namespace

std::unexpected<Error> unusable_package(const std::string& why) {
  return fail("InvalidParameterValueException",
              "Could not unzip uploaded file. Please check your file, then try to upload again" +
                  (why.empty() ? "." : ": " + why));
}

Result<std::string> package_path(std::string_view path) {
  const auto leads_out = [] { return unusable_package("the path of an entry leads out of the package."); };
  const auto too_long = [] {
    return unusable_package("the path of an entry is longer than " + std::to_string(kMaxPath) +
                            " bytes, has a name of more than " + std::to_string(kMaxEntryName) +
                            " bytes or more than " + std::to_string(kMaxDepth) + " folders.");
  };
  if (path.starts_with('/')) return leads_out();
  if (path.size() > kMaxPath) return too_long();
  if (path.find('\0') != std::string_view::npos) return unusable_package("the path of an entry has a zero byte.");
  if (path.find('\\') != std::string_view::npos) return unusable_package("the path of an entry has a backslash.");
  std::string out;
  int depth = 0;
  while (!path.empty()) {
    const std::string_view part = take_part(path);
    if (part == "..") return leads_out();
    if (part.size() > kMaxEntryName || depth > kMaxDepth) return too_long();
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
    ++depth;
  }
  return out.empty() ? "." : out;
}

Result<void> PackageTree::count() const {
  if (files_ + folders_.size() + links_.size() <= kMaxFiles) return {};
  return unusable_package("it has more than " + std::to_string(kMaxFiles) + " entries.");
}

/// The folders that a path is in.
Result<void> PackageTree::add_above(const std::string& path) {
  for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string folder = path.substr(0, at);
    links_.erase(folder);
    folders_.insert(folder);
  }
  return count();
}

Result<void> PackageTree::add_folder(const std::string& path) {
  if (path == ".") return {};
  links_.erase(path);
  folders_.insert(path);
  return add_above(path);
}

Result<void> PackageTree::add_file(const std::string& path) {
  if (path == "." || is_folder(path)) return unusable_package(path + " is a file and a folder.");
  links_.erase(path);
  ++files_;
  return add_above(path);
}

Result<void> PackageTree::add_link(const std::string& path, const std::string& to) {
  if (path == "." || is_folder(path)) return unusable_package(path + " is a link and a folder.");
  if (to.empty() || to.size() > kMaxPath || to.find('\0') != std::string::npos) {
    return unusable_package(path + " is a link to nowhere.");
  }
  Result<void> above = add_above(path);
  if (above) links_[path] = to;
  return above;
}

}  // namespace signalbox::lambda

// What is in packages, by name, before any of it is on the disk: which paths there are, and which of them are links.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::lambda {

/// An entry's path within its package, "a/b" or "." for the package itself, without "." parts. Errors:
/// InvalidParameterValueException for one that leads out, or is none that a file here can have.
Result<std::string> package_path(std::string_view path);

/// Paths as package_path() gives them. What comes later counts: a link is no more where a file or folder takes its
/// place, or something is to be under it.
class PackageTree {
 public:
  /// The same for each: Errors: InvalidParameterValueException where there are too many, with the folders above it.
  Result<void> add_folder(const std::string& path);
  Result<void> add_file(const std::string& path);
  /// Also refused: a link where a folder is.
  Result<void> add_link(const std::string& path, const std::string& to);

  bool is_folder(const std::string& path) const { return folders_.contains(path); }
  /// Where each leads, as the package says it. That is for the function's sandbox, whose root is its own: nothing
  /// outside of it ever follows one.
  const std::map<std::string, std::string>& links() const { return links_; }

 private:
  Result<void> add_above(const std::string& path);
  Result<void> count() const;

  std::set<std::string> folders_;
  std::size_t files_ = 0;
  std::map<std::string, std::string> links_;
};

/// The error of all that cannot be unpacked.
std::unexpected<Error> unusable_package(const std::string& why);

}  // namespace signalbox::lambda

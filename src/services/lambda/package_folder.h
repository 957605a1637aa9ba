// A folder of the disk that packages are unpacked into. Nothing in it is ever reached by a path that the kernel may
// follow out: every open is openat2 beneath the folder, without links; and links are made when all else is there.
#pragma once

#include <string>
#include <string_view>

#include "services/lambda/descriptor.h"
#include "services/lambda/package_tree.h"

namespace signalbox::lambda {

/// Gets what is in a package, entry by entry, with paths as package_path() gives them.
class PackageSink {
 public:
  virtual ~PackageSink() = default;
  virtual Result<void> folder(const std::string& path) = 0;
  virtual Result<void> link(const std::string& path, const std::string& to) = 0;
  virtual Result<void> begin_file(const std::string& path, bool executable) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> end_file() = 0;
  /// All is there.
  virtual Result<void> finish() = 0;
};

/// Takes note of names only.
class PackageCheck final : public PackageSink {
 public:
  Result<void> folder(const std::string& path) override { return tree_.add_folder(path); }
  Result<void> link(const std::string& path, const std::string& to) override { return tree_.add_link(path, to); }
  Result<void> begin_file(const std::string& path, bool) override { return tree_.add_file(path); }
  Result<void> write(std::string_view) override { return {}; }
  Result<void> end_file() override { return {}; }
  Result<void> finish() override { return {}; }

 private:
  PackageTree tree_;
};

/// Writes to the disk. Folders get the mode 0755, files 0755 where they are executable and 0644 otherwise.
class PackageFolder final : public PackageSink {
 public:
  /// The folder is there, and empty.
  explicit PackageFolder(const std::string& path);
  Result<void> folder(const std::string& path) override;
  Result<void> link(const std::string& path, const std::string& to) override;
  Result<void> begin_file(const std::string& path, bool executable) override;
  Result<void> write(std::string_view bytes) override;
  Result<void> end_file() override;
  Result<void> finish() override;

 private:
  Result<Descriptor> open_beneath(const std::string& path, int flags, unsigned mode) const;
  Result<void> make_folders(const std::string& path);
  /// The folder that a path is in, made where it is missing, and the path's last part.
  Result<int> parent_of(const std::string& path, std::string& name);

  const std::string path_;
  const Descriptor root_;
  PackageTree tree_;
  Descriptor file_;
  std::string parent_path_;
  Descriptor parent_;  // of that path: most files are in the folder of the one before
};

}  // namespace signalbox::lambda

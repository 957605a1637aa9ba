// Deployment packages in the data folder: each zip under the digest of its bytes, and unpacked from when it is needed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::lambda {

/// What is unpacked stays as long as somebody has this.
struct CodeFolder {
  std::string path;
};
using CodeFolderPtr = std::shared_ptr<const CodeFolder>;

/// Safe from any thread; calls block on the disk, and are for threads that may.
///   FOLDER/zip/DIGEST.zip   written and synced before anything refers to it
///   FOLDER/code/DIGEST/     what was in it, or in several; removed when no package needs it and nobody has it
///   FOLDER/runtime/         our own programs that run in sandboxes
class CodeStore {
 public:
  explicit CodeStore(std::string folder) : folder_(std::move(folder)) {}

  /// Makes the folders. Errors: code "StoreError".
  Result<void> open();
  /// Removes every package that is not named in `used`, and all that was unpacked of those.
  void keep_only(const std::set<std::string>& used);

  /// Checks a zip and keeps it; its name. It stays at least until settle(). Errors: those of check_zip; "StoreError".
  Result<std::string> put(std::string_view zip);
  /// What put() kept is now referred to, or is not; removed when `is_used` says that nothing does. Also for what
  /// something referred to until now.
  void settle(const std::string& name, bool was_put, const std::function<bool(const std::string&)>& is_used);
  Result<std::string> read(const std::string& name) const;

  /// The folder with what is in those packages, one over the other. Errors: "StoreError", and those of unpack_zips()
  /// for packages that do not go together.
  Result<CodeFolderPtr> unpacked(const std::vector<std::string>& names);

  std::string runtime_folder() const { return folder_ + "/runtime"; }
  /// Writes a file of ours there.
  Result<void> put_runtime(const std::string& name, std::string_view bytes, bool executable) const;

 private:
  std::string zip_path(const std::string& name) const { return folder_ + "/zip/" + name + ".zip"; }
  CodeFolderPtr hold(const std::string& path);
  /// Removes what was unpacked and nobody has any more.
  void sweep();

  const std::string folder_;
  std::mutex mutex_;                                            // one unpacks at a time
  std::map<std::string, int> kept_;                             // between put() and settle()
  std::map<std::string, std::weak_ptr<const CodeFolder>> had_;  // by path
  std::set<std::string> left_;                                  // paths to remove once nobody has them
};

}  // namespace signalbox::lambda

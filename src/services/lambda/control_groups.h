// Control groups of the host (cgroups) that bound the memory of sandboxes exactly, where this server may make them:
// version 2 in a delegated group or as root, version 1 as root. Elsewhere memory is only counted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/lambda/descriptor.h"

namespace signalbox::lambda {

class ControlGroups;

/// What the processes of a group use together, each page once.
struct GroupUse {
  std::int64_t memory_bytes = 0;  // of their own, and files in memory; not what is only kept of files on disks
  std::int64_t tasks = 0;         // processes and threads
};

/// One group; removed with its owner, as soon as nothing runs in it any more.
class ControlGroup {
 public:
  ControlGroup() = default;
  ControlGroup(std::shared_ptr<ControlGroups> of, std::string path, Descriptor processes)
      : of_(std::move(of)), path_(std::move(path)), processes_(std::move(processes)) {}
  ControlGroup(ControlGroup&& other) noexcept
      : of_(std::move(other.of_)), path_(std::move(other.path_)), processes_(std::move(other.processes_)) {}
  ControlGroup& operator=(ControlGroup&&) = delete;
  ~ControlGroup();
  bool is_made() const { return of_ != nullptr; }
  /// Empty when nothing runs in it.
  std::optional<GroupUse> use() const;
  /// Its cgroup.procs, open for writing: a process that writes "0" there joins.
  int processes() const { return processes_.get(); }

 private:
  std::shared_ptr<ControlGroups> of_;
  std::string path_;
  Descriptor processes_;
};

/// Safe from any thread; blocks shortly. Owned by those who make groups and by the groups.
class ControlGroups : public std::enable_shared_from_this<ControlGroups> {
 public:
  ~ControlGroups();
  /// A group whose processes have so much memory together; none where this server cannot make one.
  std::optional<ControlGroup> make(std::int64_t memory_bytes);
  /// "cgroup v2", "cgroup v1", or "" before the first group and where none can be made.
  std::string kind() const;

 private:
  friend class ControlGroup;
  enum class Version { kUnknown, kNone, kOne, kTwo };
  void find();
  bool try_base(Version version, const std::string& base);
  std::optional<ControlGroup> make_in(std::int64_t memory_bytes);
  static const char* bound_of(Version version);
  const char* tasks_file() const;
  void remove(std::string path);
  void remove_left();

  mutable std::mutex mutex_;
  Version version_ = Version::kUnknown;
  std::string base_;
  std::uint64_t next_ = 0;
  std::vector<std::string> left_;  // still with processes that end
};

}  // namespace signalbox::lambda

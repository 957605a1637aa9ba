#include "services/lambda/control_groups.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

namespace signalbox::lambda {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGroupPrefix = "signalbox-";
/// More than any function sends and receives at a time.
constexpr std::int64_t kTcpMemory = std::int64_t{64} * 1024 * 1024;
constexpr const char* kServerGroup = "/signalbox-server";
/// How long the end of the server waits for processes that it has killed.
constexpr int kLastTries = 50;
constexpr std::chrono::milliseconds kLastPause{2};

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool write(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return good;
}

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  std::string one;
  while (words >> one) {
    if (one == word) return true;
  }
  return false;
}

/// Where a hierarchy is mounted, and this process's group in it.
struct GroupPlace {
  std::string mount;
  std::string own;
};

/// The group in /proc/self/cgroup: of version 2, or of version 1's memory controller.
std::optional<std::string> own_group(bool second) {
  std::istringstream lines(read("/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    const auto first = line.find(':');
    const auto next = first == std::string::npos ? first : line.find(':', first + 1);
    if (next == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, next - first - 1);
    std::ranges::replace(controllers, ',', ' ');
    if (second ? controllers.empty() : has_word(controllers, "memory")) return line.substr(next + 1);
  }
  return std::nullopt;
}

std::optional<GroupPlace> find_place(bool second) {
  const auto group = own_group(second);
  if (!group) return std::nullopt;
  std::istringstream lines(read("/proc/self/mountinfo"));
  std::string line;
  while (std::getline(lines, line)) {
    const auto dash = line.find(second ? " - cgroup2 " : " - cgroup ");
    if (dash == std::string::npos) continue;
    std::istringstream words(line);
    std::string skipped;
    std::string root;
    GroupPlace place;
    words >> skipped >> skipped >> skipped >> root >> place.mount;
    std::string options = line.substr(line.rfind(' ') + 1);
    std::ranges::replace(options, ',', ' ');
    if (!second && !has_word(options, "memory")) continue;
    std::string_view within = *group;
    if (root != "/" && within.starts_with(root)) within.remove_prefix(root.size());
    place.own = place.mount + (within == "/" ? "" : std::string(within));
    return place;
  }
  return std::nullopt;
}

/// Has groups below this one have a memory controller: where only this server is in it (systemd's Delegate=yes), the
/// server moves into a group beside them, as version 2 asks.
bool delegate(const std::string& own) {
  if (has_word(read(own + "/cgroup.subtree_control"), "memory")) return true;
  if (!has_word(read(own + "/cgroup.controllers"), "memory")) return false;
  if (write(own + "/cgroup.subtree_control", "+memory")) return true;
  const std::string self = std::to_string(::getpid());
  std::istringstream processes(read(own + "/cgroup.procs"));
  std::string one;
  while (processes >> one) {
    if (one != self) return false;
  }
  const std::string server = own + kServerGroup;
  if (::mkdir(server.c_str(), 0755) != 0 && errno != EEXIST) return false;
  if (!write(server + "/cgroup.procs", self)) return false;
  if (write(own + "/cgroup.subtree_control", "+memory")) return true;
  write(own + "/cgroup.procs", self);
  ::rmdir(server.c_str());
  return false;
}

}  // namespace

std::optional<GroupUse> ControlGroup::use() const {
  GroupUse use;
  const std::string tasks = read(path_ + of_->tasks_file());
  use.tasks = std::ranges::count(tasks, '\n');
  if (use.tasks == 0) return std::nullopt;
  // "anon" and "shmem" in version 2; the first is "rss" in version 1.
  std::istringstream lines(read(path_ + "/memory.stat"));
  std::string name;
  std::int64_t bytes = 0;
  while (lines >> name >> bytes) {
    if (name == "anon" || name == "rss" || name == "shmem") use.memory_bytes += bytes;
  }
  return use;
}

ControlGroup::~ControlGroup() {
  if (of_ != nullptr) of_->remove(std::move(path_));
}

ControlGroups::~ControlGroups() {
  for (int i = 0; i < kLastTries && !left_.empty(); ++i) {
    remove_left();
    if (!left_.empty()) std::this_thread::sleep_for(kLastPause);
  }
}

const char* ControlGroups::bound_of(Version version) {
  return version == Version::kTwo ? "/memory.max" : "/memory.limit_in_bytes";
}

const char* ControlGroups::tasks_file() const {
  const std::lock_guard lock(mutex_);
  return version_ == Version::kTwo ? "/cgroup.threads" : "/tasks";
}

std::string ControlGroups::kind() const {
  const std::lock_guard lock(mutex_);
  return version_ == Version::kTwo ? "cgroup v2" : version_ == Version::kOne ? "cgroup v1" : "";
}

std::optional<ControlGroup> ControlGroups::make(std::int64_t memory_bytes) {
  const std::lock_guard lock(mutex_);
  remove_left();
  if (version_ == Version::kUnknown) find();
  if (version_ == Version::kNone) return std::nullopt;
  return make_in(memory_bytes);
}

void ControlGroups::find() {
  version_ = Version::kNone;
  if (const auto two = find_place(true)) {
    if (delegate(two->own) && try_base(Version::kTwo, two->own)) return;
    if (two->own != two->mount && try_base(Version::kTwo, two->mount)) return;
  }
  if (const auto one = find_place(false)) {
    if (try_base(Version::kOne, one->own)) return;
    if (one->own != one->mount && try_base(Version::kOne, one->mount)) return;
  }
}

/// Whether a group can be made there. Groups that servers of before have left are removed then; those that are busy
/// stay.
bool ControlGroups::try_base(Version version, const std::string& base) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kGroupPrefix)) continue;
    const std::string server = name.substr(kGroupPrefix.size(), name.rfind('-') - kGroupPrefix.size());
    if (!fs::exists("/proc/" + server, ignored)) ::rmdir(entry.path().c_str());
  }
  const std::string path = base + "/" + std::string(kGroupPrefix) + std::to_string(::getpid()) + "-try";
  if (::mkdir(path.c_str(), 0755) != 0) return false;
  const bool good = ::access((path + bound_of(version)).c_str(), W_OK) == 0;
  ::rmdir(path.c_str());
  if (!good) return false;
  version_ = version;
  base_ = base;
  return true;
}

std::optional<ControlGroup> ControlGroups::make_in(std::int64_t memory_bytes) {
  std::string path =
      base_ + "/" + std::string(kGroupPrefix) + std::to_string(::getpid()) + "-" + std::to_string(next_++);
  if (::mkdir(path.c_str(), 0755) != 0) return std::nullopt;
  const std::string bound = bound_of(version_);
  const std::string bytes = std::to_string(memory_bytes / 4096 * 4096);
  bool good = write(path + bound, bytes) && read(path + bound) == bytes + "\n";
  if (good && version_ == Version::kTwo) {
    write(path + "/memory.swap.max", "0");
    good = write(path + "/memory.oom.group", "1");
  }
  // Version 1 counts what TCP holds apart.
  const std::string tcp = path + "/memory.kmem.tcp.limit_in_bytes";
  if (good && version_ == Version::kOne && ::access(tcp.c_str(), F_OK) == 0) {
    good = write(tcp, std::to_string(std::min(memory_bytes, kTcpMemory) / 4096 * 4096));
  }
  Descriptor processes(good ? ::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC) : -1);
  if (processes.get() < 0) {
    ::rmdir(path.c_str());
    return std::nullopt;
  }
  return ControlGroup(shared_from_this(), std::move(path), std::move(processes));
}

void ControlGroups::remove(std::string path) {
  const std::lock_guard lock(mutex_);
  if (::rmdir(path.c_str()) != 0 && errno == EBUSY) left_.push_back(std::move(path));
}

void ControlGroups::remove_left() {
  std::erase_if(left_, [](const std::string& path) { return ::rmdir(path.c_str()) == 0 || errno != EBUSY; });
}

}  // namespace signalbox::lambda

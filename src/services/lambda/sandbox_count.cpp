#include "services/lambda/sandbox_count.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/lambda/sandbox.h"

namespace signalbox::lambda {
namespace {

/// What a pipe and a socket of AF_UNIX can hold at most, as they are made (seccomp.cpp keeps them so). The kernel tells
/// nobody what they do hold: those beyond what functions usually have count as full.
constexpr std::int64_t kPipeBytes = std::int64_t{64} * 1024;
constexpr std::int64_t kSocketBytes = std::int64_t{256} * 1024;
constexpr std::int64_t kFreeOfEach = 64;
/// What the kernel keeps for an open file and for a mapping, beyond those that functions usually have.
constexpr std::int64_t kFileBytes = 1024;
constexpr std::int64_t kFreeFiles = 16'384;
constexpr std::int64_t kMappingBytes = 256;
constexpr std::int64_t kFreeMappings = 65'536;
/// A few processes cannot have many mappings (vm.max_map_count): so there they are not counted.
constexpr std::size_t kFewProcesses = 4;
/// What is not counted any more: whoever has so much is ended.
constexpr std::int64_t kMostFiles = 65'536;
constexpr std::int64_t kMostMappings = 1'000'000;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// A line of /proc/PID/status or smaps_rollup, in bytes: "RssAnon:      1234 kB". Empty where there is none.
std::optional<std::int64_t> kilobytes(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
  std::int64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value * 1024;
}

class Count {
 public:
  /// Adds the process and all that it forked.
  void add_process(pid_t process) {
    const std::string place = "/proc/" + std::to_string(process);
    bool found = false;  // a thread that has not ended, as the first one may before the others
    std::error_code problem;
    for (std::filesystem::directory_iterator at(place + "/task", problem), end; !problem && at != end;
         at.increment(problem)) {
      if (!countable()) return;
      ++tasks_;
      if (!found) found = add_memory(at->path());
      std::istringstream children(read_file(at->path() / "children"));
      pid_t child = 0;
      while (children >> child) add_process(child);
    }
  }

  std::optional<ProcessesUse> use(std::int64_t bound) {
    if (tasks_ == 0) return std::nullopt;
    if (places_.size() > kFewProcesses) count_mappings(std::min(kMostMappings, kFreeMappings + bound / kMappingBytes));
    const std::int64_t kept = tables_ + std::max(std::int64_t{0}, pipes_ - kFreeOfEach) * kPipeBytes +
                              std::max(std::int64_t{0}, sockets_ - kFreeOfEach) * kSocketBytes +
                              std::max(std::int64_t{0}, files_ - kFreeFiles) * kFileBytes +
                              std::max(std::int64_t{0}, mappings_ - kFreeMappings) * kMappingBytes;
    return ProcessesUse{kept + (own_ + kept > bound ? own_without_shared() : own_), tasks_, countable()};
  }

 private:
  bool countable() const { return tasks_ <= 2 * kMaxTasks && files_ <= kMostFiles && mappings_ <= kMostMappings; }

  /// What all threads of a process have. False for a thread that has ended. The filter of system calls sees to it that
  /// no thread has open files of its own.
  bool add_memory(const std::string& place) {
    const std::string status = read_file(place + "/status");
    const auto own = kilobytes(status, "\nRssAnon:");
    if (!own) return false;
    own_ += *own;
    tables_ += kilobytes(status, "\nVmPTE:").value_or(0);
    places_.emplace_back(place, *own);
    add_open_files(place);
    return true;
  }

  /// Pipes and sockets each once, however many processes hold them.
  void add_open_files(const std::string& place) {
    std::error_code problem;
    for (std::filesystem::directory_iterator at(place + "/fd", problem), end; !problem && at != end && countable();
         at.increment(problem)) {
      ++files_;
      char to[64];
      const ssize_t length = ::readlink(at->path().c_str(), to, sizeof(to));
      const std::string_view name(to, length > 0 ? static_cast<std::size_t>(length) : 0);
      const bool is_pipe = name.starts_with("pipe:[");
      if (!is_pipe && !name.starts_with("socket:[")) continue;
      if (seen_.emplace(name).second) ++(is_pipe ? pipes_ : sockets_);
    }
  }

  /// No further than `most`.
  void count_mappings(std::int64_t most) {
    for (const auto& [place, own] : places_) {
      std::ifstream maps(place + "/maps");
      char block[4096];
      while (mappings_ <= most && (maps.read(block, sizeof(block)) || maps.gcount() > 0)) {
        mappings_ += std::count(block, block + maps.gcount(), '\n');
      }
    }
  }

  /// A page that several processes share counts for each as its part.
  std::int64_t own_without_shared() const {
    std::int64_t sum = 0;
    for (const auto& [place, own] : places_) {
      sum += kilobytes(read_file(place + "/smaps_rollup"), "\nPss_Anon:").value_or(own);
    }
    return sum;
  }

  std::int64_t own_ = 0;     // bytes that no file stands for
  std::int64_t tables_ = 0;  // of pages
  std::int64_t tasks_ = 0;
  std::int64_t files_ = 0;
  std::int64_t pipes_ = 0;
  std::int64_t sockets_ = 0;
  std::int64_t mappings_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> places_;  // of a thread of each process, and its own bytes
  std::set<std::string, std::less<>> seen_;
};

}  // namespace

std::optional<ProcessesUse> count_processes(pid_t first, std::int64_t bound) {
  Count count;
  count.add_process(first);
  return count.use(bound);
}

}  // namespace signalbox::lambda

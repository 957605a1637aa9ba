#include "services/lambda/sandbox_count.h"

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

/// What the kernel keeps for something and tells nobody: those beyond what functions usually have count as full.
struct Kept {
  std::int64_t bytes;  // that one can hold at most, as it is made (seccomp.cpp keeps it so)
  std::int64_t free;
  std::int64_t of(std::int64_t count) const { return std::max(std::int64_t{0}, count - free) * bytes; }
};
constexpr Kept kPipe{std::int64_t{64} * 1024, 64};
constexpr Kept kSocket{std::int64_t{256} * 1024, 64};
/// Of AF_UNIX: as many datagrams as net.unix.max_dgram_qlen says, of senders that may be gone.
constexpr Kept kDatagramSocket{std::int64_t{8} * 1024 * 1024, 4};
constexpr Kept kEpoll{std::int64_t{256} * 1024, 64};  // as many files as a process may have
constexpr Kept kFile{1024, 16'384};
constexpr Kept kMapping{256, 65'536};
constexpr Kept kSharedMapping{kMaxSharedMapping, 0};
/// What is not counted any more: whoever has so much is ended. Locks of files count for nobody, no control group
/// either.
constexpr std::int64_t kMostFiles = 65'536;
constexpr std::int64_t kMostLocks = 65'536;
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

/// Where a link leads, or the beginning of that; "" for none.
std::string link_of(const std::string& path) {
  char to[64];
  const ssize_t length = ::readlink(path.c_str(), to, sizeof(to));
  return {to, length > 0 ? static_cast<std::size_t>(length) : 0};
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
    count_mappings(std::min(kMostMappings, kMapping.free + bound / kMapping.bytes));
    count_local_sockets();
    const std::int64_t kept = tables_ + kPipe.of(pipes_) + kSocket.of(sockets_) +
                              kDatagramSocket.of(datagram_sockets_) + kEpoll.of(epolls_) + kFile.of(files_) +
                              kMapping.of(mappings_) +
                              kSharedMapping.of(static_cast<std::int64_t>(shared_mappings_.size()));
    return ProcessesUse{kept + (own_ + kept > bound ? own_without_shared() : own_), tasks_, countable()};
  }

 private:
  bool countable() const {
    return tasks_ <= 2 * kMaxTasks && files_ <= kMostFiles && locks_ <= kMostLocks && mappings_ <= kMostMappings;
  }

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
      const std::string name = link_of(at->path());
      if (name.starts_with('/')) {
        count_locks(place + "/fdinfo/" + at->path().filename().string());
      } else if (name == "anon_inode:[eventpoll]") {
        ++epolls_;
      } else if (name.starts_with("pipe:[") && seen_.emplace(name).second) {
        ++pipes_;
      } else if (name.starts_with("socket:[") && seen_.emplace(name).second) {
        ++sockets_;
      }
    }
  }

  void count_locks(const std::string& file) {
    std::ifstream lines(file);
    std::string line;
    while (countable() && std::getline(lines, line)) locks_ += line.starts_with("lock:") ? 1 : 0;
  }

  /// No further than `most`. Shared mappings that are no file's stand there as "/dev/zero (deleted)".
  void count_mappings(std::int64_t most) {
    for (const auto& [place, own] : places_) {
      std::ifstream maps(place + "/maps");
      std::string line;
      while (mappings_ <= most && std::getline(maps, line)) {
        ++mappings_;
        if (!line.ends_with("/dev/zero (deleted)")) continue;
        std::istringstream words(line);
        std::string inode;
        for (int i = 0; i < 5; ++i) words >> inode;  // addresses, rights, offset, device, inode
        shared_mappings_.insert(inode);
      }
    }
  }

  /// Those that no process has (not accepted yet, or on the way in a message) stand in the network's own list.
  void count_local_sockets() {
    const std::string place = places_.empty() ? "" : places_.back().first;
    const std::string network = link_of(place + "/ns/net");
    if (network.empty() || network == link_of("/proc/self/ns/net")) return;
    std::ifstream lines(place + "/net/unix");
    std::string line;
    std::int64_t sockets = -1;  // the first line says what the others have
    while (sockets <= kMostFiles && std::getline(lines, line)) {
      ++sockets;
      std::istringstream words(line);
      std::string type;
      for (int i = 0; i < 5; ++i) words >> type;  // number, references, protocol, flags, type
      if (type == "0002") ++datagram_sockets_;
    }
    sockets_ = std::max(sockets_, sockets);
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
  std::int64_t datagram_sockets_ = 0;
  std::int64_t epolls_ = 0;
  std::int64_t locks_ = 0;
  std::int64_t mappings_ = 0;
  std::set<std::string> shared_mappings_;                     // by inode
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

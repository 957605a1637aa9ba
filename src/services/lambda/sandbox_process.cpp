// A sandbox seen from outside: what init hands over, what its processes use, what became of them.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "services/lambda/sandbox.h"

namespace signalbox::lambda {
namespace {

constexpr int kStartMilliseconds = 10'000;
/// What the kernel keeps for a file in memory, beside its bytes.
constexpr std::int64_t kFileBytes = 1024;
constexpr int kHandedOver = 4;
/// What a pipe and a socket of AF_UNIX can hold at most, as they are made (seccomp.cpp keeps them so). The kernel tells
/// nobody what they do hold: where no control group counts it, those beyond what functions usually have count as full.
constexpr std::int64_t kPipeBytes = std::int64_t{64} * 1024;
constexpr std::int64_t kSocketBytes = std::int64_t{256} * 1024;
constexpr std::int64_t kFreeOfEach = 64;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// A line of /proc/PID/status: "RssAnon:      1234 kB".
std::int64_t field(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return 0;
  std::string_view rest = status.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_of("0123456789"), rest.size()));
  std::int64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

/// What processes of a sandbox have, added up.
struct Sum {
  std::int64_t own = 0;     // bytes that no file stands for, and tables of pages
  std::int64_t mapped = 0;  // of files in memory
  std::int64_t memfds = 0;
  std::int64_t pipes = 0;
  std::int64_t sockets = 0;
  std::int64_t tasks = 0;
  std::set<std::pair<dev_t, ino_t>> seen;
};

/// Files in memory that have no name, pipes and sockets, each once however many processes hold it.
void add_open_files(const std::string& place, Sum& sum) {
  std::error_code problem;
  for (std::filesystem::directory_iterator at(place + "/fd", problem), end; !problem && at != end;
       at.increment(problem)) {
    char to[64];
    const ssize_t length = ::readlink(at->path().c_str(), to, sizeof(to));
    const std::string_view name(to, length > 0 ? static_cast<std::size_t>(length) : 0);
    const bool is_memfd = name.starts_with("/memfd:");
    const bool is_pipe = name.starts_with("pipe:[");
    if (!is_memfd && !is_pipe && !name.starts_with("socket:[")) continue;
    struct stat info{};
    if (::stat(at->path().c_str(), &info) != 0 || !sum.seen.emplace(info.st_dev, info.st_ino).second) continue;
    if (is_memfd) {
      sum.memfds += std::int64_t{info.st_blocks} * 512 + kFileBytes;
    } else {
      ++(is_pipe ? sum.pipes : sum.sockets);
    }
  }
}

/// Adds what the thread forked, and what it has, but for memory, which all threads of a process share: true when that
/// was added. A thread that has ended, as the first one may before the others, has none of it any more.
void add_process(pid_t process, Sum& sum);
bool add_thread(const std::string& place, bool with_memory, Sum& sum) {
  ++sum.tasks;
  const std::string status = read_file(place + "/status");
  const bool has_memory = status.find("\nRssAnon:") != std::string::npos;
  if (with_memory && has_memory) {
    sum.own += (field(status, "\nRssAnon:") + field(status, "\nVmPTE:")) * 1024;
    sum.mapped += field(status, "\nRssShmem:") * 1024;
  }
  add_open_files(place, sum);  // a thread may have some of its own
  std::istringstream children(read_file(place + "/children"));
  pid_t child = 0;
  while (children >> child) add_process(child, sum);
  return has_memory;
}

void add_process(pid_t process, Sum& sum) {
  bool with_memory = true;
  std::error_code problem;
  for (std::filesystem::directory_iterator at("/proc/" + std::to_string(process) + "/task", problem), end;
       !problem && at != end; at.increment(problem)) {
    if (sum.tasks > kMaxTasks * 2) return;  // too many already, whatever else there is
    if (add_thread(at->path(), with_memory, sum)) with_memory = false;
  }
}

std::int64_t bytes_in(const Descriptor& folder) {
  struct statfs info{};
  if (folder.get() < 0 || ::fstatfs(folder.get(), &info) != 0) return 0;
  const auto used = static_cast<std::int64_t>(info.f_blocks - info.f_bfree) * info.f_bsize;
  return used + static_cast<std::int64_t>(info.f_files - info.f_ffree) * kFileBytes;
}

std::string text_of_end(int status) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    return code == 0 ? "" : "exit status " + std::to_string(code);
  }
  const int number = WTERMSIG(status);
  if (number == SIGKILL) return "signal: killed";
  if (number == SIGSEGV) return "signal: segmentation fault";
  const char* const name = sigabbrev_np(number);
  return std::string("signal: ") + (name != nullptr ? name : std::to_string(number));
}

}  // namespace

Result<SandboxProcess::Sockets> SandboxProcess::receive(Descriptor control) {
  const auto failed = [] { return fail("ServiceException", "", 500); };
  pollfd ready{control.get(), POLLIN, 0};
  if (::poll(&ready, 1, kStartMilliseconds) != 1) return failed();
  char byte = 0;
  iovec part{&byte, 1};
  int handed[kHandedOver] = {-1, -1, -1, -1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(handed))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  if (::recvmsg(control.get(), &message, MSG_CMSG_CLOEXEC) != 1) return failed();
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(handed))) {
    return failed();
  }
  std::memcpy(handed, CMSG_DATA(header), sizeof(handed));
  tmp_ = Descriptor(handed[2]);
  shm_ = Descriptor(handed[3]);
  control_ = std::move(control);
  return Sockets{Descriptor(handed[0]), Descriptor(handed[1])};
}

void SandboxProcess::let_go() {
  const char go = 1;
  static_cast<void>(::send(control_.get(), &go, 1, MSG_NOSIGNAL));  // of one that has ended the end is told anyway
}

std::optional<SandboxUse> SandboxProcess::measure() const {
  Sum sum;
  add_process(process_, sum);
  if (sum.tasks == 0) return std::nullopt;
  SandboxUse use;
  use.tasks = sum.tasks;
  use.tmp_bytes = bytes_in(tmp_);
  // What processes map of files counts once, with the files: /tmp's among them, or those that only mappings hold.
  use.memory_bytes = sum.own + std::max(sum.mapped - use.tmp_bytes, bytes_in(shm_) + sum.memfds);
  if (is_grouped()) return use;
  use.memory_bytes += std::max(std::int64_t{0}, sum.pipes - kFreeOfEach) * kPipeBytes;
  use.memory_bytes += std::max(std::int64_t{0}, sum.sockets - kFreeOfEach) * kSocketBytes;
  return use;
}

std::string SandboxProcess::reap() {
  int status = 0;
  if (::waitpid(process_, &status, 0) != process_) return "";
  // init tells of the runtime; where it could not, all of the sandbox was killed.
  int told = 0;
  if (control_.get() >= 0 && ::recv(control_.get(), &told, sizeof(told), MSG_DONTWAIT) == sizeof(told)) {
    return text_of_end(told);
  }
  // bubblewrap tells of a signal as a shell does.
  if (WIFEXITED(status) && WEXITSTATUS(status) > 128) return text_of_end(WEXITSTATUS(status) - 128);
  return text_of_end(status);
}

}  // namespace signalbox::lambda

// A sandbox seen from outside: what init hands over, what its processes use, what became of them.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "services/lambda/sandbox.h"
#include "services/lambda/sandbox_count.h"

namespace signalbox::lambda {
namespace {

constexpr int kStartMilliseconds = 10'000;
/// What the kernel keeps for a file in memory, beside its bytes.
constexpr std::int64_t kInodeBytes = 1024;
constexpr int kHandedOver = 4;
/// What init is asked for (runtime/init.cpp).
constexpr char kHoldStill = 0;
constexpr char kGoOn = 1;
/// A folder in memory: bytes of its files, and what is kept for each file.
struct FolderUse {
  std::int64_t bytes = 0;
  std::int64_t inodes = 0;
  std::int64_t all() const { return bytes + inodes; }
};
FolderUse use_of(const Descriptor& folder) {
  struct statfs info{};
  if (folder.get() < 0 || ::fstatfs(folder.get(), &info) != 0) return {};
  return {static_cast<std::int64_t>(info.f_blocks - info.f_bfree) * info.f_bsize,
          static_cast<std::int64_t>(info.f_files - info.f_ffree) * kInodeBytes};
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

void SandboxProcess::ask(char what) {
  // Of one that has ended the end is told anyway.
  static_cast<void>(::send(control_.get(), &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT));
}

void SandboxProcess::let_go() {
  ask(kGoOn);
}

void SandboxProcess::hold() {
  ask(kHoldStill);
}

bool SandboxProcess::take_done() {
  char done = 0;
  // How the program ended is a longer message, and left for reap().
  char message[sizeof(int)];
  if (::recv(control_.get(), message, sizeof(message), MSG_DONTWAIT | MSG_PEEK) != 1) return false;
  return ::recv(control_.get(), &done, 1, MSG_DONTWAIT) == 1;
}

Descriptor SandboxProcess::told() const {
  return Descriptor(::fcntl(control_.get(), F_DUPFD_CLOEXEC, 0));
}

bool SandboxProcess::hold_first(pid_t first) {
  first_ = Descriptor(first > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, first, 0)) : -1);
  return first_.get() >= 0;
}

void SandboxProcess::kill() const {
  if (first_.get() >= 0) ::syscall(SYS_pidfd_send_signal, first_.get(), SIGKILL, nullptr, 0);
  ::kill(process_, SIGKILL);
}

std::optional<SandboxUse> SandboxProcess::measure() const {
  const auto use = group_.use();
  if (!use) return std::nullopt;
  const FolderUse tmp = use_of(tmp_);
  return SandboxUse{std::max(std::int64_t{0}, use->memory_bytes - tmp.bytes), tmp.all(), use->tasks};
}

std::optional<SandboxUse> SandboxProcess::count(std::int64_t bound) const {
  const std::int64_t shared = use_of(shm_).all();
  const auto use = count_processes(process_, bound - shared);
  if (!use) return std::nullopt;
  return SandboxUse{use->memory_bytes + shared, use_of(tmp_).all(), use->tasks, use->countable};
}

std::string SandboxProcess::reap() {
  int status = 0;
  if (::waitpid(process_, &status, 0) != process_) return "";
  // init tells of the runtime; where it could not, all of the sandbox was killed.
  int told = 0;
  while (control_.get() >= 0 && take_done()) {
  }
  if (control_.get() >= 0 && ::recv(control_.get(), &told, sizeof(told), MSG_DONTWAIT) == sizeof(told)) {
    return text_of_end(told);
  }
  // bubblewrap tells of a signal as a shell does.
  if (WIFEXITED(status) && WEXITSTATUS(status) > 128) return text_of_end(WEXITSTATUS(status) - 128);
  return text_of_end(status);
}

}  // namespace signalbox::lambda

// What a sandbox begins with: a program of its own, linked statically, so that it starts in a millisecond.
//
//   init outside UID KEPT PROGRAM ARGUMENT...
//       Before the sandbox: keeps the descriptors 0 to KEPT, of which those from 5 on are folders; becomes UID, where
//       it is root and may (0: stays who it is); and runs PROGRAM, which makes the sandbox.
//   init inside PORT TASKS PROGRAM ARGUMENT...
//       In it: listens in the sandbox's own network on 127.0.0.1:9001 and 127.0.0.1:PORT, hands both sockets to the
//       server through descriptor 3, and runs PROGRAM with at most TASKS processes and threads.
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr int kControl = 3;
constexpr unsigned kFirstFolder = 5;  // behind the control socket and bubblewrap's options
constexpr int kRuntimePort = 9001;
constexpr int kFailed = 125;

[[noreturn]] void give_up(const char* what) {
  perror(what);
  _exit(kFailed);
}

void limit(int what, rlim_t most) {
  struct rlimit bounds{};
  if (getrlimit(static_cast<__rlimit_resource>(what), &bounds) != 0) give_up("getrlimit");
  bounds.rlim_max = bounds.rlim_max < most ? bounds.rlim_max : most;
  bounds.rlim_cur = bounds.rlim_max;
  if (setrlimit(static_cast<__rlimit_resource>(what), &bounds) != 0) give_up("setrlimit");
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const at = reinterpret_cast<const struct sockaddr*>(&address);
  if (fd < 0 || bind(fd, at, sizeof(address)) != 0 || listen(fd, 64) != 0) give_up("listen in the sandbox");
  return fd;
}

void hand_over(const int (&sockets)[2]) {
  char byte = 1;
  struct iovec part{&byte, 1};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(sockets))] = {};
  struct msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  struct cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(sockets));
  memcpy(CMSG_DATA(header), sockets, sizeof(sockets));
  if (sendmsg(kControl, &message, MSG_NOSIGNAL) != 1) give_up("hand over sockets");
}

void become(unsigned long user) {
  const auto id = static_cast<uid_t>(user);
  if (setgroups(0, nullptr) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) give_up("become a user");
}

/// Opens the folders of those descriptors anew at places that any user can reach, in a mount namespace of this process
/// alone. False where that is not permitted.
bool put_in_reach(unsigned last) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", "/mnt", "tmpfs", 0, "size=64k,mode=755") != 0) {
    return false;
  }
  for (unsigned fd = kFirstFolder; fd <= last; ++fd) {
    char from[32];
    char to[32];
    snprintf(from, sizeof(from), "/proc/self/fd/%u", fd);
    snprintf(to, sizeof(to), "/mnt/%u", fd);
    if (mkdir(to, 0755) != 0 || mount(from, to, nullptr, MS_BIND, nullptr) != 0) return false;
    const int opened = open(to, O_PATH | O_DIRECTORY);
    if (opened < 0 || dup2(opened, static_cast<int>(fd)) < 0) return false;
    close(opened);
  }
  return true;
}

void outside(char** arguments) {
  const auto kept = static_cast<unsigned>(strtoul(arguments[1], nullptr, 10));
  if (close_range(kept + 1, ~0U, 0) != 0) give_up("close descriptors");
  // When memory runs out on the host, functions go first.
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    if (write(score, "500", 3) != 3) perror("oom_score_adj");
    close(score);
  }
  const unsigned long user = strtoul(arguments[0], nullptr, 10);
  if (user != 0 && put_in_reach(kept)) become(user);
  umask(022);
}

void inside(char** arguments) {
  const int sockets[2] = {listen_on(kRuntimePort), listen_on(static_cast<int>(strtoul(arguments[0], nullptr, 10)))};
  hand_over(sockets);
  close(kControl);
  close(sockets[0]);
  close(sockets[1]);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 1024);
  limit(RLIMIT_NPROC, strtoul(arguments[1], nullptr, 10));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return kFailed;
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (strcmp(arguments[1], "outside") == 0) {
    outside(arguments + 2);
  } else {
    inside(arguments + 2);
  }
  execvp(arguments[4], arguments + 4);
  give_up(arguments[4]);
}

// What a sandbox begins with: a program of its own, linked statically, so that it starts in a millisecond. Every step
// that confines must succeed: where one does not, it says so and ends, and there is no sandbox.
//
//   init outside UID GROUP FIRST LAST PROGRAM ARGUMENT...
//       Before the sandbox: keeps the descriptors 0 to LAST, of which FIRST to LAST are folders; joins the control
//       group whose cgroup.procs is open as descriptor GROUP (0: none); becomes UID (0: stays who it is); and runs
//       PROGRAM, which makes the sandbox.
//   init inside PORT TASKS PROGRAM ARGUMENT...
//       In it, as its first process: listens in the sandbox's own network on 127.0.0.1:9001 and 127.0.0.1:PORT, hands
//       both sockets, /tmp and /dev/shm to the server through descriptor 3, waits for a byte from there, for the server
//       looks at how it is confined, runs PROGRAM with at most TASKS processes and threads, reaps what ends, and tells
//       through descriptor 3 how PROGRAM ended. Another byte from there stops all others in the sandbox (kHoldStill) or
//       has them go on (kGoOn), and comes back when that is done; the end of the server is the sandbox's.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int kControl = 3;
constexpr int kRuntimePort = 9001;
constexpr int kFailed = 125;
constexpr int kNotFound = 127;
constexpr char kHoldStill = 0;
constexpr char kGoOn = 1;
// After having them go on, init does so once more: a process that was being made as it was stopped and let go at once
// would stand still for ever.
constexpr struct timespec kOnceMoreAfter{0, 20'000'000};
constexpr unsigned kMaxFolders = 16;
// Of <sys/mount.h>, which does not go together with <linux/mount.h>.
constexpr unsigned long kPrivate = (1UL << 18) | (1UL << 14);  // MS_PRIVATE | MS_REC

[[noreturn]] void give_up(const char* what) {
  perror(what);
  _exit(kFailed);
}

[[noreturn]] void refuse(const char* what) {
  fprintf(stderr, "%s\n", what);
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

int open_place(const char* path) {
  const int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  return fd;
}

void hand_over(const int (&descriptors)[4]) {
  char byte = 1;
  struct iovec part{&byte, 1};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(descriptors))] = {};
  struct msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  struct cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(descriptors));
  memcpy(CMSG_DATA(header), descriptors, sizeof(descriptors));
  if (sendmsg(kControl, &message, MSG_NOSIGNAL) != 1) give_up("hand over sockets");
}

void become(unsigned long user) {
  const auto id = static_cast<uid_t>(user);
  if (setgroups(0, nullptr) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) give_up("become a user");
  if (getuid() != id || geteuid() != id || getegid() != id || setresuid(0, 0, 0) == 0) refuse("still root");
}

/// Puts the folders of those descriptors at places that any user can reach, in a mount namespace of this process alone.
/// Their trees are taken before: a mount of one namespace cannot be bound from in another.
void put_in_reach(unsigned first, unsigned last) {
  if (last - first >= kMaxFolders) refuse("too many folders");
  int trees[kMaxFolders];
  for (unsigned fd = first; fd <= last; ++fd) {
    trees[fd - first] = static_cast<int>(syscall(SYS_open_tree, static_cast<int>(fd), "",
                                                 AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (trees[fd - first] < 0) give_up("take a folder (a server that is root needs CAP_SYS_ADMIN)");
  }
  if (unshare(CLONE_NEWNS) != 0 || syscall(SYS_mount, "none", "/", nullptr, kPrivate, nullptr) != 0 ||
      syscall(SYS_mount, "none", "/mnt", "tmpfs", 0UL, "size=64k,mode=755") != 0) {
    give_up("make a mount namespace (a server that is root needs CAP_SYS_ADMIN)");
  }
  for (unsigned fd = first; fd <= last; ++fd) {
    char to[32];
    snprintf(to, sizeof(to), "/mnt/%u", fd);
    if (mkdir(to, 0755) != 0 ||
        syscall(SYS_move_mount, trees[fd - first], "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
      give_up("place a folder");
    }
    const int opened = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0 || dup2(opened, static_cast<int>(fd)) < 0) give_up("open a folder");
    close(opened);
  }
}

void outside(char** arguments) {
  const unsigned long user = strtoul(arguments[0], nullptr, 10);
  const auto group = static_cast<int>(strtol(arguments[1], nullptr, 10));
  const auto first = static_cast<unsigned>(strtoul(arguments[2], nullptr, 10));
  const auto last = static_cast<unsigned>(strtoul(arguments[3], nullptr, 10));
  if (close_range(last + 1, ~0U, 0) != 0) give_up("close descriptors");
  // When memory runs out on the host, functions go first.
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    if (write(score, "500", 3) != 3) perror("oom_score_adj");
    close(score);
  }
  if (group != 0) {
    if (write(group, "0", 1) != 1) give_up("join the control group");
    close(group);
  }
  if (user != 0) {
    put_in_reach(first, last);
    become(user);
  }
  umask(022);
}

/// Whether this process is confined as it is to be, by what the kernel says of it.
void check_confinement() {
  if (getpid() != 1) refuse("no process namespace");
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) refuse("new privileges can be had");
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER) refuse("no seccomp filter");
  struct __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) give_up("capget");
  for (const auto& set : sets) {
    if (set.effective != 0 || set.permitted != 0 || set.inheritable != 0) refuse("capabilities are left");
  }
}

/// Waits for all that have ended, as the first process of a namespace must; ends itself with the program.
void reap(pid_t program) {
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
    if (ended != program) continue;
    if (send(kControl, &status, sizeof(status), MSG_NOSIGNAL) < 0) _exit(kFailed);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

/// Does what the server asked for last. What is just being made is stopped as well: the kernel sends to all at once.
char obey() {
  char asked = kGoOn;
  char last = kGoOn;
  int count = 0;
  ssize_t got = 0;
  while ((got = recv(kControl, &asked, 1, MSG_DONTWAIT)) == 1) {
    last = asked;
    ++count;
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) _exit(kFailed);
  if (count > 0) kill(-1, last == kHoldStill ? SIGSTOP : SIGCONT);
  for (; count > 0; --count) {
    if (send(kControl, &last, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) _exit(kFailed);
  }
  return last;
}

/// Runs the program, to its end.
[[noreturn]] void run(char** command) {
  const pid_t program = fork();
  if (program < 0) give_up("fork");
  if (program == 0) {
    close(kControl);
    execvp(command[0], command);
    perror(command[0]);
    _exit(kNotFound);
  }
  // Nothing of the runtime's output is held open by this process.
  close(0);
  close(1);
  close(2);
  // Ends of processes are told of while this one waits, and only then.
  sigset_t ends;
  sigset_t none;
  sigemptyset(&none);
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGCHLD, [](int) {});
  bool once_more = false;
  for (;;) {
    reap(program);
    struct pollfd server{kControl, POLLIN, 0};
    const int ready = ppoll(&server, 1, once_more ? &kOnceMoreAfter : nullptr, &none);
    if (ready > 0) once_more = obey() == kGoOn;
    if (ready != 0) continue;
    kill(-1, SIGCONT);
    once_more = false;
  }
}

void inside(char** arguments) {
  check_confinement();
  // Folders of the host that the sandbox was made of are nothing to keep open in it.
  if (close_range(kControl + 1, ~0U, 0) != 0) give_up("close descriptors");
  const int handed[4] = {listen_on(kRuntimePort), listen_on(static_cast<int>(strtoul(arguments[0], nullptr, 10))),
                         open_place("/tmp"), open_place("/dev/shm")};
  hand_over(handed);
  for (const int fd : handed) close(fd);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 1024);
  limit(RLIMIT_NPROC, strtoul(arguments[1], nullptr, 10));
  char asked = kHoldStill;
  if (recv(kControl, &asked, 1, 0) != 1 || asked != kGoOn) give_up("be let go");
  // The server has looked. From here on nothing of this user's writes into this process's memory, or takes what it has
  // open: it is what ends the sandbox.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) give_up("be out of reach");
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return kFailed;
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (strcmp(arguments[1], "outside") == 0 && count >= 7) {
    outside(arguments + 2);
    execvp(arguments[6], arguments + 6);
    give_up(arguments[6]);
  }
  inside(arguments + 2);
  run(arguments + 4);
}

#include "services/lambda/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "services/lambda/confinement.h"
#include "services/lambda/sandbox_count.h"

namespace signalbox::lambda {
namespace {

SandboxPlan plan_of(std::vector<std::string> environment, std::vector<std::string> command = {"/bin/true"}) {
  SandboxPlan plan;
  plan.folders = {{"/somewhere", "/var/runtime"}};
  plan.environment = std::move(environment);
  plan.command = std::move(command);
  return plan;
}

TEST(SandboxOptions, AreMadeOfTextsThatCannotEndThem) {
  const auto good = sandbox_options(plan_of({"A=x --bind / /tmp", "B_1=", "C=a=b"}), 7, 5, true);
  ASSERT_TRUE(good);
  // A value is one word, whatever is in it.
  EXPECT_EQ(std::ranges::count(*good, "x --bind / /tmp"), 1);
  const std::string zero("x\0--bind\0/\0/tmp", 16);
  for (const auto& plan : {plan_of({"A=" + zero}), plan_of({zero + "=x"}), plan_of({"A"}), plan_of({"=x"}),
                           plan_of({"1A=x"}), plan_of({"A-B=x"}), plan_of({"A=x"}, {"/bin/sh", zero})}) {
    const auto refused = sandbox_options(plan, 7, 5, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "InvalidParameterValueException");
  }
  SandboxPlan folders = plan_of({});
  folders.folders.push_back({"/x", zero});
  EXPECT_FALSE(sandbox_options(folders, 7, 5, true));
}

/// What a system call comes to in a process of its own: 0, or its error; 1000 + the signal that ended the process.
template <class Call>
int outcome_of(Call call) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);  // which a sanitizer takes
    errno = 0;
    ::_exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
/// The same, behind the filter.
template <class Call>
int filtered(Call call, bool grouped = true) {
  return outcome_of([&] {
    std::string bytes = seccomp_filter(grouped);
    sock_fprog program{static_cast<unsigned short>(bytes.size() / sizeof(sock_filter)),
                       reinterpret_cast<sock_filter*>(bytes.data())};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(255);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) ::_exit(254);
    errno = 0;
    return call();
  });
}
template <class... Arguments>
int call_of(long number, Arguments... arguments) {
  return filtered([=] { return ::syscall(number, arguments...); });
}

TEST(Seccomp, KeepsTheLargeDoorsShut) {
  for (const long call : {SYS_ptrace,
                          SYS_process_vm_readv,
                          SYS_process_vm_writev,
                          SYS_add_key,
                          SYS_request_key,
                          SYS_keyctl,
                          SYS_setns,
                          SYS_mount,
                          SYS_umount2,
                          SYS_pivot_root,
                          SYS_chroot,
                          SYS_open_tree,
                          SYS_move_mount,
                          SYS_fsopen,
                          SYS_fsmount,
                          SYS_open_by_handle_at,
                          SYS_name_to_handle_at,
                          SYS_bpf,
                          SYS_perf_event_open,
                          SYS_userfaultfd,
                          SYS_init_module,
                          SYS_finit_module,
                          SYS_delete_module,
                          SYS_kexec_load,
                          SYS_kexec_file_load,
                          SYS_reboot,
                          SYS_swapon,
                          SYS_settimeofday,
                          SYS_clock_settime,
                          SYS_sethostname,
                          SYS_acct,
                          SYS_quotactl,
                          SYS_fanotify_init,
                          SYS_syslog}) {
    EXPECT_EQ(call_of(call, 0L, 0L, 0L, 0L, 0L, 0L), EPERM) << call;
  }
  for (const long call : std::initializer_list<long>{SYS_io_uring_setup, SYS_io_uring_enter, SYS_clone3, SYS_shmget,
                                                     SYS_msgget, SYS_semget, 500}) {
    EXPECT_EQ(call_of(call, 0L, 0L, 0L, 0L, 0L, 0L), ENOSYS) << call;
  }
#if defined(__x86_64__)
  EXPECT_EQ(call_of(SYS_getpid | 0x40000000), ENOSYS);  // x32
  const auto as_of_32_bits = [] {
    long out = 20;  // getpid
    asm volatile("int $0x80" : "+a"(out) : : "memory");
    return out;
  };
  // Some kernels have no such calls, and end whoever makes one.
  EXPECT_EQ(filtered(as_of_32_bits), 1000 + (outcome_of(as_of_32_bits) == 0 ? SIGSYS : SIGSEGV));
#endif
}

TEST(Seccomp, LooksAtArguments) {
  for (const long flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                          CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_FS}) {
    EXPECT_EQ(call_of(SYS_unshare, flag), EPERM) << flag;
    EXPECT_EQ(call_of(SYS_clone, flag | SIGCHLD, 0L, 0L, 0L, 0L), EPERM) << flag;
  }
  EXPECT_EQ(call_of(SYS_unshare, long{CLONE_FILES}), 0);
  EXPECT_EQ(filtered([] {
              const pid_t child = ::fork();
              if (child == 0) ::_exit(0);
              return child;
            }),
            0);
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    EXPECT_EQ(call_of(SYS_socket, family, SOCK_STREAM, 0), 0) << family;
  }
  EXPECT_EQ(call_of(SYS_socket, AF_NETLINK, SOCK_RAW, 0), 0);
  EXPECT_EQ(call_of(SYS_socket, AF_NETLINK, SOCK_RAW, 12), EPROTONOSUPPORT);  // netfilter
  for (const int family : {AF_PACKET, AF_VSOCK, AF_ALG, AF_KEY, AF_BLUETOOTH, AF_XDP}) {
    EXPECT_EQ(call_of(SYS_socket, family, SOCK_STREAM, 0), EAFNOSUPPORT) << family;
  }
  EXPECT_EQ(filtered([] { return ::socketpair(AF_TIPC, SOCK_SEQPACKET, 0, std::array<int, 2>().data()); }),
            EAFNOSUPPORT);
  EXPECT_EQ(call_of(SYS_ioctl, 0, 0x5412, "x"), EPERM);  // TIOCSTI
  EXPECT_EQ(call_of(SYS_personality, 0x0008000L), EPERM);
  EXPECT_EQ(call_of(SYS_personality, 0xffffffffL), 0);
}

TEST(Seccomp, KeepsMemoryWhereItIsCounted) {
  const auto map = [](int flags, std::size_t size = 4096) {
    return [flags, size] { return ::mmap(nullptr, size, PROT_READ, flags, -1, 0) == MAP_FAILED ? -1 : 0; };
  };
  const auto make_file = [] { return ::syscall(SYS_memfd_create, "x", 0); };
  const auto own_files = [](long clone_flags) { return [clone_flags] { return ::syscall(SYS_unshare, clone_flags); }; };
  const auto close_own = [] { return ::syscall(SYS_close_range, 100, 200, CLOSE_RANGE_UNSHARE); };
  const auto thread = [](long flags) {
    return [flags]() -> long {
      const long made = ::syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | flags, 0L, 0L, 0L, 0L);
      if (made == 0) ::syscall(SYS_exit, 0);
      return made;
    };
  };
  for (const bool grouped : {true, false}) {
    EXPECT_EQ(filtered(map(MAP_PRIVATE | MAP_ANONYMOUS), grouped), 0);
    EXPECT_EQ(filtered(map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB), grouped), ENOMEM);
    EXPECT_EQ(filtered(map(MAP_SHARED | MAP_ANONYMOUS), grouped), 0);
    EXPECT_EQ(filtered(map(MAP_SHARED | MAP_ANONYMOUS, 1 << 20), grouped), grouped ? 0 : ENOMEM);
    EXPECT_EQ(filtered(map(MAP_SHARED | MAP_ANONYMOUS, std::size_t{1} << 32), grouped), grouped ? 0 : ENOMEM);
    EXPECT_EQ(filtered([] { return ::syscall(SYS_vmsplice, -1, 0, 0, 0); }, grouped), grouped ? EBADF : EINVAL);
    EXPECT_EQ(filtered([] { return ::syscall(SYS_splice, -1, 0, -1, 0, 1, 0); }, grouped), grouped ? EBADF : EINVAL);
    EXPECT_EQ(filtered([] { return ::inotify_init1(0); }, grouped), grouped ? 0 : ENOSYS);
    EXPECT_EQ(filtered([] { return ::prctl(PR_SET_SECCOMP, 2, 0, 0, 0); }, grouped), EINVAL);
    EXPECT_EQ(filtered([] { return ::syscall(SYS_seccomp, 0, 0, 0); }, grouped), ENOSYS);
    EXPECT_EQ(filtered(make_file, grouped), grouped ? 0 : ENOSYS);
    EXPECT_EQ(filtered(own_files(CLONE_FILES), grouped), grouped ? 0 : EPERM);
    EXPECT_EQ(filtered(close_own, grouped), grouped ? 0 : EPERM);
    EXPECT_EQ(filtered(thread(CLONE_FILES), grouped), 0);
    EXPECT_EQ(filtered(thread(0), grouped), grouped ? 0 : EPERM);
  }
}

TEST(Seccomp, KeepsBuffersAsTheyAreMade) {
  EXPECT_EQ(filtered([] {
              int pipe[2];
              return ::pipe(pipe) == 0 ? ::fcntl(pipe[1], F_SETPIPE_SZ, 1 << 20) : 0;
            }),
            EPERM);
  EXPECT_EQ(filtered([] {
              int pair[2];
              int before = 0;
              int after = 0;
              const int wish = 1 << 15;
              socklen_t size = sizeof(before);
              if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return -1;
              ::getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &before, &size);
              if (::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &wish, sizeof(wish)) != 0) return -1;
              ::getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &after, &size);
              errno = EDOM;
              return before == after ? 0 : -1;
            }),
            0);
}

TEST(SandboxProcess, CountsWhatPipesAndSocketsCanHold) {
  constexpr int kEach = 200;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto start = [&](int count) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    int pair[2];
    for (int i = 0; i < count; ++i) {
      if (::pipe(pair) != 0 || ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) ::_exit(1);
    }
    if (::write(ready[1], "", 1) == 1) ::pause();
    ::_exit(0);
  };
  const auto bytes_of = [&](int count) {
    SandboxProcess process(start(count), ControlGroup());
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    const auto use = process.count(0);
    process.kill();
    process.reap();
    return use ? use->memory_bytes : -1;
  };
  constexpr std::int64_t kLeast = 100 * (64 + 2 * 256) * 1024;
  const std::int64_t few = bytes_of(20);
  EXPECT_GE(bytes_of(kEach), few + kLeast);
  EXPECT_LT(few, kLeast);
}

/// What a process uses that has done `work`, and the ones that it has forked.
template <class Work>
std::optional<ProcessesUse> counted(std::int64_t bound, Work work) {
  int ready[2];
  if (::pipe(ready) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    work();
    if (::write(ready[1], "", 1) == 1) ::pause();
    ::_exit(0);
  }
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  const auto use = count_processes(child, bound);
  ::kill(-child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  return use;
}
void fork_some(int count) {
  for (int i = 0; i < count; ++i) {
    if (::fork() == 0) ::pause();
  }
}
constexpr std::int64_t kMany = std::int64_t{64} << 20;

TEST(Count, CountsSharedPagesOnceWhereThatMatters) {
  const auto fork_with_much = [] {
    static std::vector<char> block;
    block.assign(kMany, 'x');
    fork_some(10);
  };
  const auto use = counted(2 * kMany, fork_with_much);
  ASSERT_TRUE(use);
  EXPECT_EQ(use->tasks, 11);
  EXPECT_TRUE(use->countable);
  EXPECT_GT(use->memory_bytes, kMany);
  EXPECT_LT(use->memory_bytes, 2 * kMany);
}

TEST(Count, CountsWhatTheKernelKeeps) {
  const auto map_apart = [] {
    constexpr std::size_t kPages = 30'000;
    auto* const at = static_cast<char*>(::mmap(nullptr, kPages * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t page = 0; page < kPages; page += 2) ::mprotect(at + page * 4096, 4096, PROT_READ);
    fork_some(9);
  };
  const auto use = counted(16 * kMany, map_apart);
  ASSERT_TRUE(use);
  EXPECT_GT(use->memory_bytes, (std::int64_t{300'000} - 65'536) * 256);
}

TEST(Count, CountsWhatNobodyIsToldOf) {
  const auto bytes_of = [](auto work) { return counted(kMany, work)->memory_bytes; };
  const std::int64_t none = bytes_of([] {}) - (std::int64_t{4} << 20);
  const auto repeat = [](int count, auto work) {
    return [=] {
      for (int i = 0; i < count; ++i) static_cast<void>(work());
    };
  };
  EXPECT_GE(bytes_of(repeat(200, [] { return ::epoll_create1(0); })), none + 136 * (std::int64_t{256} << 10));
  const auto map_shared = [] {
    return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  };
  EXPECT_GE(bytes_of(repeat(40, map_shared)), none + 40 * kMaxSharedMapping);
}

TEST(Count, LeavesLocksThatAreTooMany) {
  const auto lock_much = [] {
    for (int i = 0; i < 66; ++i) {
      const int file = ::fileno(std::tmpfile());
      for (int at = 0; at < 1000; ++at) {
        struct flock lock{F_WRLCK, SEEK_SET, 2 * at, 1, 0};
        if (::fcntl(file, F_SETLK, &lock) != 0) ::_exit(1);
      }
    }
  };
  const auto use = counted(kMany, lock_much);
  ASSERT_TRUE(use);
  EXPECT_FALSE(use->countable);
}

TEST(Count, LeavesWhatIsTooMuchToCount) {
  const auto fork_with_files = [] {
    for (int i = 0; i < 900; ++i) static_cast<void>(::dup(0));
    fork_some(90);
  };
  const auto use = counted(0, fork_with_files);
  ASSERT_TRUE(use);
  EXPECT_FALSE(use->countable);
}

TEST(Confinement, OfAProcessThatIsNotConfinedLacksAll) {
  const auto here = confinement_of(::getpid());
  ASSERT_TRUE(here);
  const std::string lacks = here->lacks(true);
  for (const char* part : {"user namespace", "process namespace", "mount namespace", "network namespace", "IPC",
                           "seccomp filter", "no_new_privs"}) {
    EXPECT_NE(lacks.find(part), std::string::npos) << part << ": " << lacks;
  }
  if (::geteuid() == 0) {
    EXPECT_NE(here->lacks(false).find("a user other than root"), std::string::npos);
  }
  EXPECT_FALSE(confinement_of(0x7ffffff));
}

}  // namespace
}  // namespace signalbox::lambda

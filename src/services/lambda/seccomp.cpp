// The filter of system calls. Written for what the kernel counts as dangerous without capabilities, after the default
// profile of container engines; a call that is not known here is answered as by a kernel that does not have it.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "services/lambda/confinement.h"
#include "services/lambda/sandbox.h"

namespace signalbox::lambda {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kOtherAbi = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kOtherAbi = 0;
#else
#error "the filter of system calls is not written for this architecture"
#endif

/// fchmodat2, the newest call of this list; numbers from 424 on are those of all architectures.
constexpr std::uint32_t kNewestCall = 452;
constexpr std::uint32_t kMemfdSecret = 447;
constexpr std::uint32_t kPidfdGetfd = 438;
constexpr std::uint32_t kProcessMadvise = 440;
constexpr std::uint32_t kQuotactlFd = 443;

/// Refused with EPERM, whatever they are asked.
constexpr std::uint32_t kForbidden[] = {
    // Other processes, and the keys of the kernel.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    kPidfdGetfd,
    kProcessMadvise,
    SYS_kcmp,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    // Namespaces and mounts.
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_quotactl,
    kQuotactlFd,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    // Large doors into the kernel.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_lookup_dcookie,
    SYS_vhangup,
    SYS_syslog,
    SYS_acct,
    kMemfdSecret,
    SYS_move_pages,
    SYS_migrate_pages,
    // The host.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_nfsservctl,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
    SYS__sysctl,
    SYS_create_module,
    SYS_get_kernel_syms,
    SYS_query_module,
#endif
};

/// Answered ENOSYS, for those who have another way: io_uring, memory that no process's figures tell of, and filters of
/// a function's own, which count for nobody.
constexpr std::uint32_t kAbsent[] = {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
                                     SYS_shmget,         SYS_msgget,         SYS_semget,
                                     SYS_clone3,         SYS_seccomp};

/// Answered so where no control group counts what they make: files in memory without a name, rules of Landlock, queues
/// of inotify and what asynchronous I/O holds open, which no descriptor shows.
constexpr std::uint32_t kUncounted[] = {
    SYS_memfd_create, SYS_landlock_create_ruleset, SYS_inotify_init1, SYS_io_setup, SYS_io_submit,
#if defined(__x86_64__)
    SYS_inotify_init,
#endif
};
/// The same with EINVAL, for those who copy instead: pages given to pipes.
constexpr std::uint32_t kUncountedPages[] = {SYS_vmsplice, SYS_splice, SYS_tee};

constexpr std::uint32_t kNewTime = 0x80;  // a namespace for unshare; a signal's number for clone
constexpr std::uint32_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
/// What personality() may be: Linux, with or without randomised addresses; or asked for.
constexpr std::uint32_t kPersonalities[] = {0x0, 0x40000, 0xffffffff};

constexpr std::uint32_t refused(int error) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

/// A filter, instruction by instruction. Jumps go over one instruction only.
class Program {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  /// The lower half of an argument, which is what the kernel takes of an int.
  void load_argument(std::size_t number) {
    load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));  // little-endian
  }
  void load_upper_half(std::size_t number) {
    load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  }
  void answer(std::uint32_t what) { add(BPF_RET | BPF_K, what); }
  void answer_if(std::uint16_t condition, std::uint32_t value, std::uint32_t what) {
    add(static_cast<std::uint16_t>(BPF_JMP | BPF_K | condition), value, 0, 1);
    answer(what);
  }
  void answer_unless(std::uint16_t condition, std::uint32_t value, std::uint32_t what) {
    add(static_cast<std::uint16_t>(BPF_JMP | BPF_K | condition), value, 1, 0);
    answer(what);
  }
  /// Instructions for one call only; they end with an answer.
  template <class Body>
  void for_call(std::uint32_t call, Body body) {
    Program inner;
    body(inner);
    add(BPF_JMP | BPF_K | BPF_JEQ, call, 0, static_cast<std::uint8_t>(inner.code_.size()));
    code_.insert(code_.end(), inner.code_.begin(), inner.code_.end());
  }
  std::string bytes() const {
    return {reinterpret_cast<const char*>(code_.data()), code_.size() * sizeof(sock_filter)};
  }

 private:
  void add(std::uint16_t code, std::uint32_t value, std::uint8_t when = 0, std::uint8_t otherwise = 0) {
    code_.push_back({code, when, otherwise, value});
  }
  std::vector<sock_filter> code_;
};

/// Namespaces; and, where open files are counted one by one, those of a thread alone.
void filter_clones(Program& program, bool grouped) {
  program.for_call(SYS_clone, [grouped](Program& one) {
    one.load_argument(0);
    one.answer_if(BPF_JSET, kNamespaces, refused(EPERM));
    if (!grouped) {
      one.answer_unless(BPF_JSET, CLONE_THREAD, SECCOMP_RET_ALLOW);
      one.answer_unless(BPF_JSET, CLONE_FILES, refused(EPERM));
    }
    one.answer(SECCOMP_RET_ALLOW);
  });
  program.for_call(SYS_unshare, [grouped](Program& one) {
    one.load_argument(0);
    one.answer_if(BPF_JSET, kNamespaces | kNewTime | (grouped ? 0 : CLONE_FILES), refused(EPERM));
    one.answer(SECCOMP_RET_ALLOW);
  });
  if (grouped) return;
  program.for_call(SYS_close_range, [](Program& one) {
    one.load_argument(2);
    one.answer_if(BPF_JSET, CLOSE_RANGE_UNSHARE, refused(EPERM));
    one.answer(SECCOMP_RET_ALLOW);
  });
}

/// Huge pages count for no control group; and where there is none, what is shared but no file's counts for nobody once
/// a process has taken it out of its mappings.
void filter_mappings(Program& program, bool grouped) {
  program.for_call(SYS_mmap, [grouped](Program& one) {
    one.load_argument(3);
    one.answer_if(BPF_JSET, MAP_HUGETLB, refused(ENOMEM));
    if (!grouped) {
      one.answer_unless(BPF_JSET, MAP_SHARED, SECCOMP_RET_ALLOW);  // a bit of MAP_SHARED_VALIDATE, too
      one.answer_unless(BPF_JSET, MAP_ANONYMOUS, SECCOMP_RET_ALLOW);
      one.load_upper_half(1);
      one.answer_unless(BPF_JEQ, 0, refused(ENOMEM));
      one.load_argument(1);
      one.answer_if(BPF_JGT, kMaxSharedMapping, refused(ENOMEM));
    }
    one.answer(SECCOMP_RET_ALLOW);
  });
}

void filter_sockets(Program& program) {
  program.for_call(SYS_socket, [](Program& one) {
    one.load_argument(0);
    for (const std::uint32_t family : {AF_UNIX, AF_INET, AF_INET6}) one.answer_if(BPF_JEQ, family, SECCOMP_RET_ALLOW);
    one.answer_unless(BPF_JEQ, AF_NETLINK, refused(EAFNOSUPPORT));
    one.load_argument(2);
    one.answer_if(BPF_JEQ, 0, SECCOMP_RET_ALLOW);  // NETLINK_ROUTE: what interfaces there are
    one.answer(refused(EPROTONOSUPPORT));
  });
  program.for_call(SYS_socketpair, [](Program& one) {
    one.load_argument(0);
    one.answer_if(BPF_JEQ, AF_UNIX, SECCOMP_RET_ALLOW);
    one.answer(refused(EAFNOSUPPORT));
  });
}

/// What sockets and pipes hold counts for no process. They stay as large as they are made: a socket's wish for larger
/// buffers is only heard, as it is where the kernel's bounds are low.
void filter_buffers(Program& program) {
  program.for_call(SYS_setsockopt, [](Program& one) {
    one.load_argument(1);
    one.answer_unless(BPF_JEQ, SOL_SOCKET, SECCOMP_RET_ALLOW);
    one.load_argument(2);
    for (const std::uint32_t wish : {SO_SNDBUF, SO_RCVBUF}) one.answer_if(BPF_JEQ, wish, refused(0));
    one.answer(SECCOMP_RET_ALLOW);
  });
  program.for_call(SYS_fcntl, [](Program& one) {
    one.load_argument(1);
    one.answer_if(BPF_JEQ, F_SETPIPE_SZ, refused(EPERM));
    one.answer(SECCOMP_RET_ALLOW);
  });
}

void filter_arguments(Program& program) {
  program.for_call(SYS_ioctl, [](Program& one) {
    one.load_argument(1);
    for (const std::uint32_t typing : {TIOCSTI, TIOCLINUX, TIOCSETD}) one.answer_if(BPF_JEQ, typing, refused(EPERM));
    one.answer(SECCOMP_RET_ALLOW);
  });
  program.for_call(SYS_prctl, [](Program& one) {
    one.load_argument(0);
    one.answer_if(BPF_JEQ, PR_SET_SECCOMP, refused(EINVAL));
    one.answer(SECCOMP_RET_ALLOW);
  });
  program.for_call(SYS_personality, [](Program& one) {
    one.load_argument(0);
    for (const std::uint32_t allowed : kPersonalities) one.answer_if(BPF_JEQ, allowed, SECCOMP_RET_ALLOW);
    one.answer(refused(EPERM));
  });
}

}  // namespace

std::string seccomp_filter(bool grouped) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.answer_unless(BPF_JEQ, kArchitecture, SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  if (kOtherAbi != 0) program.answer_if(BPF_JGE, kOtherAbi, refused(ENOSYS));
  program.answer_if(BPF_JGT, kNewestCall, refused(ENOSYS));
  for (const std::uint32_t call : kForbidden) program.answer_if(BPF_JEQ, call, refused(EPERM));
  for (const std::uint32_t call : kAbsent) program.answer_if(BPF_JEQ, call, refused(ENOSYS));
  if (!grouped) {
    for (const std::uint32_t call : kUncounted) program.answer_if(BPF_JEQ, call, refused(ENOSYS));
    for (const std::uint32_t call : kUncountedPages) program.answer_if(BPF_JEQ, call, refused(EINVAL));
  }
  filter_clones(program, grouped);
  filter_mappings(program, grouped);
  filter_sockets(program);
  filter_buffers(program);
  filter_arguments(program);
  program.answer(SECCOMP_RET_ALLOW);
  return program.bytes();
}

}  // namespace signalbox::lambda

// What keeps a sandbox's processes from the kernel and the host, beside its namespaces: the filter of system calls, the
// user outside, and the kernel's own word on both.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace signalbox::lambda {

/// A filter of system calls, as bubblewrap loads it (struct sock_filter[]): no new namespaces, mounts, tracing, keys,
/// io_uring, bpf, modules, kexec, clocks of the host, handles of files, sockets other than AF_UNIX, AF_INET, AF_INET6
/// and routes of AF_NETLINK; nothing of another architecture, and no call that is newer than this list. Where no
/// control group counts memory (`grouped` false), also no memory that nothing tells of: files in memory without a name,
/// shared memory that is no file's beyond kMaxSharedMapping at a time, pages given to pipes; and no open files of
/// single threads.
std::string seccomp_filter(bool grouped);

/// The users of the host that a server which is root has sandboxes run as: another one each.
struct SandboxUsers {
  unsigned first = 0;
  unsigned count = 0;  // 0: sandboxes run as the server does, which is not root of the host
};
/// Errors: code "ServiceException" where the server is root of the host and has no other user to give.
Result<SandboxUsers> sandbox_users();

/// A sandbox's process as the kernel tells of it.
struct Confinement {
  unsigned user = 0;  // real, effective, saved or of files, as this server sees them; 0 where any of them is root
  bool own_processes = false;  // namespaces that are not this server's
  bool own_mounts = false;
  bool own_network = false;
  bool own_ipc = false;
  bool own_users = false;
  bool filtered = false;
  bool no_new_privileges = false;
  bool no_capabilities = false;

  /// What is missing; "" for nothing.
  std::string lacks(bool root_allowed) const;
};
/// Empty where it has ended.
std::optional<Confinement> confinement_of(pid_t process);

}  // namespace signalbox::lambda

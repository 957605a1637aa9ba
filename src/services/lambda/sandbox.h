// A process in a sandbox of its own (bubblewrap): no network but two sockets of the server's, the code read-only, a
// /tmp of bounded size, everything gone at once when it is ended or the server dies. Every step that confines must
// succeed, or there is no sandbox: docs/decisions/0051-lambda-sandbox.md.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/lambda/control_groups.h"
#include "services/lambda/descriptor.h"

namespace signalbox::lambda {

/// A folder of the host that the sandbox has, to read, at another place.
struct SandboxFolder {
  std::string host;
  std::string inside;
};
struct SandboxLink {
  std::string path;
  std::string to;
};

struct SandboxPlan {
  std::string init;                    // of the host: our first program
  std::vector<SandboxFolder> folders;  // one of them /var/runtime, with init in it; 12 at most
  std::vector<SandboxLink> links;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=value"
  std::uint16_t port = 0;                // where the server is reached in it, on 127.0.0.1
  std::int64_t tmp_bytes = 0;
  std::int64_t memory_bytes = 0;  // of all that it takes, files in /tmp among it, where a control group can bound that
  std::shared_ptr<ControlGroups> groups;  // null: no control group
};

/// What all that runs in a sandbox uses.
struct SandboxUse {
  std::int64_t memory_bytes = 0;  // of its own, with /dev/shm and memfds; not files of the host that it maps
  std::int64_t tmp_bytes = 0;     // files in /tmp: they are memory too
  std::int64_t tasks = 0;         // processes and threads
  bool countable = true;          // false: it has more than is counted
};

/// A sandbox while it runs, seen from outside.
class SandboxProcess {
 public:
  SandboxProcess(pid_t process, ControlGroup group) : process_(process), group_(std::move(group)) {}

  /// Takes what init hands over: listening sockets and its places of memory. Errors: what kept it from that.
  struct Sockets {
    Descriptor runtime_api;
    Descriptor server;
  };
  Result<Sockets> receive(Descriptor control);
  /// Lets init run the program, after receive(); and has all in the sandbox go on after hold().
  void let_go();
  /// Stops all that runs in the sandbox, but for init. Who evades that (a timer of SIGCONT, say) only runs on.
  void hold();
  /// Whether init says that it has done what was asked, once for each hold() and each let_go() after it.
  bool take_done();
  /// The same socket, readable when there is something to take.
  Descriptor told() const;
  /// Keeps hold of the sandbox's first process, whatever becomes of bubblewrap. False when it has ended.
  bool hold_first(pid_t first);
  /// Ends all that is in the sandbox: its first process and bubblewrap, neither of which relies on the other then.
  void kill() const;

  pid_t id() const { return process_; }
  /// Whether a control group bounds its memory.
  bool is_grouped() const { return group_.is_made(); }
  /// What it uses as its control group tells; for those that have one. Empty when it has ended.
  std::optional<SandboxUse> measure() const;
  /// What it uses, counted as count_processes() does, against `bound` bytes of memory: for threads that may block.
  std::optional<SandboxUse> count(std::int64_t bound) const;
  /// Waits for its end, once. What became of it, as AWS says it: "exit status 1", "signal: killed"; "" for success.
  std::string reap();

 private:
  void ask(char what);

  pid_t process_;
  ControlGroup group_;
  Descriptor first_;  // a pidfd
  Descriptor control_;
  Descriptor tmp_;
  Descriptor shm_;
};

struct Sandbox {
  std::unique_ptr<SandboxProcess> process;
  Descriptor exited;       // readable when it has ended
  Descriptor told;         // readable when init has something to say
  Descriptor output;       // what it writes to its standard output and error
  Descriptor runtime_api;  // listens on the sandbox's 127.0.0.1:9001
  Descriptor server;       // listens on the sandbox's 127.0.0.1:PORT
};

/// Starts it; blocks for some milliseconds. The calling thread must live as long as the sandbox is to: its end is the
/// sandbox's end. Errors: ServiceException (500) with what is missing, where no sandbox can be made or it is not
/// confined as it should be; InvalidParameterValueException for texts with zero bytes and names of variables that are
/// none.
Result<Sandbox> start_sandbox(const SandboxPlan& plan);

/// What bubblewrap is told of it, before the command. `first_folder` is the first one's descriptor; the filter of
/// system calls is in `filter`; `grouped` says whether a control group counts its memory. The same errors: nothing else
/// puts texts of others into options.
Result<std::vector<std::string>> sandbox_options(const SandboxPlan& plan, int first_folder, int filter, bool grouped);

/// What confines functions here, found by starting a sandbox: "user namespace, seccomp filter, ...". Errors as those of
/// start_sandbox().
Result<std::string> describe_confinement(const SandboxPlan& plan);

/// Processes and threads of a sandbox at most ("Lambda quotas").
inline constexpr std::int64_t kMaxTasks = 1024;
/// A mapping that is shared and no file's, where no control group counts it: each counts as this.
inline constexpr std::int64_t kMaxSharedMapping = std::int64_t{256} * 1024;
/// Files in /tmp up to here are beside a function's memory, as on AWS; what is beyond counts as memory.
inline constexpr std::int64_t kFreeTmpBytes = std::int64_t{512} * 1024 * 1024;

}  // namespace signalbox::lambda

// A process in a sandbox of its own (bubblewrap): no network but two sockets of the server's, the code read-only, a
// /tmp of bounded size, everything gone at once when it is ended or the server dies.
// docs/decisions/0051-lambda-sandbox.md.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace signalbox::lambda {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

struct SandboxPlan {
  std::string code;     // folders of the host: /var/task
  std::string layers;   // /opt; "" for none
  std::string runtime;  // /var/runtime
  std::string extra;    // at its own place; "" for none
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=value"
  std::uint16_t port = 0;                // where the server is reached in it, on 127.0.0.1
  std::int64_t tmp_bytes = 0;
};

struct Sandbox {
  pid_t process = -1;      // of the host; killing it ends all that is in the sandbox
  Descriptor exited;       // readable when it has ended
  Descriptor output;       // what it writes to its standard output and error
  Descriptor runtime_api;  // listens on the sandbox's 127.0.0.1:9001
  Descriptor server;       // listens on the sandbox's 127.0.0.1:PORT
};

/// What all that runs in a sandbox uses.
struct SandboxUse {
  std::int64_t memory_bytes = 0;  // of its own; not files that others map too
  std::int64_t tasks = 0;         // processes and threads
};

/// Starts it; blocks for some milliseconds. The calling thread must live as long as the sandbox is to: its end is the
/// sandbox's end. Errors: ServiceException (500) with what bubblewrap says, where no sandbox can be made.
Result<Sandbox> start_sandbox(const SandboxPlan& plan);

/// Empty when it has ended.
std::optional<SandboxUse> measure(pid_t process);

/// What became of a process that has ended, as AWS says it: "exit status 1", "signal: killed"; "" for success.
std::string reap(pid_t process);

/// Processes and threads of a sandbox at most ("Lambda quotas").
inline constexpr std::int64_t kMaxTasks = 1024;

}  // namespace signalbox::lambda

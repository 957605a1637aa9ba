#include "services/lambda/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

namespace signalbox::lambda {
namespace {

/// Descriptors that the sandbox is made with: this one, then those of the folders.
constexpr int kControl = 3;
constexpr int kOptions = 4;
constexpr int kCode = 5;
constexpr int kRuntime = 6;
constexpr int kLayers = 7;
/// From here on a descriptor is in the way of none of those.
constexpr int kAbove = 64;
constexpr int kStartMilliseconds = 10'000;
constexpr std::size_t kMaxComplaint = 4096;
/// The first of the users that sandboxes run as where the server is root: nobody else's, and each sandbox another, so
/// that bounds of processes are its own.
constexpr unsigned kFirstUser = 0x70000000;
constexpr unsigned kUsers = 0x100000;

std::unexpected<Error> no_sandbox(const std::string& why) {
  return fail("ServiceException",
              "A sandbox for the function cannot be made: " + why +
                  " (functions need bubblewrap, and a kernel that lets this server's user make user namespaces)",
              500);
}

Descriptor above(int fd) {
  Descriptor moved(::fcntl(fd, F_DUPFD_CLOEXEC, kAbove));
  ::close(fd);
  return moved;
}

Descriptor open_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? Descriptor() : above(fd);
}

/// Whether the host's folder is a link into /usr, as Debian has it; then the sandbox has the same link.
void add_system_folder(std::vector<std::string>& out, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISLNK(info.st_mode)) {
    out.insert(out.end(), {"--ro-bind", path, path});
    return;
  }
  char to[256];
  const ssize_t length = ::readlink(path.c_str(), to, sizeof(to));
  if (length > 0) out.insert(out.end(), {"--symlink", std::string(to, static_cast<std::size_t>(length)), path});
}

/// What bubblewrap is told. The function's environment is among it and not around it: its LD_PRELOAD is for the sandbox
/// only, and its secrets are in nobody's list of processes.
std::vector<std::string> options_of(const SandboxPlan& plan) {
  // All namespaces; a root that cannot be written to.
  std::vector<std::string> out = {"--unshare-user",
                                  "--unshare-ipc",
                                  "--unshare-pid",
                                  "--unshare-net",
                                  "--unshare-uts",
                                  "--unshare-cgroup-try",
                                  "--die-with-parent",
                                  "--new-session",
                                  "--hostname",
                                  "lambda",
                                  "--uid",
                                  "993",
                                  "--gid",
                                  "990",
                                  "--ro-bind",
                                  "/usr",
                                  "/usr",
                                  "--clearenv"};
  for (const char* path : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) add_system_folder(out, path);
  for (const char* path : {"/etc/ld.so.cache", "/etc/ssl", "/etc/alternatives", "/etc/ca-certificates"}) {
    out.insert(out.end(), {"--ro-bind-try", path, path});
  }
  for (const char* name : {"passwd", "group", "hosts", "nsswitch.conf"}) {
    out.insert(out.end(), {"--symlink", std::string("/var/runtime/etc/") + name, std::string("/etc/") + name});
  }
  out.insert(out.end(), {"--ro-bind-fd", std::to_string(kCode), "/var/task"});
  out.insert(out.end(), {"--ro-bind-fd", std::to_string(kRuntime), "/var/runtime"});
  if (!plan.layers.empty()) out.insert(out.end(), {"--ro-bind-fd", std::to_string(kLayers), "/opt"});
  if (!plan.extra.empty()) out.insert(out.end(), {"--ro-bind", plan.extra, plan.extra});
  out.insert(out.end(), {"--proc", "/proc", "--dev", "/dev", "--size", "67108864", "--tmpfs", "/dev/shm"});
  out.insert(out.end(), {"--remount-ro", "/dev", "--size", std::to_string(plan.tmp_bytes), "--tmpfs", "/tmp"});
  out.insert(out.end(), {"--remount-ro", "/", "--chdir", "/var/task"});
  for (const std::string& variable : plan.environment) {
    const auto equals = variable.find('=');
    out.insert(out.end(), {"--setenv", variable.substr(0, equals), variable.substr(equals + 1)});
  }
  return out;
}

/// Those, each ended by a zero, as bubblewrap reads them from a descriptor.
Descriptor options_file(const SandboxPlan& plan) {
  std::string bytes;
  for (const std::string& option : options_of(plan)) bytes.append(option).push_back('\0');
  const int fd = ::memfd_create("options", MFD_CLOEXEC);
  if (fd < 0) return {};
  Descriptor file = above(fd);
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<std::string> arguments_of(const SandboxPlan& plan) {
  static std::atomic<unsigned> next_user{0};
  const unsigned user = ::geteuid() == 0 ? kFirstUser + next_user++ % kUsers : 0;
  const int last = plan.layers.empty() ? kRuntime : kLayers;
  std::vector<std::string> out = {"init",
                                  "outside",
                                  std::to_string(user),
                                  std::to_string(last),
                                  "bwrap",
                                  "--args",
                                  std::to_string(kOptions),
                                  "--",
                                  "/var/runtime/init",
                                  "inside",
                                  std::to_string(plan.port),
                                  std::to_string(kMaxTasks)};
  out.insert(out.end(), plan.command.begin(), plan.command.end());
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Ends {
  Descriptor ours;
  Descriptor theirs;
};

std::optional<Ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Ends{Descriptor(ends[0]), above(ends[1])};
}
std::optional<Ends> make_control() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
  return Ends{Descriptor(ends[0]), above(ends[1])};
}

/// Runs init, with exactly the descriptors that it is to have. The child's process id, or -1.
pid_t spawn(const SandboxPlan& plan, const Ends& control, const Ends& output, const Descriptor& options,
            const Descriptor (&folders)[3]) {
  std::vector<std::string> arguments = arguments_of(plan);
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  const std::string program = plan.runtime + "/init";
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  const auto give = [&](const Descriptor& from, int as) {
    if (from.get() >= 0) ::posix_spawn_file_actions_adddup2(&actions, from.get(), as);
  };
  give(output.theirs, 1);
  give(output.theirs, 2);
  give(control.theirs, kControl);
  give(options, kOptions);
  give(folders[0], kCode);
  give(folders[1], kRuntime);
  give(folders[2], kLayers);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, program.c_str(), &actions, nullptr, pointers(arguments).data(),
                                    pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  errno = problem;
  return problem == 0 ? child : -1;
}

/// The two sockets that init hands over; false when it ends without, or takes too long.
bool receive_sockets(int control, Sandbox& sandbox) {
  pollfd ready{control, POLLIN, 0};
  if (::poll(&ready, 1, kStartMilliseconds) != 1) return false;
  char byte = 0;
  iovec part{&byte, 1};
  int sockets[2] = {-1, -1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(sockets))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  if (::recvmsg(control, &message, MSG_CMSG_CLOEXEC) != 1) return false;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(sockets))) {
    return false;
  }
  std::memcpy(sockets, CMSG_DATA(header), sizeof(sockets));
  sandbox.runtime_api = Descriptor(sockets[0]);
  sandbox.server = Descriptor(sockets[1]);
  return true;
}

std::string complaint_of(int output) {
  std::string text(kMaxComplaint, '\0');
  ::fcntl(output, F_SETFL, O_NONBLOCK);
  const ssize_t length = ::read(output, text.data(), text.size());
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "it said nothing" : text;
}

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

void add_use(pid_t process, SandboxUse& use) {
  if (use.tasks > kMaxTasks * 2) return;  // too many already, whatever else there is
  const std::string place = "/proc/" + std::to_string(process);
  const std::string status = read_file(place + "/status");
  use.memory_bytes += (field(status, "\nRssAnon:") + field(status, "\nRssShmem:")) * 1024;
  use.tasks += field(status, "\nThreads:");
  std::istringstream children(read_file(place + "/task/" + std::to_string(process) + "/children"));
  pid_t child = 0;
  while (children >> child) add_use(child, use);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Sandbox> start_sandbox(const SandboxPlan& plan) {
  const Descriptor folders[3] = {open_folder(plan.code), open_folder(plan.runtime),
                                 plan.layers.empty() ? Descriptor() : open_folder(plan.layers)};
  if (folders[0].get() < 0 || folders[1].get() < 0) return no_sandbox("its code cannot be opened");
  auto control = make_control();
  auto output = make_pipe();
  const Descriptor options = options_file(plan);
  if (!control || !output || options.get() < 0) return no_sandbox(std::strerror(errno));
  Sandbox sandbox;
  sandbox.process = spawn(plan, *control, *output, options, folders);
  if (sandbox.process < 0) return no_sandbox(std::strerror(errno));
  control->theirs = Descriptor();
  output->theirs = Descriptor();
  sandbox.exited = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, sandbox.process, 0)));
  if (sandbox.exited.get() < 0 || !receive_sockets(control->ours.get(), sandbox)) {
    ::kill(sandbox.process, SIGKILL);
    reap(sandbox.process);
    return no_sandbox(complaint_of(output->ours.get()));
  }
  sandbox.output = std::move(output->ours);
  return sandbox;
}

std::optional<SandboxUse> measure(pid_t process) {
  SandboxUse use;
  add_use(process, use);
  if (use.tasks == 0) return std::nullopt;
  return use;
}

std::string reap(pid_t process) {
  int status = 0;
  if (::waitpid(process, &status, 0) != process) return "";
  // What ends by a signal in the sandbox, bubblewrap tells as a shell does.
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (code == 0) return "";
  if (code <= 128) return "exit status " + std::to_string(code);
  const char* const name = sigabbrev_np(code - 128);
  if (code - 128 == SIGKILL) return "signal: killed";
  if (code - 128 == SIGSEGV) return "signal: segmentation fault";
  return std::string("signal: ") + (name != nullptr ? name : std::to_string(code - 128));
}

}  // namespace signalbox::lambda

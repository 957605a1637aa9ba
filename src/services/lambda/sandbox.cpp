#include "services/lambda/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "services/lambda/confinement.h"

namespace signalbox::lambda {
namespace {

/// Descriptors that the sandbox is made with, and from where those of its folders begin.
constexpr int kControl = 3;
constexpr int kOptions = 4;
constexpr int kFilter = 5;
constexpr int kGroup = 6;
constexpr int kFirstFolder = 7;
constexpr std::size_t kMaxFolders = 12;
/// From here on a descriptor is in the way of none of those.
constexpr int kAbove = 64;
constexpr std::size_t kMaxComplaint = 4096;

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

/// A file in memory with those bytes, to be read from its beginning.
Descriptor file_of(const char* name, const std::string& bytes) {
  const int fd = ::memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return {};
  Descriptor file = above(fd);
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string zero_ended(const std::vector<std::string>& words) {
  std::string bytes;
  for (const std::string& word : words) bytes.append(word).push_back('\0');
  return bytes;
}

unsigned next_user(const SandboxUsers& users) {
  static std::atomic<unsigned> next{0};
  return users.count == 0 ? 0 : users.first + next++ % users.count;
}

std::vector<std::string> arguments_of(const SandboxPlan& plan, unsigned user, bool grouped) {
  std::vector<std::string> out = {"init",
                                  "outside",
                                  std::to_string(user),
                                  std::to_string(grouped ? kGroup : 0),
                                  std::to_string(kFirstFolder),
                                  std::to_string(kFirstFolder + static_cast<int>(plan.folders.size()) - 1),
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
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
  return Ends{Descriptor(ends[0]), above(ends[1])};
}

/// What the child gets, each as that descriptor; it has no other.
struct Given {
  int from;
  int as;
};

/// Runs init. The child's process id, or -1 and errno.
pid_t spawn(const SandboxPlan& plan, std::vector<std::string> arguments, const std::vector<Given>& given) {
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (const Given& one : given) {
    if (one.from >= 0) ::posix_spawn_file_actions_adddup2(&actions, one.from, one.as);
  }
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, plan.init.c_str(), &actions, nullptr, pointers(arguments).data(),
                                    pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  errno = problem;
  return problem == 0 ? child : -1;
}

std::string complaint_of(int output) {
  std::string text(kMaxComplaint, '\0');
  ::fcntl(output, F_SETFL, O_NONBLOCK);
  const ssize_t length = ::read(output, text.data(), text.size());
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "it said nothing" : text;
}

pid_t only_child(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/task/" + std::to_string(process) + "/children");
  pid_t child = 0;
  file >> child;
  return child;
}

/// What the kernel says of the sandbox's first process, before anything of the function runs: whatever bubblewrap and
/// init did or did not do.
std::string found_lacking(pid_t first, const SandboxUsers& users) {
  const auto confinement = confinement_of(first);
  if (!confinement) return "a first process";
  return confinement->lacks(users.count == 0);
}

}  // namespace

Result<Sandbox> start_sandbox(const SandboxPlan& plan) {
  if (plan.folders.empty() || plan.folders.size() > kMaxFolders) return no_sandbox("too many folders");
  auto group = plan.groups != nullptr ? plan.groups->make(plan.memory_bytes) : std::nullopt;
  const Descriptor joined(group ? ::fcntl(group->processes(), F_DUPFD_CLOEXEC, kAbove) : -1);
  const bool grouped = joined.get() >= 0;
  auto words = sandbox_options(plan, kFirstFolder, kFilter, grouped);
  if (!words) return std::unexpected(std::move(words).error());
  const auto users = sandbox_users();
  if (!users) return std::unexpected(users.error());
  std::vector<Descriptor> folders;
  for (const SandboxFolder& folder : plan.folders) {
    folders.push_back(open_folder(folder.host));
    if (folders.back().get() < 0) return no_sandbox(folder.host + " cannot be opened");
  }
  auto control = make_control();
  auto output = make_pipe();
  const Descriptor options = file_of("options", zero_ended(*words));
  const Descriptor filter = file_of("filter", seccomp_filter(grouped));
  if (!control || !output || options.get() < 0 || filter.get() < 0) return no_sandbox(std::strerror(errno));
  std::vector<Given> given = {{output->theirs.get(), 1}, {output->theirs.get(), 2}, {control->theirs.get(), kControl},
                              {options.get(), kOptions}, {filter.get(), kFilter},   {joined.get(), kGroup}};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    given.push_back({folders[i].get(), kFirstFolder + static_cast<int>(i)});
  }
  const pid_t child = spawn(plan, arguments_of(plan, next_user(*users), grouped), given);
  if (child < 0) return no_sandbox(std::strerror(errno));
  Sandbox sandbox;
  sandbox.process = std::make_unique<SandboxProcess>(child, grouped ? *std::move(group) : ControlGroup());
  control->theirs = Descriptor();
  output->theirs = Descriptor();
  sandbox.exited = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  auto sockets = sandbox.process->receive(std::move(control->ours));
  const pid_t first = sockets ? only_child(child) : 0;
  const std::string lacking = sockets ? found_lacking(first, *users) : "";
  const bool held = sockets && sandbox.process->hold_first(first);
  if (sandbox.exited.get() < 0 || !held || !lacking.empty()) {
    sandbox.process->kill();
    sandbox.process->reap();
    return no_sandbox(lacking.empty() ? complaint_of(output->ours.get()) : "it lacks " + lacking);
  }
  sandbox.process->let_go();
  sandbox.runtime_api = std::move(sockets->runtime_api);
  sandbox.server = std::move(sockets->server);
  sandbox.told = sandbox.process->told();
  sandbox.output = std::move(output->ours);
  return sandbox;
}

Result<std::string> describe_confinement(const SandboxPlan& plan) {
  auto sandbox = start_sandbox(plan);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  const pid_t process = sandbox->process->id();
  const auto confinement = confinement_of(only_child(process));
  const bool grouped = sandbox->process->is_grouped();
  sandbox->process->kill();
  sandbox->process->reap();
  std::string out = "namespaces user pid mount network ipc uts; ";
  out += confinement && confinement->user != 0 ? "user " + std::to_string(confinement->user)
                                               : std::string("root of this server's own user namespace");
  out += "; seccomp filter; no new privileges; no capabilities; memory ";
  return out + (grouped ? "bounded by " + plan.groups->kind() : "counted every 50 ms");
}

}  // namespace signalbox::lambda

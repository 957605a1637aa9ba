// What bubblewrap is told. Texts of users are in it, each ended by a zero when they are written: so none may hold one,
// and this is the one place that sees to it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "services/lambda/sandbox.h"

namespace signalbox::lambda {
namespace {

/// What container engines hide of /proc, and what they make read-only there.
constexpr const char* kHidden[] = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",       "/proc/keys",
                                   "/proc/key-users",   "/proc/latency_stats", "/proc/timer_list",  "/proc/timer_stats",
                                   "/proc/sched_debug", "/proc/scsi",          "/proc/kallsyms",    "/proc/kmsg",
                                   "/proc/kpagecount",  "/proc/kpageflags",    "/proc/kpagecgroup", "/proc/vmallocinfo",
                                   "/proc/slabinfo",    "/proc/pressure"};
constexpr const char* kReadOnly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

class Words {
 public:
  void add(std::initializer_list<std::string> words) { words_.insert(words_.end(), words); }
  std::vector<std::string>& words() { return words_; }

 private:
  std::vector<std::string> words_;
};

/// Whether the host's folder is a link into /usr, as Debian has it; then the sandbox has the same link.
void add_system_folder(Words& out, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISLNK(info.st_mode)) {
    out.add({"--ro-bind", path, path});
    return;
  }
  char to[256];
  const ssize_t length = ::readlink(path.c_str(), to, sizeof(to));
  if (length > 0) out.add({"--symlink", std::string(to, static_cast<std::size_t>(length)), path});
}

void add_processes(Words& out) {
  out.add({"--proc", "/proc"});
  for (const char* path : kReadOnly) {
    if (::access(path, F_OK) == 0) out.add({"--ro-bind", path, path});
  }
  for (const char* path : kHidden) {
    struct stat info{};
    if (::stat(path, &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      out.add({"--tmpfs", path, "--remount-ro", path});
    } else {
      out.add({"--ro-bind", "/dev/null", path});
    }
  }
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::unexpected<Error> unusable(std::string_view what) {
  return fail("InvalidParameterValueException", "The function cannot be run: " + std::string(what) + ".");
}

}  // namespace

/// The function's environment is among it and not around it: its LD_PRELOAD is for the sandbox only, and its secrets
/// are in nobody's list of processes.
Result<std::vector<std::string>> sandbox_options(const SandboxPlan& plan, int first_folder, int filter, bool grouped) {
  Words out;
  // All namespaces; a root that cannot be written to.
  out.add({"--unshare-user",
           "--unshare-ipc",
           "--unshare-pid",
           "--unshare-net",
           "--unshare-uts",
           "--unshare-cgroup-try",
           "--die-with-parent",
           "--new-session",
           "--as-pid-1",
           "--hostname",
           "lambda",
           "--uid",
           "993",
           "--gid",
           "990",
           "--seccomp",
           std::to_string(filter),
           "--ro-bind",
           "/usr",
           "/usr",
           "--clearenv"});
  for (const char* path : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) add_system_folder(out, path);
  for (const char* path :
       {"/etc/ld.so.cache", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/alternatives", "/etc/ca-certificates"}) {
    out.add({"--ro-bind-try", path, path});
  }
  for (const char* name : {"passwd", "group", "hosts", "nsswitch.conf"}) {
    out.add({"--symlink", std::string("/var/runtime/etc/") + name, std::string("/etc/") + name});
  }
  out.add({"--dir", "/opt"});
  for (const SandboxFolder& folder : plan.folders) {
    out.add({"--ro-bind-fd", std::to_string(first_folder++), folder.inside});
  }
  for (const SandboxLink& link : plan.links) out.add({"--symlink", link.to, link.path});
  add_processes(out);
  // Without terminals: these are the whole machine's, and what they hold counts for nobody.
  out.add({"--dev", "/dev", "--size", "4096", "--tmpfs", "/dev/pts", "--remount-ro", "/dev/pts"});
  // A mapping of /dev/zero that is shared is memory that no process's figures tell of; /dev/full cannot be mapped, and
  // is read the same.
  if (!grouped) out.add({"--dev-bind", "/dev/full", "/dev/zero"});
  out.add({"--size", "67108864", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"});
  out.add({"--size", std::to_string(plan.tmp_bytes), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/var/task"});
  for (const std::string& variable : plan.environment) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || !is_name(std::string_view(variable).substr(0, equals))) {
      return unusable("a variable of its environment has no name that can be one");
    }
    out.add({"--setenv", variable.substr(0, equals), variable.substr(equals + 1)});
  }
  const std::vector<std::string>* const all[] = {&out.words(), &plan.command};
  for (const auto* words : all) {
    for (const std::string& word : *words) {
      if (word.find('\0') != std::string::npos) return unusable("a text of its configuration holds a zero byte");
    }
  }
  return std::move(out.words());
}

}  // namespace signalbox::lambda

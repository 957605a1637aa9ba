#include "services/lambda/confinement.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace signalbox::lambda {
namespace {

/// Users that are nobody else's on any host that follows the usual ranges.
constexpr unsigned kFirstUser = 0x70000000;
constexpr unsigned kUsers = 0x100000;

struct Range {
  unsigned inside = 0;
  unsigned outside = 0;
  unsigned count = 0;
};

std::vector<Range> read_map(const char* path) {
  std::ifstream file(path);
  std::vector<Range> out;
  Range range;
  while (file >> range.inside >> range.outside >> range.count) out.push_back(range);
  return out;
}

bool has(const std::vector<Range>& map, unsigned first, unsigned count) {
  return std::ranges::any_of(map, [&](const Range& range) {
    return first >= range.inside && first - range.inside < range.count && range.count - (first - range.inside) >= count;
  });
}

std::string_view field(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = status.substr(at + name.size());
  return rest.substr(0, rest.find('\n'));
}

bool is_zero(std::string_view hexadecimal) {
  return !hexadecimal.empty() && hexadecimal.find_first_not_of("0 \t") == std::string_view::npos;
}

bool has_own(const std::string& place, const char* name) {
  struct stat theirs{};
  struct stat ours{};
  const std::string link = std::string("/ns/") + name;
  // Where it may not even be looked at, it is not this server's: one's own may.
  if (::stat(("/proc/self" + link).c_str(), &ours) != 0) return false;
  if (::stat((place + link).c_str(), &theirs) != 0) return errno == EACCES || errno == EPERM;
  return theirs.st_ino != ours.st_ino;
}

/// The highest standing of "Uid: real effective saved filesystem": 0 where any of them is root.
unsigned user_of(std::string_view ids) {
  std::istringstream text{std::string(ids)};
  unsigned one = 0;
  unsigned least = ~0U;
  while (text >> one) least = std::min(least, one);
  return least == ~0U ? 0 : least;
}

}  // namespace

Result<SandboxUsers> sandbox_users() {
  if (::geteuid() != 0) return SandboxUsers{};
  const std::vector<Range> users = read_map("/proc/self/uid_map");
  const std::vector<Range> groups = read_map("/proc/self/gid_map");
  if (has(users, kFirstUser, kUsers) && has(groups, kFirstUser, kUsers)) return SandboxUsers{kFirstUser, kUsers};
  // Root of a user namespace, as in a container: the last half of the users that it has.
  for (const Range& range : users) {
    const unsigned half = range.count / 2;
    const unsigned first = range.inside + (range.count - half);
    if (half > 0 && has(groups, first, half)) return SandboxUsers{first, half};
  }
  const bool is_host_root = users.empty() || std::ranges::any_of(users, [](const Range& range) {
                              return range.inside == 0 && range.outside == 0;
                            });
  if (!is_host_root) return SandboxUsers{};
  return fail("ServiceException",
              "A sandbox for the function cannot be made: the server is root, and there is no other user for it", 500);
}

std::string Confinement::lacks(bool root_allowed) const {
  const struct {
    bool there;
    const char* what;
  } parts[] = {
      {root_allowed || user != 0, "a user other than root"},
      {own_users, "a user namespace"},
      {own_processes, "a process namespace"},
      {own_mounts, "a mount namespace"},
      {own_network, "a network namespace"},
      {own_ipc, "an IPC namespace"},
      {filtered, "a seccomp filter"},
      {no_new_privileges, "no_new_privs"},
      {no_capabilities, "an end of capabilities"},
  };
  std::string out;
  for (const auto& part : parts) {
    if (part.there) continue;
    if (!out.empty()) out += ", ";
    out += part.what;
  }
  return out;
}

std::optional<Confinement> confinement_of(pid_t process) {
  const std::string place = "/proc/" + std::to_string(process);
  std::ifstream file(place + "/status");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string status = std::move(text).str();
  if (status.empty()) return std::nullopt;
  Confinement out;
  out.user = user_of(field(status, "\nUid:"));
  out.filtered = field(status, "\nSeccomp:") == "\t2";
  out.no_new_privileges = field(status, "\nNoNewPrivs:") == "\t1";
  out.no_capabilities =
      is_zero(field(status, "\nCapEff:")) && is_zero(field(status, "\nCapPrm:")) && is_zero(field(status, "\nCapAmb:"));
  out.own_users = has_own(place, "user");
  out.own_processes = has_own(place, "pid");
  out.own_mounts = has_own(place, "mnt");
  out.own_network = has_own(place, "net");
  out.own_ipc = has_own(place, "ipc");
  return out;
}

}  // namespace signalbox::lambda

#include "services/lambda/runtimes.h"

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <optional>

#include "services/lambda/names.h"

namespace signalbox::lambda {
namespace {

namespace fs = std::filesystem;

/// The program where packages of the distribution put it, or else on the server's PATH.
std::optional<fs::path> find_program(const std::string& name) {
  std::error_code ignored;
  if (const fs::path usual = "/usr/bin/" + name; fs::exists(usual, ignored)) return usual;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const fs::path here = fs::path(folder) / name;
    if (!folder.empty() && fs::exists(here, ignored)) return fs::canonical(here, ignored);
  }
  return std::nullopt;
}

Result<Runtime> interpreted(std::string_view runtime, const std::string& program) {
  const auto found = find_program(program);
  if (!found) {
    return invalid("The runtime " + std::string(runtime) + " needs " + program + ", which this host does not have.");
  }
  Runtime out;
  out.command = {found->string()};
  // "/opt/node/bin/node" needs "/opt/node".
  if (!found->string().starts_with("/usr/")) out.folder = found->parent_path().parent_path().string();
  return out;
}

}  // namespace

Result<Runtime> find_runtime(std::string_view name) {
  if (name.starts_with("python")) {
    auto runtime = interpreted(name, "python3");
    if (!runtime) return runtime;
    // Without the site of the user and without writing bytecode: neither is there. -u: a line is a log event at once.
    runtime->command.insert(runtime->command.end(), {"-s", "-B", "-u", "/var/runtime/bootstrap.py"});
    runtime->variables = {"PYTHONPATH=/var/runtime/python:/opt/python"};
    runtime->python = true;
    return runtime;
  }
  if (name.starts_with("nodejs")) {
    auto runtime = interpreted(name, "node");
    if (!runtime) return runtime;
    runtime->command.insert(runtime->command.end(), {"/var/runtime/bootstrap.mjs"});
    runtime->variables = {"NODE_PATH=/opt/nodejs/node_modules:/var/task/node_modules:/usr/share/nodejs"};
    return runtime;
  }
  if (name.starts_with("provided")) {
    Runtime runtime;
    runtime.command = {"/bin/sh", "-c",
                       "for b in /var/task/bootstrap /opt/bootstrap; do [ -x $b ] && exec $b; done; "
                       "echo 'neither /var/task/bootstrap nor /opt/bootstrap is an executable file' >&2; exit 127"};
    return runtime;
  }
  return invalid("The runtime " + std::string(name) +
                 " is not supported yet: this server runs python, nodejs and provided ones.");
}

}  // namespace signalbox::lambda

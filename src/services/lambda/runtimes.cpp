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

/// Where packages of the build or of the distribution put the AWS SDK for JavaScript: tools/install_sdk. Empty for
/// nowhere.
fs::path node_sdk() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& place :
       {program.parent_path().parent_path() / "aws-sdk", fs::path("/usr/share/signalbox/aws-sdk")}) {
    if (fs::is_directory(place / "node_modules/@aws-sdk", ignored)) return place / "node_modules";
  }
  return {};
}

/// An interpreter of another place is at /var/lang, as on AWS, with the folder that its bin is in: "/opt/node/bin/node"
/// brings "/opt/node". Never a folder that is more than an installation's, as of a user's own ~/bin.
Result<Runtime> interpreted(std::string_view runtime, const std::string& program) {
  const auto found = find_program(program);
  Runtime out;
  if (found && found->string().starts_with("/usr/")) {
    out.command = {found->string()};
    return out;
  }
  const char* const home = std::getenv("HOME");
  const fs::path folder = found ? found->parent_path().parent_path() : fs::path();
  if (folder.empty() || found->parent_path().filename() != "bin" || folder.parent_path() == folder.root_path() ||
      (home != nullptr && folder == fs::path(home))) {
    if (folder.parent_path() != "/opt" || found->parent_path().filename() != "bin") {
      return invalid("The runtime " + std::string(runtime) + " needs " + program + ", which this host does not have.");
    }
  }
  out.command = {"/var/lang/bin/" + found->filename().string()};
  out.folders = {{folder.string(), "/var/lang"}};
  return out;
}

/// "python3.12" of "python3.12", "3" of what is no number.
std::string number_of(std::string_view runtime, std::string_view family) {
  std::string number(runtime.substr(family.size()));
  return number.substr(0, number.find_first_not_of("0123456789."));
}

}  // namespace

Result<Runtime> find_runtime(std::string_view name) {
  if (name.starts_with("python")) {
    auto runtime = interpreted(name, "python3");
    if (!runtime) return runtime;
    // Without the site of the user and without writing bytecode: neither is there. -u: a line is a log event at once.
    runtime->any_architecture = true;
    runtime->command.insert(runtime->command.end(), {"-s", "-B", "-u", "/var/runtime/bootstrap.py"});
    // Packages of layers, for the version that was named; bootstrap.py adds those for the one that there is.
    runtime->variables = {"PYTHONPATH=/var/runtime/python:/opt/python/lib/python" + number_of(name, "python") +
                          "/site-packages:/opt/python"};
    runtime->python = true;
    return runtime;
  }
  if (name.starts_with("nodejs")) {
    auto runtime = interpreted(name, "node");
    if (!runtime) return runtime;
    runtime->any_architecture = true;
    runtime->command.insert(runtime->command.end(), {"/var/runtime/bootstrap.mjs"});
    const std::string number = number_of(name, "nodejs");
    runtime->variables = {"NODE_PATH=/opt/nodejs/node" + number.substr(0, number.find('.')) +
                          "/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task:"
                          "/var/task/node_modules:/usr/share/nodejs"};
    // ES modules know nothing of NODE_PATH: they look into node_modules of the folders above, which for /var/task are
    // /var and /. So the layers' packages are found at the one, and the SDK at the other.
    runtime->links = {{"/var/node_modules", "/opt/nodejs/node_modules"},
                      {"/node_modules", "/var/runtime/node_modules"}};
    if (const fs::path sdk = node_sdk(); !sdk.empty()) {
      runtime->folders.push_back({sdk.string(), "/var/runtime/node_modules"});
    }
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

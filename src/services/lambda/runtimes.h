// The runtimes that functions name, and what runs them here: docs/decisions/0050-lambda-runtimes.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/lambda/sandbox.h"

namespace signalbox::lambda {

struct Runtime {
  /// What runs in the sandbox; /var/runtime and /var/task are there.
  std::vector<std::string> command;
  /// What it needs of the host beside /usr, and where its packages are found.
  std::vector<SandboxFolder> folders;
  std::vector<SandboxLink> links;
  /// Variables that it needs beside those of all.
  std::vector<std::string> variables;
  bool any_architecture = false;  // packages for it are not of machine code
  bool python = false;
};

/// "python3.12": any python3 of the host; "nodejs22.x": any node; "provided...": the package's or a layer's own
/// bootstrap. Names that AWS has retired are as those of today. Errors: InvalidParameterValueException for a runtime
/// that this server does not run, or whose interpreter the host does not have.
Result<Runtime> find_runtime(std::string_view name);

}  // namespace signalbox::lambda

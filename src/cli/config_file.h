// Options from a file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace signalbox::cli {

/// Gives `command` the options that the file at `path` sets and neither the command line nor the environment did.
/// Lines are NAME=VALUE with the options' long names; lines that start with '#' or ';' are comments. Throws CLI::Error
/// for a file that cannot be read and for a name that is no option, as CLI11's own parsing does.
inline void apply_config_file(CLI::App& command, const std::string& path) {
  for (const CLI::ConfigItem& item : CLI::ConfigINI().from_file(path)) {
    if (!item.parents.empty())
      throw CLI::ConfigError(path + ": there are no sections, such as " + item.parents.front());
    CLI::Option* option = command.get_option_no_throw("--" + item.name);
    if (option == nullptr || !option->get_configurable()) {
      throw CLI::ConfigError(path + ": there is no option " + item.name);
    }
    if (option->count() > 0) continue;
    option->add_result(item.inputs);
    option->run_callback();
  }
}

}  // namespace signalbox::cli

#include "services/lambda/runtime_files.h"

#include <string_view>

// The bytes of a file of the build, as symbols SYMBOL_begin and SYMBOL_end.
#define SIGNALBOX_EMBED(symbol, path)                                                                        \
  asm(".section .rodata\n" #symbol "_begin:\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.previous\n"); \
  extern "C" const char symbol##_begin[];                                                                    \
  extern "C" const char symbol##_end[]

SIGNALBOX_EMBED(signalbox_lambda_init, SIGNALBOX_LAMBDA_INIT);
SIGNALBOX_EMBED(signalbox_lambda_python, SIGNALBOX_LAMBDA_RUNTIME "/bootstrap.py");
SIGNALBOX_EMBED(signalbox_lambda_site, SIGNALBOX_LAMBDA_RUNTIME "/sitecustomize.py");
SIGNALBOX_EMBED(signalbox_lambda_node, SIGNALBOX_LAMBDA_RUNTIME "/bootstrap.mjs");

namespace signalbox::lambda {
namespace {

constexpr std::string_view kUserFile =
    "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/tmp:/sbin/nologin\n";
constexpr std::string_view kGroups = "root:x:0:\nsbx_user1051:x:990:\n";
constexpr std::string_view kHosts = "127.0.0.1 localhost\n";
constexpr std::string_view kNames = "passwd: files\ngroup: files\nhosts: files\n";

}  // namespace

Result<void> put_runtime_files(const CodeStore& code) {
  const struct {
    const char* name;
    std::string_view bytes;
    bool executable;
  } files[] = {
      {"init", {signalbox_lambda_init_begin, signalbox_lambda_init_end}, true},
      {"bootstrap.py", {signalbox_lambda_python_begin, signalbox_lambda_python_end}, false},
      {"python/sitecustomize.py", {signalbox_lambda_site_begin, signalbox_lambda_site_end}, false},
      {"bootstrap.mjs", {signalbox_lambda_node_begin, signalbox_lambda_node_end}, false},
      {"etc/passwd", kUserFile, false},
      {"etc/group", kGroups, false},
      {"etc/hosts", kHosts, false},
      {"etc/nsswitch.conf", kNames, false},
  };
  for (const auto& file : files) {
    Result<void> put = code.put_runtime(file.name, file.bytes, file.executable);
    if (!put) return put;
  }
  return {};
}

}  // namespace signalbox::lambda

#include "child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "load.h"

namespace signalbox::bench {

Child::Child(const std::vector<std::string>& command, Cores cores) {
  const auto body = [&command](int out) {
    ::dup2(out, STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    std::perror(arguments[0]);
  };
  start(body, cores);
}

Child::Child(const std::function<void(int)>& body) {
  start(body, Cores::kFirst);
}

void Child::start(const std::function<void(int)>& body, Cores cores) {
  int ends[2];
  if (::pipe(ends) != 0) std::exit(1);
  process_ = ::fork();
  if (process_ == 0) {
    ::close(ends[0]);
    if (cores == Cores::kFirst) pin_to_core(0);
    body(ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  char c = 0;
  while (::read(ends[0], &c, 1) == 1 && c != '\n') line_.push_back(c);
  ::close(ends[0]);
  if (c != '\n') {
    std::fprintf(stderr, "the server did not start\n");
    std::exit(1);
  }
}

Child::~Child() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::uint16_t Child::port() const {
  const auto url = line_.find("://");
  return static_cast<std::uint16_t>(std::atoi(line_.c_str() + line_.find(':', url + 3) + 1));
}

std::size_t Child::resident_kib() const {
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoul(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

double Child::cpu_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(process_) + "/stat");
  std::string text;
  std::getline(stat, text);
  std::size_t at = text.rfind(')');
  for (int field = 0; field < 12; ++field) at = text.find(' ', at + 1);
  char* end = nullptr;
  const double user = std::strtod(text.c_str() + at, &end);
  const double system = std::strtod(end, nullptr);
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Folder::Folder(const std::string& parent) : path_(parent + "/signalbox-bench-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    std::perror(parent.c_str());
    std::exit(1);
  }
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace signalbox::bench

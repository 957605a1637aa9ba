// A server in a process of its own, on a core of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace signalbox::bench {

/// Which cores a child may use.
enum class Cores { kFirst, kAll };

/// The process ends, killed, with this object.
class Child {
 public:
  /// Starts `command`, by default on core 0, and waits until it has printed a line; `line()` is that line. Exits the
  /// program when it prints none.
  explicit Child(const std::vector<std::string>& command, Cores cores = Cores::kFirst);
  /// Runs `body` in a forked process on core 0; it prints one line to the descriptor it is given.
  explicit Child(const std::function<void(int)>& body);
  ~Child();
  Child(const Child&) = delete;

  const std::string& line() const { return line_; }
  /// The number behind the last ':' of the line's first URL.
  std::uint16_t port() const;
  /// Memory in use now (VmRSS), in KiB.
  std::size_t resident_kib() const;
  /// Processor time used so far, in seconds.
  double cpu_seconds() const;

 private:
  void start(const std::function<void(int)>& body, Cores cores);
  pid_t process_ = -1;
  std::string line_;
};

/// An empty folder under `parent`, removed with everything in it at the end.
class Folder {
 public:
  explicit Folder(const std::string& parent);
  ~Folder();
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace signalbox::bench

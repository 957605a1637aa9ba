// What the processes of a sandbox use, counted one by one: where no control group counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace signalbox::lambda {

/// What no folder in memory stands for.
struct ProcessesUse {
  std::int64_t memory_bytes = 0;  // their own, and what the kernel keeps for them
  std::int64_t tasks = 0;         // processes and threads
  bool countable = true;          // false: there is so much to count that it was left
};

/// Counts a process and all that it forked. What processes share counts once, as far as it matters: where each one's
/// own comes to more than `bound`, shared pages are told apart, which takes longer. Blocks for some milliseconds, up to
/// a second where there are very many threads, mappings and open files. Empty when the process has ended.
std::optional<ProcessesUse> count_processes(pid_t first, std::int64_t bound);

}  // namespace signalbox::lambda

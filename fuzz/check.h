// What a fuzz target does when something is wrong.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program, with the place, unless `condition` holds.
#define FUZZ_CHECK(condition)                                                      \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

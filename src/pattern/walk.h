// One pass over an event's text that collects the values at the paths which rules mention, and jumps over the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pattern/index.h"
#include "pattern/scan.h"

namespace signalbox::pattern {

/// The walk; compiled more than once (see walk.cpp), hence the macro.
#define SIGNALBOX_DECLARE_WALK(Name)                                                                         \
  class Name {                                                                                               \
   public:                                                                                                   \
    bool run(std::string_view event, const Index& index, EventValues& values, std::vector<PathId>& present); \
                                                                                                             \
   private:                                                                                                  \
    std::size_t skip_space(std::size_t at) const;                                                            \
    std::size_t object(std::size_t at, std::uint32_t node, std::uint32_t place, int depth);                  \
    std::size_t array(std::size_t at, std::uint32_t node, std::uint32_t place, int depth);                   \
    std::size_t value(std::size_t at, std::uint32_t node, std::uint32_t place, int depth);                   \
    std::size_t skip_value(std::size_t at) const;                                                            \
    /* The node for a member of that name; 0 for none. */                                                    \
    std::uint32_t descend(std::uint32_t node, std::string_view name) const;                                  \
    void add(json::Type type, std::string_view text, std::uint32_t node, std::uint32_t place);               \
    std::string_view unescape(std::string_view text);                                                        \
                                                                                                             \
    Scan scan_;                                                                                              \
    std::string_view text_;                                                                                  \
    const Index* index_ = nullptr;                                                                           \
    EventValues* values_ = nullptr;                                                                          \
    std::vector<PathId>* present_ = nullptr;                                                                 \
    std::uint32_t arrays_ = 0;                                                                               \
    std::string unescaped_;                                                                                  \
  };

SIGNALBOX_DECLARE_WALK(PlainWalk)
SIGNALBOX_DECLARE_WALK(QuickWalk)
#undef SIGNALBOX_DECLARE_WALK

class Walk {
 public:
  Walk();
  /// Fills `values` and `present` (the paths met, each once). False when the text is not an object.
  bool run(std::string_view event, const Index& index, EventValues& values, std::vector<PathId>& present);

 private:
  struct {
    PlainWalk plain;
    QuickWalk quick;
  } walk_;
  bool quick_ = false;
};

}  // namespace signalbox::pattern

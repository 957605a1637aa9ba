// One alternative of a rule's pattern as compact bytes: what is checked, exactly, once the index says that it may
// match.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json.h"
#include "pattern/compiled.h"

namespace signalbox::pattern {

using PathId = std::uint32_t;
using RuleId = std::uint64_t;

/// A scalar of the event, at one path. `text` is a string's content without escapes, a number as spelled.
struct EventValue {
  json::Type type;
  std::uint32_t next;   // the next value at the same path; kNone for none
  std::uint32_t place;  // the array elements that it stands in; kNone outside arrays
  std::string_view text;
};
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

/// One array element that others stand in.
struct ArrayPlace {
  std::uint32_t outer;  // kNone for none
  std::uint32_t array;  // differs from array to array
  std::uint32_t element;
};

/// What a walk found in an event.
struct EventValues {
  std::vector<EventValue> values;
  std::vector<ArrayPlace> places;
  /// First value at each path that was met in this event.
  struct Path {
    std::uint64_t event = 0;  // number of the event that `first` belongs to
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    std::uint32_t count = 0;
  };
  std::vector<Path> paths;
  std::uint64_t event = 0;

  bool has(PathId path) const { return paths[path].event == event; }
  std::uint32_t first(PathId path) const { return has(path) ? paths[path].first : kNone; }
};

/// Immutable, shared by counting.
class Program {
 public:
  /// `paths[i]` is the path of `alternative[i]`; `keys` are those it is filed under, kept for its removal.
  static Program* make(RuleId rule, const Alternative& alternative, const std::vector<PathId>& paths,
                       const std::vector<std::uint64_t>& keys);

  RuleId rule() const { return rule_; }
  std::size_t bytes() const { return sizeof(Program) + key_count_ * sizeof(std::uint64_t) + size_; }
  std::uint32_t key_count() const { return key_count_; }
  std::uint64_t key(std::uint32_t index) const { return reinterpret_cast<const std::uint64_t*>(this + 1)[index]; }

  /// Whether the event meets every field, without mixing elements of an array. `choices` is scratch memory.
  bool matches(const EventValues& event, std::vector<std::uint32_t>& choices) const;

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const;

  /// The rule's other alternatives, for its removal; only the builder uses it.
  Program* next_alternative = nullptr;

 private:
  Program(RuleId rule, std::uint32_t size, std::uint32_t keys) : rule_(rule), size_(size), key_count_(keys) {}
  // Behind the object: the keys, then the code.
  const char* code() const { return reinterpret_cast<const char*>(this + 1) + key_count_ * sizeof(std::uint64_t); }

  RuleId rule_;
  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t size_;  // of the code, in bytes
  std::uint32_t key_count_;
};

/// A counted pointer to a program, or to a list of them that have the same key.
class ProgramList {
 public:
  ProgramList() = default;
  ProgramList(const ProgramList& other) : bits_(other.bits_) { retain(); }
  ProgramList(ProgramList&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  ProgramList& operator=(ProgramList other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~ProgramList() { release(); }

  bool empty() const { return bits_ == 0; }
  std::size_t size() const { return is_many() ? many()->programs.size() : (bits_ == 0 ? 0 : 1); }
  /// Shares ownership of the program.
  void add(Program* program);
  void remove(const Program* program);

  template <class Visit>
  void each(const Visit& visit) const {
    if (is_many()) {
      for (const Program* program : many()->programs) visit(program);
    } else if (bits_ != 0) {
      visit(one());
    }
  }

 private:
  struct Many {
    ~Many();
    std::atomic<std::uint32_t> references{1};
    std::vector<Program*> programs;
  };
  static constexpr std::uintptr_t kManyBit = 1;
  bool is_many() const { return (bits_ & kManyBit) != 0; }
  Program* one() const { return reinterpret_cast<Program*>(bits_); }
  Many* many() const { return reinterpret_cast<Many*>(bits_ & ~kManyBit); }
  void retain() const;
  void release();

  std::uintptr_t bits_ = 0;
};

}  // namespace signalbox::pattern

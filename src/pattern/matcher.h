// Which of very many rules match an event: the index over compiled patterns. See README.md and
// docs/decisions/0006-pattern-matcher.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "pattern/pattern.h"

namespace signalbox::pattern {

struct Index;

/// The caller's name for a rule.
using RuleId = std::uint64_t;

/// Memory for matching, kept from event to event so that none is allocated once it is warm. One a thread.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

 private:
  friend class Matcher;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

/// Rules as they were at one moment: immutable, safe from any thread.
class Matcher {
 public:
  /// The rules that match `event`, each once, in order of their ids, into `matched` (emptied first). `event` is the
  /// text of a JSON object that is known to be valid; of others some rules or none may come out, nothing worse.
  void match(std::string_view event, Scratch& scratch, std::vector<RuleId>& matched) const;

  std::size_t size() const;
  /// Memory that the index and its rules take, in bytes.
  std::size_t bytes() const;

 private:
  friend class MatcherBuilder;
  explicit Matcher(std::shared_ptr<const Index> index) : index_(std::move(index)) {}
  std::shared_ptr<const Index> index_;
};

/// Puts and erases rules; one thread at a time. Snapshots share what they have in common.
class MatcherBuilder {
 public:
  MatcherBuilder();
  ~MatcherBuilder();
  MatcherBuilder(MatcherBuilder&&) noexcept;
  MatcherBuilder& operator=(MatcherBuilder&&) noexcept;

  /// Adds a rule, or replaces the one of that id.
  void put(RuleId rule, const Pattern& pattern);
  /// False when there is no such rule.
  bool erase(RuleId rule);

  /// The rules as they are now. The next change copies what it touches: some microseconds.
  std::shared_ptr<const Matcher> snapshot() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signalbox::pattern

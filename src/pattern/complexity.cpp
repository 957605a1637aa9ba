#include "pattern/complexity.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace signalbox::pattern {
namespace {

constexpr int kStar = 256;
constexpr std::size_t kTooComplex = kMaxWildcardComplexity + 1;
/// Sets of states that are looked at; wildcards that have more are too complex, whatever their measure.
constexpr std::size_t kMaxSets = 20'000;

/// The wildcards that one condition of a field brings: several where anything-but has a list of them.
struct Term {
  std::vector<std::string> wildcards;
  auto operator<=>(const Term&) const = default;
};

/// The bytes and stars of a wildcard between the quotes that event-ruler matches, too.
std::vector<int> symbols_of(std::string_view wildcard) {
  std::vector<int> symbols = {'"'};
  for (std::size_t i = 0; i < wildcard.size(); ++i) {
    if (wildcard[i] == '\\' && i + 1 < wildcard.size()) {
      symbols.push_back(static_cast<unsigned char>(wildcard[++i]));
    } else {
      symbols.push_back(wildcard[i] == '*' ? kStar : static_cast<unsigned char>(wildcard[i]));
    }
  }
  symbols.push_back('"');
  return symbols;
}

/// The automaton of the wildcards of one field: what is before the first star is shared as in a trie, what follows is
/// each wildcard's own. A state weighs as much as there are terms that it can lead to.
class Machine {
 public:
  void add(const Term& term) {
    const std::size_t number = terms_++;
    std::size_t end = 0;  // one for all: the term is matched or it is not
    for (const std::string& wildcard : term.wildcards) add(wildcard, number, end);
  }

  /// Follows every text at once: breadth first through the sets of states that can be active together.
  std::size_t complexity() const {
    if (terms_ == 0) return 0;
    std::set<std::vector<std::size_t>> seen = {{0}};
    std::vector<std::vector<std::size_t>> pending = {{0}};
    std::size_t most = 0;
    while (!pending.empty()) {
      const std::vector<std::size_t> active = std::move(pending.back());
      pending.pop_back();
      for (const auto& next : successors(active)) {
        if (next.empty()) continue;
        most = std::max(most, weight(next));
        if (most > kMaxWildcardComplexity || seen.size() > kMaxSets) return kTooComplex;
        if (seen.insert(next).second) pending.push_back(next);
      }
    }
    return most;
  }

 private:
  struct State {
    std::map<int, std::vector<std::size_t>> next;  // by byte
    std::size_t star = 0;  // the state of the star that follows; itself, for a star's own. 0: none
    std::set<std::size_t> terms;
  };

  std::size_t make() {
    states_.emplace_back();
    return states_.size() - 1;
  }

  void add(std::string_view wildcard, std::size_t term, std::size_t& end) {
    const std::vector<int> symbols = symbols_of(wildcard);
    std::size_t at = 0;
    std::size_t before_star = 0;
    bool after_star = false;  // the last symbol was one
    bool shared = true;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const int symbol = symbols[i];
      const bool last = i + 1 == symbols.size();
      std::size_t to = 0;
      if (symbol == kStar) {
        to = step_to_star(at, shared);
        before_star = at;
        shared = false;
      } else if (shared && !last) {
        to = shared_step(at, symbol);
      } else {
        to = last && end != 0 ? end : make();
        if (last) end = to;
        states_[at].next[symbol].push_back(to);
        if (after_star) states_[before_star].next[symbol].push_back(to);  // a star may stand for nothing
      }
      after_star = symbol == kStar;
      states_[to].terms.insert(term);
      at = to;
    }
  }

  std::size_t step_to_star(std::size_t at, bool shared) {
    if (shared && states_[at].star != 0) return states_[at].star;
    const std::size_t star = make();
    states_[at].star = star;
    states_[star].star = star;
    return star;
  }

  std::size_t shared_step(std::size_t at, int symbol) {
    if (const auto found = states_[at].next.find(symbol); found != states_[at].next.end()) return found->second.front();
    const std::size_t to = make();
    states_[at].next[symbol].push_back(to);
    return to;
  }

  /// The sets that follow by each byte that a state waits for, and by any other.
  std::vector<std::vector<std::size_t>> successors(const std::vector<std::size_t>& active) const {
    std::set<std::size_t> always;
    std::map<int, std::set<std::size_t>> by_byte;
    for (const std::size_t id : active) {
      if (states_[id].star != 0) always.insert(states_[id].star);
      for (const auto& [byte, to] : states_[id].next) by_byte[byte].insert(to.begin(), to.end());
    }
    std::vector<std::vector<std::size_t>> sets = {{always.begin(), always.end()}};
    for (auto& [byte, to] : by_byte) {
      to.insert(always.begin(), always.end());
      sets.emplace_back(to.begin(), to.end());
    }
    return sets;
  }

  /// What matches "foo" has matched the beginning of "foo*", too: a star that comes next counts already.
  std::size_t weight(const std::vector<std::size_t>& active) const {
    std::size_t sum = 0;
    for (const std::size_t id : active) {
      const State& state = states_[id];
      sum += state.terms.size();
      if (state.star != 0 && !std::ranges::binary_search(active, state.star)) sum += states_[state.star].terms.size();
    }
    return sum;
  }

  std::vector<State> states_ = std::vector<State>(1);
  std::size_t terms_ = 0;
};

/// What tells a condition from another, for the fields before the one that is measured.
struct Identity {
  std::string operator()(const Exact& exact) const {
    return "=" + std::to_string(static_cast<int>(exact.value.type)) + exact.value.text;
  }
  std::string operator()(const Text& text) const {
    return "t" + std::to_string(static_cast<int>(text.how)) + (text.ignore_case ? "i" : "c") + text.text;
  }
  std::string operator()(const Range& range) const {
    const auto side = [](const std::optional<Bound>& bound) {
      return bound ? std::to_string(bound->value) + (bound->inclusive ? "]" : ")") : std::string("-");
    };
    return "r" + side(range.low) + side(range.high);
  }
  std::string operator()(const Cidr& cidr) const {
    return "c" + std::to_string(cidr.bits) + std::string(cidr.address.begin(), cidr.address.end());
  }
  std::string operator()(const Exists& exists) const { return exists.wanted ? "e" : "a"; }
  std::string operator()(const AnythingBut& but) const {
    std::string all = "!";
    for (const Condition& one : but.none_of) all += std::visit(*this, one.is) + '\n';
    return all;
  }
};

void add_wildcard(const Condition& condition, Term& term) {
  const auto* const text = std::get_if<Text>(&condition.is);
  if (text != nullptr && text->how == TextMatch::kWildcard) term.wildcards.push_back(text->text);
}

Term term_of(const Condition& condition) {
  Term term;
  if (const auto* const but = std::get_if<AnythingBut>(&condition.is)) {
    for (const Condition& one : but->none_of) add_wildcard(one, term);
  } else {
    add_wildcard(condition, term);
  }
  std::ranges::sort(term.wildcards);
  return term;
}

bool only_absence(const Field& field) {
  return std::ranges::all_of(field.any_of, [](const Condition& condition) {
    const auto* const exists = std::get_if<Exists>(&condition.is);
    return exists != nullptr && !exists->wanted;
  });
}

bool has_wildcards(const Alternative& fields) {
  return std::ranges::any_of(fields, [](const Field& field) {
    return std::ranges::any_of(field.any_of,
                               [](const Condition& condition) { return !term_of(condition).wildcards.empty(); });
  });
}

}  // namespace

std::size_t wildcard_complexity(const std::vector<Alternative>& alternatives) {
  // Fields are matched in the order of their paths. Those that follow the same conditions share an automaton, from
  // whichever alternative they are; those behind a field that must be absent are not measured.
  std::map<std::pair<std::string, std::string>, std::set<Term>> fields;  // by what was matched before, and path
  for (const Alternative& alternative : alternatives) {
    if (!has_wildcards(alternative)) continue;
    std::vector<const Field*> ordered;
    for (const Field& field : alternative) ordered.push_back(&field);
    std::ranges::sort(ordered, {}, &Field::path);
    std::string before;
    for (const Field* field : ordered) {
      if (only_absence(*field)) break;
      before += field->path + '\n';
      std::set<Term>& terms = fields[{before, field->path}];
      for (const Condition& condition : field->any_of) {
        if (Term term = term_of(condition); !term.wildcards.empty()) terms.insert(std::move(term));
        before += std::visit(Identity{}, condition.is) + '\n';
      }
    }
  }
  std::size_t most = 0;
  for (const auto& [place, terms] : fields) {
    Machine machine;
    for (const Term& term : terms) machine.add(term);
    most = std::max(most, machine.complexity());
    if (most > kMaxWildcardComplexity) break;
  }
  return most;
}

}  // namespace signalbox::pattern

#include "pattern/program.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "pattern/number.h"
#include "pattern/program_code.h"

namespace signalbox::pattern {
namespace {

constexpr std::size_t kMaxAddress = 45;
/// Steps after which a search through array elements gives up: only an event made to be slow needs more.
constexpr std::size_t kMaxSteps = 100'000;

template <class T>
T take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

std::string_view take_text(const char*& at) {
  const auto size = take<std::uint32_t>(at);
  const std::string_view text(at, size);
  at += size;
  return text;
}

/// An event's value with what is derived from it, once.
struct Subject {
  const EventValue& value;
  bool is_string() const { return value.type == json::Type::kString; }
  bool is_number() const { return value.type == json::Type::kNumber; }
  const std::string& folded() {
    if (!has_folded) text = fold_case(value.text);
    has_folded = true;
    return text;
  }
  bool has_folded = false;
  std::string text;
};

/// '*' is any run of bytes; a backslash makes the next byte stand for itself. Tries the places of one '*' after
/// another: going back to the last one is enough.
bool matches_wildcard(std::string_view wanted, std::string_view text) {
  std::size_t w = 0;
  std::size_t t = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t tried = 0;
  for (;;) {
    if (w < wanted.size() && wanted[w] == '*') {
      after_star = ++w;
      if (after_star == wanted.size()) return true;
      tried = t;
      continue;
    }
    if (t == text.size()) return w == wanted.size();
    const std::size_t literal = w + (w < wanted.size() && wanted[w] == '\\' ? 1 : 0);
    if (literal < wanted.size() && wanted[literal] == text[t]) {
      w = literal + 1;
      ++t;
      continue;
    }
    if (after_star == std::string_view::npos) return false;
    w = after_star;
    t = ++tried;
  }
}

bool in_range(const EventValue& value, const char*& at) {
  const auto flags = take<std::uint8_t>(at);
  const auto low = take<double>(at);
  const auto high = take<double>(at);
  if (value.type != json::Type::kNumber) return false;
  const double number = Decimal::read(value.text).value();
  if ((flags & kHasLow) != 0 && !((flags & kLowIncluded) != 0 ? number >= low : number > low)) return false;
  return (flags & kHasHigh) == 0 || ((flags & kHighIncluded) != 0 ? number <= high : number < high);
}

bool in_block(const EventValue& value, const char*& at) {
  const int family = take<std::uint8_t>(at) == 4 ? AF_INET : AF_INET6;
  const unsigned bits = take<std::uint8_t>(at);
  const auto block = take<std::array<std::uint8_t, 16>>(at);
  if (value.type != json::Type::kString || value.text.empty() || value.text.size() > kMaxAddress) return false;
  char text[kMaxAddress + 1] = {};
  std::memcpy(text, value.text.data(), value.text.size());
  if (std::memchr(text, 0, value.text.size()) != nullptr) return false;
  std::array<std::uint8_t, 16> address{};
  if (inet_pton(family, text, address.data()) != 1) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> bit % 8;
    if ((address[bit / 8] & mask) != (block[bit / 8] & mask)) return false;
  }
  return true;
}

/// Whether the value meets the condition at `at`, which moves behind it.
bool meets(Subject& subject, const char*& at) {
  const auto op = take<Op>(at);
  switch (op) {
    case Op::kString:
      return take_text(at) == subject.value.text && subject.is_string();
    case Op::kNumber: {
      const std::string_view wanted = take_text(at);
      return subject.is_number() && Decimal::read(wanted) == Decimal::read(subject.value.text);
    }
    case Op::kNull:
      return subject.value.type == json::Type::kNull;
    case Op::kTrue:
      return subject.value.type == json::Type::kTrue;
    case Op::kFalse:
      return subject.value.type == json::Type::kFalse;
    case Op::kPrefix:
      return subject.value.text.starts_with(take_text(at)) && subject.is_string();
    case Op::kSuffix:
      return subject.value.text.ends_with(take_text(at)) && subject.is_string();
    case Op::kEqualFolded: {
      const std::string_view wanted = take_text(at);
      return subject.is_string() && subject.folded() == wanted;
    }
    case Op::kPrefixFolded: {
      const std::string_view wanted = take_text(at);
      return subject.is_string() && subject.folded().starts_with(wanted);
    }
    case Op::kSuffixFolded: {
      const std::string_view wanted = take_text(at);
      return subject.is_string() && subject.folded().ends_with(wanted);
    }
    case Op::kWildcard: {
      const std::string_view wanted = take_text(at);
      return subject.is_string() && matches_wildcard(wanted, subject.value.text);
    }
    case Op::kRange:
      return in_range(subject.value, at);
    case Op::kCidr:
      return in_block(subject.value, at);
    case Op::kPresent:
      return true;
    case Op::kAbsent:
      return false;
    case Op::kNoneOf: {
      const auto size = take<std::uint32_t>(at);
      const char* const end = at + size;
      bool none = true;
      while (at < end && none) none = !meets(subject, at);
      at = end;
      return none;
    }
  }
  return false;
}

bool agree(const EventValues& event, std::uint32_t a, std::uint32_t b) {
  for (; a != kNone; a = event.places[a].outer) {
    for (std::uint32_t other = b; other != kNone; other = event.places[other].outer) {
      if (event.places[a].array == event.places[other].array &&
          event.places[a].element != event.places[other].element) {
        return false;
      }
    }
  }
  return true;
}

/// Places at which the fields can be met: lists of them one after another, each preceded by its length.
using Choices = std::vector<std::uint32_t>;

/// Chooses one place from each list from `at` on so that all agree with those in `chosen`.
bool choose(const EventValues& event, const Choices& choices, std::size_t at, Choices& chosen, std::size_t& steps) {
  if (at == choices.size()) return true;
  const std::size_t end = at + 1 + choices[at];
  for (std::size_t i = at + 1; i < end; ++i) {
    if (++steps > kMaxSteps) return false;
    bool fits = true;
    for (const std::uint32_t other : chosen) fits = fits && agree(event, other, choices[i]);
    if (!fits) continue;
    chosen.push_back(choices[i]);
    if (choose(event, choices, end, chosen, steps)) return true;
    chosen.pop_back();
  }
  return false;
}

struct FieldHead {
  PathId path;
  std::uint32_t conditions_bytes;
  bool may_be_absent;
};

FieldHead take_head(const char*& at) {
  FieldHead head{};
  head.path = take<PathId>(at);
  const auto packed = take<std::uint32_t>(at);
  head.may_be_absent = (packed & 1U) != 0;
  head.conditions_bytes = packed >> 1;
  return head;
}

}  // namespace

bool Program::matches(const EventValues& event, std::vector<std::uint32_t>& choices) const {
  choices.clear();
  std::size_t lists = 0;
  const char* at = code();
  for (const char* const end = at + size_; at < end;) {
    const FieldHead head = take_head(at);
    const char* const conditions = at;
    const char* const conditions_end = at + head.conditions_bytes;
    at = conditions_end;
    std::uint32_t index = event.first(head.path);
    if (index == kNone) {
      if (!head.may_be_absent) return false;
      continue;
    }
    bool anywhere = false;
    const std::size_t list_at = choices.size();
    choices.push_back(0);
    for (; index != kNone && !anywhere; index = event.values[index].next) {
      const EventValue& value = event.values[index];
      // Another value of the same place adds nothing.
      if (value.place != kNone && choices.size() > list_at + 1 && choices.back() == value.place) continue;
      Subject subject{value, false, {}};
      bool met = false;
      for (const char* one = conditions; one < conditions_end && !met;) met = meets(subject, one);
      if (!met) continue;
      if (value.place == kNone) {
        anywhere = true;
      } else {
        choices.push_back(value.place);
      }
    }
    const std::size_t found = choices.size() - list_at - 1;
    if (!anywhere && found == 0) return false;
    if (anywhere) {
      choices.resize(list_at);
    } else {
      choices[list_at] = static_cast<std::uint32_t>(found);
      ++lists;
    }
  }
  if (lists < 2) return true;
  Choices chosen;
  std::size_t steps = 0;
  return choose(event, choices, 0, chosen, steps);
}

}  // namespace signalbox::pattern

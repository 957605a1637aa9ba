#include "pattern/program.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <new>

#include "pattern/number.h"

namespace signalbox::pattern {
namespace {

enum class Op : std::uint8_t {
  kString,
  kNumber,
  kNull,
  kTrue,
  kFalse,
  kPrefix,
  kSuffix,
  kEqualFolded,
  kPrefixFolded,
  kSuffixFolded,
  kWildcard,
  kRange,
  kCidr,
  kPresent,
  kAbsent,
  kNoneOf,
};

constexpr std::uint8_t kHasLow = 1;
constexpr std::uint8_t kLowIncluded = 2;
constexpr std::uint8_t kHasHigh = 4;
constexpr std::uint8_t kHighIncluded = 8;
constexpr std::size_t kMaxAddress = 45;
/// Steps after which a search through array elements gives up: only an event made to be slow needs more.
constexpr std::size_t kMaxSteps = 100'000;

// ---- writing ----

class Writer {
 public:
  template <class T>
  void plain(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
  }
  void text(Op op, std::string_view value) {
    plain(op);
    plain(static_cast<std::uint32_t>(value.size()));
    out.append(value);
  }
  void condition(const Condition& condition) { std::visit(*this, condition.is); }
  void operator()(const Exact& exact) {
    switch (exact.value.type) {
      case json::Type::kString:
        return text(Op::kString, exact.value.text);
      case json::Type::kNumber:
        return text(Op::kNumber, exact.value.text);
      case json::Type::kTrue:
        return plain(Op::kTrue);
      case json::Type::kFalse:
        return plain(Op::kFalse);
      default:
        return plain(Op::kNull);
    }
  }
  void operator()(const Text& wanted) {
    switch (wanted.how) {
      case TextMatch::kPrefix:
        return text(wanted.ignore_case ? Op::kPrefixFolded : Op::kPrefix, wanted.text);
      case TextMatch::kSuffix:
        return text(wanted.ignore_case ? Op::kSuffixFolded : Op::kSuffix, wanted.text);
      case TextMatch::kEqual:
        return text(Op::kEqualFolded, wanted.text);
      case TextMatch::kWildcard:
        return text(Op::kWildcard, wanted.text);
    }
  }
  void operator()(const Range& range) {
    plain(Op::kRange);
    plain(static_cast<std::uint8_t>((range.low ? kHasLow | (range.low->inclusive ? kLowIncluded : 0) : 0) |
                                    (range.high ? kHasHigh | (range.high->inclusive ? kHighIncluded : 0) : 0)));
    plain(range.low ? range.low->value : 0.0);
    plain(range.high ? range.high->value : 0.0);
  }
  void operator()(const Cidr& cidr) {
    plain(Op::kCidr);
    plain(static_cast<std::uint8_t>(cidr.family == AF_INET ? 4 : 6));
    plain(static_cast<std::uint8_t>(cidr.bits));
    plain(cidr.address);
  }
  void operator()(const Exists& exists) { plain(exists.wanted ? Op::kPresent : Op::kAbsent); }
  void operator()(const AnythingBut& but) {
    plain(Op::kNoneOf);
    const std::size_t size_at = out.size();
    plain(std::uint32_t{0});
    for (const Condition& one : but.none_of) condition(one);
    const auto size = static_cast<std::uint32_t>(out.size() - size_at - sizeof(std::uint32_t));
    std::memcpy(out.data() + size_at, &size, sizeof(size));
  }

  std::string out;
};

// ---- reading ----

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

Program* Program::make(RuleId rule, const Alternative& alternative, const std::vector<PathId>& paths,
                       const std::vector<std::uint64_t>& keys) {
  Writer writer;
  for (std::size_t i = 0; i < alternative.size(); ++i) {
    writer.plain(paths[i]);
    const std::size_t packed_at = writer.out.size();
    writer.plain(std::uint32_t{0});
    bool may_be_absent = false;
    for (const Condition& one : alternative[i].any_of) {
      writer.condition(one);
      const auto* exists = std::get_if<Exists>(&one.is);
      may_be_absent = may_be_absent || (exists != nullptr && !exists->wanted);
    }
    const auto size = static_cast<std::uint32_t>(writer.out.size() - packed_at - sizeof(std::uint32_t));
    const std::uint32_t packed = size << 1 | (may_be_absent ? 1U : 0U);
    std::memcpy(writer.out.data() + packed_at, &packed, sizeof(packed));
  }
  const std::size_t keys_size = keys.size() * sizeof(std::uint64_t);
  void* memory = ::operator new(sizeof(Program) + keys_size + writer.out.size());
  auto* program = new (memory)
      Program(rule, static_cast<std::uint32_t>(writer.out.size()), static_cast<std::uint32_t>(keys.size()));
  char* behind = reinterpret_cast<char*>(program + 1);
  std::memcpy(behind, keys.data(), keys_size);
  std::memcpy(behind + keys_size, writer.out.data(), writer.out.size());
  return program;
}

void Program::release() const {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~Program();
  ::operator delete(const_cast<Program*>(this));
}

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

ProgramList::Many::~Many() {
  for (const Program* program : programs) program->release();
}

void ProgramList::retain() const {
  if (is_many()) {
    many()->references.fetch_add(1, std::memory_order_relaxed);
  } else if (bits_ != 0) {
    one()->retain();
  }
}

void ProgramList::release() {
  if (is_many()) {
    if (many()->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete many();
  } else if (bits_ != 0) {
    one()->release();
  }
  bits_ = 0;
}

void ProgramList::add(Program* program) {
  program->retain();
  if (bits_ == 0) {
    bits_ = reinterpret_cast<std::uintptr_t>(program);
    return;
  }
  if (is_many() && many()->references.load(std::memory_order_acquire) == 1) {
    many()->programs.push_back(program);
    return;
  }
  auto* list = new Many;
  list->programs.reserve(size() + 1);
  each([list](const Program* other) {
    other->retain();
    list->programs.push_back(const_cast<Program*>(other));
  });
  list->programs.push_back(program);
  release();
  bits_ = reinterpret_cast<std::uintptr_t>(list) | kManyBit;
}

void ProgramList::remove(const Program* program) {
  if (!is_many()) {
    if (one() == program) release();
    return;
  }
  ProgramList left;
  each([&left, program](const Program* other) {
    if (other != program) left.add(const_cast<Program*>(other));
  });
  *this = std::move(left);
}

}  // namespace signalbox::pattern

#include <arpa/inet.h>

#include <cstring>
#include <new>
#include <string>

#include "pattern/program.h"
#include "pattern/program_code.h"

namespace signalbox::pattern {
namespace {

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

#include <cstdint>
#include <cstring>

#include "store/store.h"

namespace signalbox::store {
namespace {

void append_size(std::string& out, std::size_t size) {
  const auto fixed = static_cast<std::uint32_t>(size);
  char bytes[sizeof(fixed)];
  std::memcpy(bytes, &fixed, sizeof(fixed));
  out.append(bytes, sizeof(fixed));
}

std::string_view take(std::string_view& rest) {
  std::uint32_t size = 0;
  std::memcpy(&size, rest.data(), sizeof(size));
  const std::string_view part = rest.substr(sizeof(size), size);
  rest.remove_prefix(sizeof(size) + size);
  return part;
}

}  // namespace

void Batch::add(Kind kind, std::string_view a, std::string_view b) {
  ops_.push_back(static_cast<char>(kind));
  append_size(ops_, a.size());
  ops_.append(a);
  append_size(ops_, b.size());
  ops_.append(b);
  ++count_;
}

void Batch::put(std::string_view key, std::string_view value) {
  add(Kind::kPut, key, value);
}
void Batch::erase(std::string_view key) {
  add(Kind::kErase, key, {});
}
void Batch::erase_range(std::string_view from, std::string_view to) {
  add(Kind::kEraseRange, from, to);
}

void Batch::append(const Batch& more) {
  ops_.append(more.ops_);
  count_ += more.count_;
}

void Batch::each(const std::function<void(Kind, std::string_view, std::string_view)>& visit) const {
  std::string_view rest = ops_;
  while (!rest.empty()) {
    const auto kind = static_cast<Kind>(rest.front());
    rest.remove_prefix(1);
    const std::string_view a = take(rest);
    const std::string_view b = take(rest);
    visit(kind, a, b);
  }
}

}  // namespace signalbox::store

#include "services/kinesis/layout.h"

#include <algorithm>
#include <utility>

namespace signalbox::kinesis {

HashKey uniform_first(std::uint32_t number, std::uint32_t count) {
  // number * 2^128 / count, without the 129th bit: 2^128 is size * count + rest.
  const HashKey size = kLastHashKey / count;
  const HashKey rest = kLastHashKey % count + 1;
  return size * number + rest * number / count;
}

Layout Layout::uniform(std::uint32_t count, const Occasion& occasion) {
  Layout layout;
  for (std::uint32_t i = 0; i < count; ++i) {
    const HashKey last = i + 1 == count ? kLastHashKey : uniform_first(i + 1, count) - 1;
    layout.add(uniform_first(i, count), last, occasion);
  }
  return layout;
}

void Layout::restore(Shard shard) {
  next_ = std::max(next_, shard.index + 1);
  if (shard.open()) open_[shard.first] = shard.index;
  shards_[shard.index] = shard;
}

std::uint32_t Layout::find(HashKey key) const {
  return std::prev(open_.upper_bound(key))->second;
}

const Shard* Layout::at(std::uint32_t index) const {
  const auto found = shards_.find(index);
  return found == shards_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> Layout::children(std::uint32_t index) const {
  std::vector<std::uint32_t> found;
  for (auto at = shards_.upper_bound(index); at != shards_.end(); ++at) {
    if (at->second.parent == index || at->second.adjacent_parent == index) found.push_back(at->first);
  }
  return found;
}

Shard& Layout::add(HashKey first, HashKey last, const Occasion& occasion) {
  Shard shard;
  shard.index = next_++;
  shard.first = first;
  shard.last = last;
  shard.starting = occasion.next_sequence();
  shard.created = occasion.now;
  open_[first] = shard.index;
  changed_.insert(shard.index);
  return shards_[shard.index] = shard;
}

void Layout::close(Shard& shard, const Occasion& occasion) {
  shard.ending = occasion.next_sequence();
  shard.closed = occasion.now;
  open_.erase(shard.first);
  changed_.insert(shard.index);
}

void Layout::split(std::uint32_t index, HashKey second, const Occasion& occasion) {
  Shard& parent = shards_.at(index);
  close(parent, occasion);
  const HashKey last = parent.last;
  add(parent.first, second - 1, occasion).parent = index;
  add(second, last, occasion).parent = index;
}

void Layout::merge(std::uint32_t index, std::uint32_t adjacent, const Occasion& occasion) {
  Shard& one = shards_.at(index);
  Shard& other = shards_.at(adjacent);
  close(one, occasion);
  close(other, occasion);
  Shard& child = add(std::min(one.first, other.first), std::max(one.last, other.last), occasion);
  child.parent = index;
  child.adjacent_parent = adjacent;
}

void Layout::scale(std::uint32_t count, const Occasion& occasion) {
  for (std::uint32_t i = 1; i < count; ++i) {
    const HashKey boundary = uniform_first(i, count);
    const std::uint32_t shard = find(boundary);
    if (shards_.at(shard).first != boundary) split(shard, boundary, occasion);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const HashKey first = uniform_first(i, count);
    const HashKey last = i + 1 == count ? kLastHashKey : uniform_first(i + 1, count) - 1;
    for (std::uint32_t shard = find(first); shards_.at(shard).last != last; shard = find(first)) {
      merge(shard, find(shards_.at(shard).last + 1), occasion);
    }
  }
}

std::set<std::uint32_t> Layout::take_changed() {
  return std::exchange(changed_, {});
}

}  // namespace signalbox::kinesis

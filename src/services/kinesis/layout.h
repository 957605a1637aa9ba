// The shards of a stream: which range of hash keys each has, and which came from which.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "services/kinesis/hash_key.h"
#include "store/field_forms.h"

namespace signalbox::kinesis {

/// A hash key in a record: its upper half, its lower half.
template <class Key>
struct HashKeyField {
  Key& key;

  void write_field(store::FieldWriter& out) const {
    out.record().number(static_cast<std::uint64_t>(key >> 64U)).number(static_cast<std::uint64_t>(key));
  }
  bool read_field(store::FieldReader& in) const {
    const HashKey high = in.record().number();
    key = high << 64U | in.record().number();
    return true;
  }
};

/// In a record: whether the shard is open, then its last sequence, 0 while it is open.
template <class Optional>
struct ClosedField {
  Optional& ending;

  void write_field(store::FieldWriter& out) const { out.record().flag(!ending.has_value()).number(ending.value_or(0)); }
  bool read_field(store::FieldReader& in) const {
    const bool open = in.record().flag();
    ending = in.record().number();
    if (open) ending.reset();
    return true;
  }
};

struct Shard {
  static constexpr std::uint8_t kVersion = 1;
  std::uint32_t index = 0;
  std::optional<std::uint32_t> parent;
  std::optional<std::uint32_t> adjacent_parent;
  HashKey first = 0;
  HashKey last = kLastHashKey;
  std::uint64_t starting = 0;           // sequence
  std::optional<std::uint64_t> ending;  // of a closed shard: no record has a higher one
  Time created{};
  Time closed{};

  bool open() const { return !ending.has_value(); }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("index", self.index)("parent", store::as_signed(self.parent));
    field("adjacent_parent", store::as_signed(self.adjacent_parent));
    field("first", HashKeyField{self.first})("last", HashKeyField{self.last})("starting", self.starting);
    field("ending", ClosedField{self.ending})("created", self.created)("closed", self.closed);
  }
};

/// What a change to the layout stands on: the time, and sequences, each higher than all before.
struct Occasion {
  Time now{};
  std::function<std::uint64_t()> next_sequence;
};

/// The open shards always cover all hash keys, each once. A plain value.
class Layout {
 public:
  /// So many shards with ranges of the same size.
  static Layout uniform(std::uint32_t count, const Occasion& occasion);

  /// As read from the store.
  void restore(Shard shard);

  /// The open shard of that hash key. There is one.
  std::uint32_t find(HashKey key) const;
  /// Null when there is none (any more).
  const Shard* at(std::uint32_t index) const;
  const std::map<std::uint32_t, Shard>& shards() const { return shards_; }
  std::size_t open_count() const { return open_.size(); }
  /// The shards that came of closing this one.
  std::vector<std::uint32_t> children(std::uint32_t index) const;

  /// Closes an open shard and opens two: up to before `second`, and from there. `second` is within, not the first key.
  void split(std::uint32_t index, HashKey second, const Occasion& occasion);
  /// Closes two open shards with ranges side by side and opens one. `index` is the parent, `adjacent` the other.
  void merge(std::uint32_t index, std::uint32_t adjacent, const Occasion& occasion);
  /// Splits and merges until there are `count` with ranges of the same size.
  void scale(std::uint32_t count, const Occasion& occasion);
  void forget(std::uint32_t index) { shards_.erase(index); }

  /// The shards that split, merge and scale have changed or made since the last call.
  std::set<std::uint32_t> take_changed();

 private:
  Shard& add(HashKey first, HashKey last, const Occasion& occasion);
  void close(Shard& shard, const Occasion& occasion);

  std::map<std::uint32_t, Shard> shards_;
  std::map<HashKey, std::uint32_t> open_;  // by the first key of the range
  std::set<std::uint32_t> changed_;
  std::uint32_t next_ = 0;
};

/// The first hash key of range `number` of `count` of the same size.
HashKey uniform_first(std::uint32_t number, std::uint32_t count);

}  // namespace signalbox::kinesis

// One row of a query under way: the values of its slots, read from a log event when they are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "services/logs/insights/syntax.h"

namespace signalbox::logs::insights {

/// A log event as a query sees it; the texts are borrowed.
struct SourceEvent {
  std::int64_t time = 0;
  std::uint64_t number = 0;  // orders events of the same time
  std::int64_t ingested = 0;
  std::string_view message;
  std::string_view stream;
  std::string_view log;     // "ACCOUNT:GROUP"
  std::uint32_t group = 0;  // of the query's log groups
  bool is_padded = false;   // 64 bytes more than the message can be read
};

/// Where @ptr points.
struct Pointer {
  std::uint32_t group = 0;
  std::int64_t time = 0;
  std::uint64_t number = 0;
  bool operator==(const Pointer&) const = default;
};

class Row {
 public:
  explicit Row(const Syntax& syntax, std::int64_t now);
  ~Row();
  Row(const Row&) = delete;

  /// Begins a new row. `event` lives until the next one.
  void read(const SourceEvent& event);
  /// Begins a new row that has no event.
  void clear(const Pointer& pointer);

  Value get(std::size_t slot) {
    const Value& value = values_[slot];
    return value.kind == Value::Kind::kNotRead ? load(slot) : value;
  }
  void set(std::size_t slot, const Value& value) { values_[slot] = value; }
  Arena& arena() { return arena_; }
  std::int64_t now() const { return now_; }
  const Pointer& pointer() const { return pointer_; }
  std::size_t size() const { return values_.size(); }

 private:
  enum class Origin : std::uint8_t { kNone, kTimestamp, kMessage, kStream, kLog, kIngested, kPointer, kJson };
  struct Json;
  static Origin origin_of(const Syntax& syntax, std::size_t slot);
  const Value& load(std::size_t slot);
  void load_json();

  const Syntax& syntax_;
  const std::int64_t now_;
  std::vector<Origin> origins_;
  std::vector<Value> fresh_;
  std::vector<Value> values_;
  const SourceEvent* event_ = nullptr;
  Pointer pointer_;
  bool json_read_ = false;
  Arena arena_;
  std::unique_ptr<Json> json_;
};

/// Whether a query with that syntax looks into the messages of events.
bool reads_messages(const Syntax& syntax);

Value evaluate(const Expression& expression, Row& row);

}  // namespace signalbox::logs::insights

#include "services/kinesis/sequence.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/encoding.h"
#include "store/record.h"

namespace signalbox::kinesis {
namespace {

constexpr std::string_view kPrefix = "49";  // what AWS's begin with
constexpr std::size_t kSequenceDigits = 20;
constexpr std::size_t kShardDigits = 10;
constexpr std::size_t kStreamDigits = 24;
constexpr std::string_view kShardPrefix = "shardId-";
constexpr std::size_t kShardNameDigits = 12;
constexpr std::uint8_t kIteratorVersion = 1;

void append_digits(std::string& out, std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  out.append(digits - text.size(), '0').append(text);
}

template <class Number>
bool take_digits(std::string_view& text, Number& number, std::size_t digits) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  const bool good = error == std::errc() && end == text.data() + digits;
  text.remove_prefix(digits);
  return good;
}

}  // namespace

std::uint64_t first_sequence_at(Time time) {
  const auto milliseconds = time.time_since_epoch().count();
  if (milliseconds <= 0) return 0;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / kSequencesPerMillisecond;
  return std::min(static_cast<std::uint64_t>(milliseconds), kMost) * kSequencesPerMillisecond;
}

std::string SequenceNumber::text() const {
  std::string out(kPrefix);
  append_digits(out, sequence, kSequenceDigits);
  append_digits(out, shard, kShardDigits);
  append_digits(out, stream, kStreamDigits);
  return out;
}

std::optional<SequenceNumber> SequenceNumber::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  SequenceNumber number;
  if (!take_digits(text, number.sequence, kSequenceDigits) || !take_digits(text, number.shard, kShardDigits) ||
      !take_digits(text, number.stream, kStreamDigits) || !text.empty()) {
    return std::nullopt;
  }
  return number;
}

std::string ShardIterator::text() const {
  store::RecordWriter out(kIteratorVersion);
  out.number(stream).number(shard).number(position).integer(created.time_since_epoch().count());
  return to_base64(out.bytes());
}

std::optional<ShardIterator> ShardIterator::parse(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  store::RecordReader in(*bytes, kIteratorVersion);
  ShardIterator iterator;
  iterator.stream = in.number();
  const std::uint64_t shard = in.number();
  iterator.shard = static_cast<std::uint32_t>(shard);
  iterator.position = in.number();
  iterator.created = Time(Duration(in.integer()));
  if (!in.complete() || shard != iterator.shard) return std::nullopt;
  return iterator;
}

std::string shard_name(std::uint32_t index) {
  std::string name(kShardPrefix);
  append_digits(name, index, kShardNameDigits);
  return name;
}

std::optional<std::uint32_t> parse_shard_name(std::string_view name) {
  if (!name.starts_with(kShardPrefix)) return std::nullopt;
  name.remove_prefix(kShardPrefix.size());
  std::uint32_t index = 0;
  if (!take_digits(name, index, kShardNameDigits) || !name.empty()) return std::nullopt;
  return index;
}

}  // namespace signalbox::kinesis

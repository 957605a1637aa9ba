// Keys as tuples whose bytes sort as the tuples do.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox::store {

/// Builds a key part by part: `Key("sqs").text(account).text(region).number(7).bytes()`.
/// Text is escaped (0x00 becomes 0x00 0xFF) and closed by 0x00 0x01, numbers are 8 bytes big-endian, so no tuple's
/// bytes are a prefix of a sibling's and order is that of the parts.
class Key {
 public:
  /// `space` names the keyspace of one kind of record, for example "sqs.message".
  explicit Key(std::string_view space) { text(space); }
  Key& text(std::string_view part) &;
  Key& number(std::uint64_t part) &;
  Key&& text(std::string_view part) && { return static_cast<Key&&>(text(part)); }
  Key&& number(std::uint64_t part) && { return static_cast<Key&&>(number(part)); }

  const std::string& bytes() const { return bytes_; }
  operator std::string_view() const { return bytes_; }  // NOLINT(google-explicit-constructor): a key is its bytes
  /// The first key after every key that starts with this tuple.
  std::string end() const;

 private:
  std::string bytes_;
};

/// The key that an id has in a space. An id says its parts, texts and numbers, in their order:
///   template <class Self, class Parts> static void parts(Self& self, Parts& part) { part(self.account)(self.name); }
template <class Id>
Key key_of(std::string_view space, const Id& id);

/// The id that a key of any space has; empty on bytes that are no such key.
template <class Id>
std::optional<Id> id_of(std::string_view key);

/// Reads a key back part by part; every call returns empty on bytes that are not such a part.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
  /// It reads where the bytes are: they must outlive it.
  template <std::same_as<std::string> Temporary>
  explicit KeyReader(Temporary&& bytes) = delete;
  std::optional<std::string> text();
  std::optional<std::uint64_t> number();
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

class PartWriter {
 public:
  explicit PartWriter(std::string_view space) : key_(space) {}
  PartWriter& operator()(const std::string& part) {
    key_.text(part);
    return *this;
  }
  PartWriter& operator()(std::uint64_t part) {
    key_.number(part);
    return *this;
  }
  Key take() && { return std::move(key_); }

 private:
  Key key_;
};

class PartReader {
 public:
  explicit PartReader(std::string_view key) : key_(key) { good_ = key_.text().has_value(); }
  PartReader& operator()(std::string& part) { return take(key_.text(), part); }
  PartReader& operator()(std::uint64_t& part) { return take(key_.number(), part); }
  bool good() const { return good_ && key_.done(); }

 private:
  template <class Part>
  PartReader& take(std::optional<Part> read, Part& part) {
    good_ = good_ && read.has_value();
    if (good_) part = *std::move(read);
    return *this;
  }
  KeyReader key_;
  bool good_;
};

template <class Id>
Key key_of(std::string_view space, const Id& id) {
  PartWriter writer(space);
  Id::parts(id, writer);
  return std::move(writer).take();
}

template <class Id>
std::optional<Id> id_of(std::string_view key) {
  PartReader reader(key);
  Id id;
  Id::parts(id, reader);
  return reader.good() ? std::optional<Id>(std::move(id)) : std::nullopt;
}

}  // namespace signalbox::store

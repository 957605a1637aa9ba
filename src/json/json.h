// JSON read from and written to text, keeping what the text said: number spelling, member order, duplicate keys,
// and where in the text each value stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::json {

/// Deepest nesting of arrays and objects that the reader accepts.
inline constexpr int kMaxDepth = 512;

enum class Type : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

class Document;

/// One value of a Document; two words, cheap to copy, valid while the document and its text live unchanged.
class Value {
 public:
  Type type() const;
  bool is_null() const { return type() == Type::kNull; }
  bool is_string() const { return type() == Type::kString; }
  bool is_number() const { return type() == Type::kNumber; }
  bool is_bool() const { return type() == Type::kTrue || type() == Type::kFalse; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }

  /// The value exactly as the text has it, quotes and inner white space included.
  std::string_view raw() const;
  /// Where the value starts in the text: bytes from 0.
  std::size_t offset() const;

  bool as_bool() const { return type() == Type::kTrue; }
  /// The string with its escapes resolved (lone surrogates become U+FFFD). Only on strings.
  std::string as_string() const;
  /// True, without building a string, when this is a string equal to `text`.
  bool is(std::string_view text) const;
  /// The number when it is a whole one that fits (12, 12.0 and 1.2e1 are); empty otherwise. Only on numbers.
  std::optional<std::int64_t> as_integer() const;
  /// The nearest double. Only on numbers.
  double as_double() const;

  /// Direct elements of an array or members of an object.
  std::size_t size() const;
  /// The last member named `key` (as every common JSON reader has it); empty when absent or not an object.
  std::optional<Value> find(std::string_view key) const;

  /// Iteration over an array's elements or an object's members, in the order of the text:
  /// `for (json::Value element : array.elements())`, `for (auto [key, value] : object.members())`.
  class Elements;
  class Members;
  Elements elements() const;
  Members members() const;

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t node) : document_(document), node_(node) {}
  const Document* document_;
  std::uint32_t node_;
};

/// Reads and checks a whole text (RFC 8259, UTF-8). Reuse one Document for many texts: its memory is kept.
class Document {
 public:
  /// The text must outlive the values. Errors: code "InvalidJson", message "... at line 3, column 7".
  Result<Value> parse(std::string_view text);

 private:
  friend class Value;
  friend class Reader;
  /// One value, or one object key, of the text. Containers are followed by their content; `next` is the index of
  /// the node after all of it.
  struct Node {
    std::uint32_t start;  // offset of the first byte
    std::uint32_t end;    // offset past the last byte
    std::uint32_t next;
    Type type;
    bool escaped;  // a string that has a backslash
    std::uint16_t unused = 0;
  };
  std::string_view text_;
  std::vector<Node> nodes_;
};

class Value::Elements {
 public:
  class Iterator {
   public:
    Iterator(const Document* d, std::uint32_t n) : document_(d), node_(n) {}
    Value operator*() const { return {document_, node_}; }
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    const Document* document_;
    std::uint32_t node_;
  };
  Iterator begin() const { return {document_, first_}; }
  Iterator end() const { return {document_, last_}; }

 private:
  friend class Value;
  Elements(const Document* d, std::uint32_t first, std::uint32_t last) : document_(d), first_(first), last_(last) {}
  const Document* document_;
  std::uint32_t first_, last_;
};

class Value::Members {
 public:
  struct Member {
    Value key;  // a string
    Value value;
  };
  class Iterator {
   public:
    Iterator(const Document* d, std::uint32_t n) : document_(d), node_(n) {}
    Member operator*() const { return {{document_, node_}, {document_, node_ + 1}}; }
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    const Document* document_;
    std::uint32_t node_;
  };
  Iterator begin() const { return {document_, first_}; }
  Iterator end() const { return {document_, last_}; }

 private:
  friend class Value;
  Members(const Document* d, std::uint32_t first, std::uint32_t last) : document_(d), first_(first), last_(last) {}
  const Document* document_;
  std::uint32_t first_, last_;
};

/// Appends `text` as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// Appends `value` without white space between tokens, each token spelled as in the text.
void append_minified(std::string& out, Value value);

/// Builds JSON text: commas and colons come by themselves.
///   Writer w(out); w.begin_object(); w.key("a"); w.number(1); w.end_object();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);
  void string(std::string_view value);
  void number(std::int64_t value);
  /// Shortest text that reads back the same; whole numbers without a fraction.
  void number(double value);
  void boolean(bool value);
  void null();
  /// key() and string() in one.
  void member(std::string_view name, std::string_view value);
  /// Text that is JSON already.
  void raw(std::string_view json);

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  std::string& out_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace signalbox::json

#include "store/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "store/record.h"

namespace signalbox::store {
namespace {

using Tuple = std::pair<std::string, std::uint64_t>;

TEST(Key, SortsAsItsPartsDo) {
  SeededRandom random(7);
  const auto text = [&random] {
    std::string made;
    for (std::uint64_t left = random.next() % 4; left > 0; --left) {
      const char choices[] = {'\0', '\1', 'a', 'b', '\xfe', '\xff'};
      made.push_back(choices[random.next() % 6]);
    }
    return made;
  };
  std::vector<Tuple> tuples;
  for (int i = 0; i < 2000; ++i) tuples.emplace_back(text(), random.next() >> (random.next() % 64));
  const auto key = [](const Tuple& t) { return Key("space").text(t.first).number(t.second); };
  for (std::size_t i = 1; i < tuples.size(); ++i) {
    const Tuple& a = tuples[i - 1];
    const Tuple& b = tuples[i];
    EXPECT_EQ(a < b, key(a).bytes() < key(b).bytes());
    EXPECT_EQ(a == b, key(a).bytes() == key(b).bytes());
    const std::string bytes = key(a).bytes();
    KeyReader reader(bytes);
    EXPECT_EQ(reader.text(), "space");
    EXPECT_EQ(reader.text(), a.first);
    EXPECT_EQ(reader.number(), a.second);
    EXPECT_TRUE(reader.done());
  }
}

TEST(Key, EndComesAfterEverythingThatStartsWithIt) {
  const Key prefix = Key("s").text("a");
  for (const std::uint64_t number : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    EXPECT_LT(Key("s").text("a").number(number).bytes(), prefix.end());
    EXPECT_GE(Key("s").text("a").number(number).bytes(), prefix.bytes());
  }
  for (const char* other : {"", "\xff", "aa", "b"}) {
    const std::string bytes = Key("s").text(other).bytes();
    EXPECT_TRUE(bytes < prefix.bytes() || bytes >= prefix.end()) << other;
  }
  const Key number = Key("s").number(~std::uint64_t{0});
  EXPECT_GT(number.end(), Key("s").number(~std::uint64_t{0}).text("x").bytes());
  EXPECT_LT(number.end(), Key("t").bytes());
}

TEST(Key, RubbishIsNotRead) {
  for (const std::string& bytes : {std::string(), std::string("abc"), std::string("a\0", 2), std::string("a\0b", 3)}) {
    KeyReader reader(bytes);
    EXPECT_FALSE(reader.text());
  }
  KeyReader reader("1234567");
  EXPECT_FALSE(reader.number());
}

TEST(Record, ComesBackAsItWas) {
  const std::string bytes = RecordWriter(3)
                                .number(0)
                                .number(~std::uint64_t{0})
                                .integer(-1)
                                .integer(INT64_MIN)
                                .integer(INT64_MAX)
                                .text(std::string("\0x", 2))
                                .flag(true)
                                .optional_text(std::nullopt)
                                .optional_text("")
                                .optional_integer(-5)
                                .bytes();
  RecordReader in(bytes, 3);
  EXPECT_EQ(in.version(), 3);
  EXPECT_EQ(in.number(), 0U);
  EXPECT_EQ(in.number(), ~std::uint64_t{0});
  EXPECT_EQ(in.integer(), -1);
  EXPECT_EQ(in.integer(), INT64_MIN);
  EXPECT_EQ(in.integer(), INT64_MAX);
  EXPECT_EQ(in.text(), std::string("\0x", 2));
  EXPECT_TRUE(in.flag());
  EXPECT_EQ(in.optional_text(), std::nullopt);
  EXPECT_EQ(in.optional_text(), "");
  EXPECT_EQ(in.optional_integer(), -5);
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.complete());
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
}

TEST(Record, CutShortOrWithMoreBehindItIsNotComplete) {
  const std::string bytes = RecordWriter(1).number(300).text("text").optional_text("x").optional_integer(-300).bytes();
  const auto read = [](std::string_view from) {
    RecordReader in(from, 1);
    in.number();
    in.text_view();
    in.optional_text();
    in.optional_integer();
    return in.complete();
  };
  EXPECT_TRUE(read(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read(bytes.substr(0, size))) << size;
  EXPECT_FALSE(read(bytes + "x"));
}

TEST(Record, AVersionThatTheReaderDoesNotKnowIsNotRead) {
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    const std::string bytes = RecordWriter(version).number(7).bytes();
    RecordReader in(bytes, 2);
    EXPECT_EQ(in.number(), 0U);
    EXPECT_FALSE(in.ok());
  }
  const std::string older = RecordWriter(1).number(7).bytes();
  RecordReader in(older, 2);
  EXPECT_EQ(in.number(), 7U);
  EXPECT_TRUE(in.complete());
}

TEST(Record, HostileBytesReadAsNothing) {
  for (const std::string& bytes : {std::string(), std::string("\x01"), std::string("\x01\xff"),
                                   std::string("\x01\x05"
                                               "abc"),
                                   "\x01" + std::string(11, '\xff'),
                                   std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                               "abc")}) {
    RecordReader in(bytes, 1);
    EXPECT_EQ(in.text(), "");
    EXPECT_FALSE(in.ok());
  }
}

struct Name {
  std::string owner;
  std::uint64_t number = 0;
  template <class Self, class Parts>
  static void parts(Self& self, Parts& part) {
    part(self.owner)(self.number);
  }
};

TEST(Key, IsMadeOfAnIdsPartsAndReadBack) {
  const Key key = key_of("space", Name{std::string("a\0b", 3), 7});
  EXPECT_EQ(key.bytes(), Key("space").text(std::string_view("a\0b", 3)).number(7).bytes());
  const auto id = id_of<Name>(key.bytes());
  ASSERT_TRUE(id);
  EXPECT_EQ(id->owner, std::string("a\0b", 3));
  EXPECT_EQ(id->number, 7U);
  for (std::size_t cut = 0; cut < key.bytes().size(); ++cut) EXPECT_FALSE(id_of<Name>(key.bytes().substr(0, cut)));
  EXPECT_FALSE(id_of<Name>(key.bytes() + "x"));
}

}  // namespace
}  // namespace signalbox::store

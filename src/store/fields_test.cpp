#include "store/fields.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "store/field_forms.h"

namespace signalbox::store {
namespace {

enum class Kind { kPlain, kHidden };
constexpr Kind last_value(Kind) {
  return Kind::kHidden;
}

struct Part {
  std::string name;
  std::int32_t weight = 0;
  auto operator<=>(const Part&) const = default;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("weight", self.weight);
  }
};

struct All {
  static constexpr std::uint8_t kVersion = 2;
  bool flag = false;
  std::uint32_t number = 0;
  std::int64_t integer = 0;
  std::string text;
  Kind kind = Kind::kPlain;
  Time time{};
  Duration duration{};
  std::optional<std::string> maybe;
  std::vector<Part> parts;
  std::map<std::string, std::vector<std::string>> lists;
  std::set<Part> set;
  std::shared_ptr<const Part> shared = std::make_shared<const Part>();
  std::optional<Part> roomy;
  std::optional<Kind> numbered_kind;
  std::string secret;
  Part newer;
  std::size_t restored = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("flag", self.flag)("number", self.number)("integer", self.integer)("text", self.text)("kind", self.kind);
    field("time", self.time)("duration", self.duration)("maybe", self.maybe)("parts", self.parts)("lists", self.lists);
    field("set", self.set)("shared", self.shared)("roomy", always(self.roomy));
    field("numbered_kind", numbered(self.numbered_kind))("secret", sealed(self.secret, "all"))("", Unused());
    if (field.since(2)) field("newer", self.newer);
  }
  bool restore() {
    restored = parts.size();
    return text != "impossible";
  }
};

struct Small {
  static constexpr std::uint8_t kVersion = 1;
  std::map<std::string, std::string> tags{{"k", "v"}};
  std::optional<std::int64_t> left = -2;
  Part part{"p", 1};
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("tags", self.tags)("left", self.left)("part", self.part);
  }
};

struct Narrow {
  static constexpr std::uint8_t kVersion = 1;
  Kind kind{};
  std::int32_t integer = 0;
  std::uint16_t number = 0;
  std::optional<Kind> maybe;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("kind", self.kind)("integer", self.integer)("number", self.number)("maybe", numbered(self.maybe));
  }
};

const Sealer kSealer(Sealer::Key{});

All filled() {
  All all;
  all.flag = true;
  all.number = 7;
  all.integer = -9;
  all.text = "t";
  all.kind = Kind::kHidden;
  all.time = Time(Duration(-5));
  all.duration = Duration(6);
  all.maybe = "m";
  all.parts = {{"a", -1}, {"b", 2}};
  all.lists = {{"x", {"1", "2"}}, {"y", {}}};
  all.set = {{"s", 1}, {"t", 2}};
  all.shared = std::make_shared<const Part>("shared", 3);
  all.roomy = Part{"r", 4};
  all.numbered_kind = Kind::kPlain;
  all.secret = "hush";
  all.newer = {"n", 5};
  return all;
}

TEST(Fields, AreReadAsTheyWereWritten) {
  const std::string bytes = encode(filled(), &kSealer);
  EXPECT_EQ(bytes.find("hush"), std::string::npos);
  const auto read = decode<All>(bytes, &kSealer);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->restored, 2U);
  EXPECT_EQ(read->secret, "hush");
  EXPECT_EQ(read->set, filled().set);
  EXPECT_EQ(*read->shared, *filled().shared);
  EXPECT_EQ(read->numbered_kind, Kind::kPlain);
  EXPECT_EQ(read->roomy, filled().roomy);
  EXPECT_EQ(read->lists, filled().lists);
  EXPECT_EQ(read->newer, filled().newer);
  EXPECT_EQ(read->time, filled().time);
  const auto empty = decode<All>(encode(All{}, &kSealer), &kSealer);
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->roomy || empty->numbered_kind || empty->maybe);
}

TEST(Fields, StandOneAfterAnother) {
  EXPECT_EQ(encode(All{}, &kSealer).substr(0, 7), std::string_view("\2\0\0\0\0\0\0", 7));
  EXPECT_EQ(encode(Small()),
            RecordWriter(1).number(1).text("k").text("v").optional_integer(-2).text("p").integer(1).bytes());
}

TEST(Fields, OfNewerVersionsAreNotInOlderRecords) {
  std::string bytes = encode(filled(), &kSealer);
  bytes[0] = 1;
  EXPECT_FALSE(decode<All>(bytes, &kSealer));  // there is more than version 1 has
  const std::string part = RecordWriter(1).text("n").integer(5).bytes().substr(1);
  bytes.resize(bytes.size() - part.size());
  const auto read = decode<All>(bytes, &kSealer);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->newer, Part());
  bytes[0] = 3;
  EXPECT_FALSE(decode<All>(bytes, &kSealer));
}

TEST(Fields, ThatMakeNoSenseAreRefused) {
  const std::string bytes = encode(filled(), &kSealer);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode<All>(std::string_view(bytes).substr(0, size), &kSealer)) << size;
  }
  const Sealer other({1});
  EXPECT_FALSE(decode<All>(bytes, &other));
  All impossible = filled();
  impossible.text = "impossible";
  EXPECT_FALSE(decode<All>(encode(impossible, &kSealer), &kSealer));

  const auto bytes_of = [](std::uint64_t kind, std::int64_t integer, std::uint64_t number, std::uint64_t maybe) {
    return RecordWriter(1).number(kind).integer(integer).number(number).number(maybe).bytes();
  };
  EXPECT_TRUE(decode<Narrow>(std::string_view(bytes_of(1, INT32_MIN, 65'535, 2))));
  for (const std::string& wrong : {bytes_of(2, 0, 0, 0), bytes_of(0, std::int64_t{INT32_MAX} + 1, 0, 0),
                                   bytes_of(0, 0, 65'536, 0), bytes_of(0, 0, 0, 3)}) {
    EXPECT_FALSE(decode<Narrow>(wrong));
  }
}

}  // namespace
}  // namespace signalbox::store

#include "services/sqs/message.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace signalbox::sqs {
namespace {

models::sqs::MessageAttributeValue value(std::string type, std::string text) {
  models::sqs::MessageAttributeValue made;
  if (type.starts_with("Binary")) {
    made.binary_value = std::move(text);
  } else {
    made.string_value = std::move(text);
  }
  made.data_type = std::move(type);
  return made;
}

TEST(Message, AttributeDigestsAreThoseThatClientsCompute) {
  // Computed with botocore's and the JavaScript SDK's algorithm.
  EXPECT_EQ(attributes_md5({{"timestamp", value("Number", "1493147359900")}}), "235c5c510d26fb653d073faed50ae77c");
  EXPECT_EQ(attributes_md5({{"timestamp", value("Number", "1493147359901")}}), "994258b45346a2cc3f9cbb611aa7af30");
  EXPECT_EQ(attributes_md5({{"b", value("Binary.x", std::string("\0\xff", 2))}, {"a", value("String", "é")}}),
            "617eb03f06435d4e7590b454a5268d8d");
}

TEST(Message, ComesBackAsItWas) {
  StoredMessage m{"id",
                  std::string("body\0\xff", 6),
                  Time(Duration(5)),
                  Time(Duration(7)),
                  "sender",
                  "trace",
                  "group",
                  "dedup",
                  "arn:dead",
                  {}};
  m.attributes["n"] = value("Number", "1");
  m.attributes["b"] = value("Binary", std::string("\0", 1));
  const std::string bytes = encode_message(m);
  const auto back = decode_message(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode_message(*back), bytes);
  EXPECT_EQ(back->body, m.body);
  EXPECT_EQ(back->attributes.at("b").binary_value, std::string("\0", 1));
  const auto head = decode_message_head(bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->group, "group");
  EXPECT_EQ(head->visible_at, m.visible_at);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_message(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(Message, ReceiptsComeBackAndRubbishDoesNot) {
  const std::string key(kReceiptKey, 'k');
  const std::string handle = encode_receipt({1, 0xFFFFFFFFFFFFFFFF, 3}, key);
  const auto read = decode_receipt(handle, key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->queue, 1U);
  EXPECT_EQ(read->sequence, 0xFFFFFFFFFFFFFFFFU);
  EXPECT_EQ(read->lease, 3U);
  for (const char* bad : {"", "rubbish", "AAAA", "????????????????????????????????"})
    EXPECT_FALSE(decode_receipt(bad, key));
  EXPECT_FALSE(decode_receipt(handle, std::string(kReceiptKey, 'x')));
  std::string bytes = *from_base64(handle);
  for (char& byte : bytes) {
    byte = static_cast<char>(byte ^ 1);
    EXPECT_FALSE(decode_receipt(to_base64(bytes), key));
    byte = static_cast<char>(byte ^ 1);
  }
}

TEST(Message, ALeaseTellsWhenItWasMade) {
  const Time then(Duration(1493402200123));
  EXPECT_EQ(received_at(make_lease(then, ~std::uint64_t{0})), then);
  EXPECT_NE(make_lease(then, 1), make_lease(then, 2));
}

TEST(Message, TextIsThatOfXml) {
  EXPECT_TRUE(is_message_text("a\t\n\r é 😀 \xEF\xBF\xBD"));
  for (const std::string& bad : {std::string("\x00", 1), std::string("\x0b"), std::string("\x1f"),
                                 std::string("\xEF\xBF\xBE"), std::string("\xEF\xBF\xBF")}) {
    EXPECT_FALSE(is_message_text(bad));
  }
}

constexpr const char* kReserved =
    "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal "
    "use. Additionally, they cannot start or end with '.'.";

TEST(Message, AttributesAreChecked) {
  struct {
    MessageAttributes attributes;
    const char* message;
  } cases[] = {
      {{{"AWS.x", value("String", "v")}}, kReserved},
      {{{"amazon.x", value("String", "v")}}, kReserved},
      {{{".x", value("String", "v")}}, kReserved},
      {{{"x.", value("String", "v")}}, kReserved},
      {{{"x y", value("String", "v")}},
       "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and "
       "underscores. "},
      {{{std::string(257, 'x'), value("String", "v")}},
       "Message (user) attribute names must be shorter than 256 Bytes"},
      {{{"x", value("String", "\x01")}},
       "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
       "#x10000 to #x10FFFF"},
      {{{"x", value("Odd", "v")}},
       "The type of message (user) attribute 'x' is invalid. You must use only the following supported type prefixes: "
       "Binary, Number, String."},
      {{{"x", value("Number", "v")}}, "Could not cast message (user) attribute 'x' value to number."},
      {{{"x", value("Number", "0x10")}}, "Could not cast message (user) attribute 'x' value to number."},
      {{{"x", value("Number", "1e")}}, "Could not cast message (user) attribute 'x' value to number."},
      {{{"x", value("Number", "-.")}}, "Could not cast message (user) attribute 'x' value to number."},
      {{{"x", value("String", "")}}, "Message (user) attribute 'x' must contain a non-empty value of type 'String'."},
      {{{"x", models::sqs::MessageAttributeValue()}},
       "Message (user) attribute 'x' must contain a non-empty message attribute type."},
  };
  for (const auto& c : cases) {
    const auto checked = check_attributes(c.attributes);
    ASSERT_FALSE(checked) << c.message;
    EXPECT_EQ(checked.error().message, c.message);
  }
  MessageAttributes many;
  for (int i = 0; i < 7; ++i) many["a" + std::to_string(i)] = value("Number.int", "12");
  for (const char* number : {"-1.5e3", "+.5", "5."}) many["b" + std::to_string(many.size())] = value("Number", number);
  EXPECT_TRUE(check_attributes(many));
  many["one.more"] = value("String.custom", "v");
  EXPECT_FALSE(check_attributes(many));
}

}  // namespace
}  // namespace signalbox::sqs

#include "mail/letter.h"

#include <gtest/gtest.h>

namespace signalbox::mail {
namespace {

const Time kSent{Duration(1493402200000)};  // Fri, 28 Apr 2017 17:56:40 GMT

Letter letter_with(std::string body) {
  Letter letter;
  letter.from = "alerts@example.com";
  letter.to = "ann@example.com";
  letter.subject = "Hello";
  letter.id = "id-1";
  letter.body = std::move(body);
  return letter;
}

TEST(Letter, HasTheHeadersThatMailNeeds) {
  const Received mail = read(text_of(letter_with("b"), kSent));
  EXPECT_EQ(mail.header("date"), "Fri, 28 Apr 2017 17:56:40 +0000");
  EXPECT_EQ(mail.header("From"), "<alerts@example.com>");
  EXPECT_EQ(mail.header("To"), "<ann@example.com>");
  EXPECT_EQ(mail.header("Subject"), "Hello");
  EXPECT_EQ(mail.header("Message-ID"), "<id-1@example.com>");
  EXPECT_EQ(mail.header("No-Such"), "");
}

TEST(Letter, BodiesArriveAsTheyWere) {
  for (const std::string body : {"", "plain", "a\n\nb", ".\n..\nFrom me", "blank \n tab\t\n", "=3D=",
                                 "gr\xC3\xBC\xC3\x9F"
                                 "e \xF0\x9F\x98\x80"}) {
    EXPECT_EQ(read(text_of(letter_with(body), kSent)).body, body + "\n") << body;
  }
  const std::string words(5000, 'w');
  EXPECT_EQ(read(text_of(letter_with(words), kSent)).body, words + "\n");
}

TEST(Letter, LinesAreShortAndEndInCrLf) {
  Letter letter = letter_with(std::string(500, '\xC3') + std::string(300, 'x'));
  letter.subject = std::string(120, 'y') + "\xC3\xBC";
  for (int i = 0; i < 60; ++i) letter.subject += "\xC3\xBC";
  const std::string text = text_of(letter, kSent);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n') continue;
    ASSERT_TRUE(i > 0 && text[i - 1] == '\r');
    EXPECT_LE(i - 1 - begin, 78U) << text.substr(begin, i - begin);
    begin = i + 1;
  }
  EXPECT_EQ(read(text).header("Subject"), letter.subject);
}

TEST(Letter, NamesAreQuoted) {
  Letter letter = letter_with("b");
  letter.from_name = R"(Ann "A" \ Co)";
  EXPECT_NE(text_of(letter, kSent).find(R"(From: "Ann \"A\" \\ Co" <alerts@example.com>)"), std::string::npos);
}

TEST(Letter, Addresses) {
  for (const char* good : {"a@b", "ann+x@example.com", "o'hara@x.org"}) EXPECT_TRUE(is_address(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT", "<a@b>", "a@b,c@d", "\xC3\xBC@b"}) {
    EXPECT_FALSE(is_address(bad)) << bad;
  }
  EXPECT_FALSE(is_address(std::string(250, 'a') + "@long"));
}

TEST(Received, TakesWhatOthersWrite) {
  const Received mail = read(
      "Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?IGFu?= all\r\nContent-Transfer-Encoding: base64\r\n\r\n"
      "aGVs\r\nbG8=\r\n");
  EXPECT_EQ(mail.header("subject"),
            "gr\xC3\xBC\xC3\x9F"
            "e an all");
  EXPECT_EQ(mail.body, "hello");
  EXPECT_EQ(read("no colon\n\nbody").body, "body");
  EXPECT_EQ(read("").body, "");
  EXPECT_EQ(read("Subject: =?utf-8?Q?").header("Subject"), "=?utf-8?Q?");
}

}  // namespace
}  // namespace signalbox::mail

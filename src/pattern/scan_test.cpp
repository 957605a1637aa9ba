// What the matcher reads with: places of quotes and brackets, numbers.
#include "pattern/scan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/random.h"
#include "pattern/number.h"

namespace signalbox::pattern {
namespace {

TEST(Scan, FindsQuotesAndBracketsAsAPlainReaderDoes) {
  SeededRandom random(11);
  Scan scan;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::uint64_t left = random.next() % 300; left > 0; --left)
      text.push_back("{}[]\"\\\\ab "[random.next() % 10]);
    scan.read(text);
    bool in_string = false;
    std::vector<std::size_t> quotes;
    std::string outside(text.size(), ' ');
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
        continue;
      }
      if (text[at] == '"') {
        quotes.push_back(at);
        in_string = !in_string;
      } else if (!in_string) {
        outside[at] = text[at];
      }
    }
    // An escape outside a string is not JSON, but both see it alike; brackets behind one are passed over by both.
    std::size_t next = 0;
    for (const std::size_t quote : quotes) {
      ASSERT_EQ(scan.next_quote(next), quote) << text;
      next = quote + 1;
    }
    ASSERT_EQ(scan.next_quote(next), text.size()) << text;
    if (text.find('\\') != std::string::npos) continue;
    for (std::size_t open = 0; open < text.size(); ++open) {
      if (outside[open] != '{' && outside[open] != '[') continue;
      std::size_t depth = 0;
      std::size_t close = open;
      for (; close < text.size(); ++close) {
        if (outside[close] == '{' || outside[close] == '[') ++depth;
        if ((outside[close] == '}' || outside[close] == ']') && --depth == 0) break;
      }
      ASSERT_EQ(scan.closing(open), close) << text << " from " << open;
    }
  }
}

TEST(Decimal, EqualsInAllSpellings) {
  const std::vector<std::vector<const char*>> groups = {{"0", "-0", "0.0", "0e5"},
                                                        {"300", "3e2", "3.0E+2", "300.00", "0.3e3", "30000e-2"},
                                                        {"-0.001", "-1e-3", "-0.10e-2"},
                                                        {"12345678901234567890", "1234567890123456789e1"},
                                                        {"12345678901234567891"},
                                                        {"100000000000000000000000000000", "1e29"},
                                                        {"1e400"},
                                                        {"1e99999999999"},
                                                        {"-1e99999999999"}};
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = 0; b < groups.size(); ++b) {
      for (const char* x : groups[a]) {
        for (const char* y : groups[b]) {
          EXPECT_EQ(Decimal::read(x) == Decimal::read(y), a == b) << x << " " << y;
          if (a == b) {
            EXPECT_EQ(Decimal::read(x).hash(5), Decimal::read(y).hash(5)) << x << " " << y;
          }
        }
      }
    }
  }
  for (const char* text : {"0", "0.1", "123.456", "-5e9", "1e22", "1e23", "9007199254740993", "1e-400", "1e400"}) {
    EXPECT_EQ(Decimal::read(text).value(), std::strtod(text, nullptr)) << text;
  }
}

}  // namespace
}  // namespace signalbox::pattern

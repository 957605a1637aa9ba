// Encodings, times, alarms, metrics, log lines.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "base/alarms.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time_text.h"

namespace signalbox {
namespace {

TEST(Encoding, Base64IsThatOfRfc4648AndStrict) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm9-"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(Encoding, HexAndPercent) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(from_hex("00fF"), std::string("\x00\xff", 2));
  for (const char* bad : {"0", "0g", "0x"}) EXPECT_FALSE(from_hex(bad)) << bad;
  EXPECT_EQ(percent_encode("a/b c~é"), "a%2Fb%20c~%C3%A9");
  EXPECT_EQ(percent_encode("a/b", true), "a/b");
  EXPECT_EQ(percent_decode("a%2Fb+c"), "a/b+c");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  for (const char* bad : {"%", "%2", "%zz", "a%"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Encoding, Digests) {
  EXPECT_EQ(to_hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(Encoding, Utf8) {
  EXPECT_TRUE(is_utf8("a é 漢 😀"));
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(TimeText, WritesAndReads) {
  const Time time(Duration(1493402200123));
  EXPECT_EQ(to_iso8601(time), "2017-04-28T17:56:40Z");
  EXPECT_EQ(to_iso8601_millis(time), "2017-04-28T17:56:40.123Z");
  EXPECT_EQ(to_amz_date(time), "20170428T175640Z");
  EXPECT_EQ(to_http_date(time), "Fri, 28 Apr 2017 17:56:40 GMT");
  const Time second(Duration(1493402200000));
  EXPECT_EQ(from_amz_date("20170428T175640Z"), second);
  EXPECT_EQ(from_http_date("Fri, 28 Apr 2017 17:56:40 GMT"), second);
  struct {
    const char* text;
    std::int64_t expected;
  } cases[] = {{"2017-04-28T17:56:40Z", 1493402200000},
               {"2017-04-28T17:56:40.1Z", 1493402200100},
               {"2017-04-28T17:56:40.123456Z", 1493402200123},
               {"2017-04-28T19:56:40+02:00", 1493402200000},
               {"2017-04-28T10:26:40-07:30", 1493402200000},
               {"2000-02-29T00:00:00Z", 951782400000},
               {"1969-12-31T23:59:59Z", -1000}};
  for (const auto& c : cases) EXPECT_EQ(from_iso8601(c.text), Time(Duration(c.expected))) << c.text;
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "2017", "2017-04-28", "2017-13-01T00:00:00Z", "2017-02-29T00:00:00Z", "2017-04-31T00:00:00Z",
        "2017-04-28T24:00:00Z", "2017-04-28T17:60:00Z", "2017-04-28T17:56:40", "2017-04-28T17:56:40.Z",
        "2017-04-28T17:56:40Zx", "2017-04-28T17:56:40+9", "-017-04-28T17:56:40Z"}) {
    EXPECT_FALSE(from_iso8601(bad)) << bad;
  }
  for (const char* bad :
       {"", "20170428", "20171328T175640Z", "20170428T175640", "20170428T175640Zx", "2017042xT175640Z"}) {
    EXPECT_FALSE(from_amz_date(bad)) << bad;
  }
}

TEST(Alarms, FireInOrderOfTimeThenOfSetting) {
  Alarms alarms;
  std::string fired;
  int told = 0;
  alarms.on_next_changed([&told] { ++told; });
  const auto at = [](int millis) { return Time(Duration(millis)); };
  alarms.set(at(20), [&] { fired += "b"; });
  const auto handle = alarms.set(at(15), [&] { fired += "x"; });
  alarms.set(at(10), [&] {
    fired += "a";
    alarms.set(at(12), [&] { fired += "!"; });
  });
  alarms.set(at(20), [&] { fired += "c"; });
  EXPECT_EQ(told, 3);
  EXPECT_EQ(alarms.next(), at(10));
  EXPECT_TRUE(alarms.cancel(handle));
  EXPECT_FALSE(alarms.cancel(handle));
  alarms.run_due(at(9));
  EXPECT_EQ(fired, "");
  alarms.run_due(at(20));
  EXPECT_EQ(fired, "a!bc");
  EXPECT_FALSE(alarms.next());
}

TEST(Metrics, AreExposedAsPrometheusReadsThem) {
  Metrics metrics;
  metrics.counter("c_total", "What.", "a=\"1\"").add(2);
  EXPECT_EQ(&metrics.counter("c_total", "What.", "a=\"1\""), &metrics.counter("c_total", "What.", "a=\"1\""));
  metrics.gauge("g", "How much.", [] { return 1.5; });
  metrics.histogram("h_seconds", "How long.").record(std::chrono::microseconds(3));
  const std::string text = metrics.expose();
  EXPECT_NE(text.find("# HELP c_total What.\n# TYPE c_total counter\nc_total{a=\"1\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE g gauge\ng 1.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("h_seconds_bucket{le=\"2e-06\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("h_seconds_bucket{le=\"4e-06\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("h_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 0.000003000\nh_seconds_count 1\n"),
            std::string::npos)
      << text;
}

TEST(Random, MakesUuidsOfVersion4) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random.uuid();
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(uuid).second);
  }
  EXPECT_EQ(SeededRandom(5).next(), SeededRandom(5).next());
}

/// What a log writes, read back from a pipe.
std::string logged(LogFormat format, LogLevel least, const std::function<void(Log&)>& write) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  FileLog log(ends[1], least, format);
  write(log);
  ::close(ends[1]);
  std::string text;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], bytes, sizeof(bytes))) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  ::close(ends[0]);
  return text;
}

TEST(Log, LinesCannotBeForged) {
  const auto write = [](Log& log) {
    log.warning("message", {{"user", "a\nb error forged=\"yes\""}, {"plain", "x"}});
    log.debug("not shown");
  };
  const std::string text = logged(LogFormat::kText, LogLevel::kInfo, write);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find(" warning message user=\"a\\nb error forged=\\\"yes\\\"\" plain=x\n"), std::string::npos) << text;
  const std::string json = logged(LogFormat::kJson, LogLevel::kInfo, write);
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1);
  EXPECT_NE(json.find(R"("user":"a\nb error forged=\"yes\"")"), std::string::npos) << json;
}

}  // namespace
}  // namespace signalbox

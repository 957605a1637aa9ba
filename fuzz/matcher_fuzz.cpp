// The index against the plain matcher: lines are patterns up to an empty one, then events.

#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "json/json.h"
#include "pattern/matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace signalbox;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take_line = [&rest] {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return line;
  };
  std::vector<pattern::Pattern> patterns;
  pattern::MatcherBuilder builder;
  for (std::string_view line = take_line(); !line.empty(); line = take_line()) {
    auto compiled = pattern::Pattern::compile(line);
    if (!compiled) continue;
    builder.put(patterns.size(), *compiled);
    patterns.push_back(*std::move(compiled));
  }
  const auto matcher = builder.snapshot();
  pattern::Scratch scratch;
  std::vector<pattern::RuleId> matched;
  json::Document document;
  while (!rest.empty()) {
    const std::string event(take_line());
    matcher->match(event, scratch, matched);  // whatever it is, no harm is done
    const auto value = document.parse(event);
    if (!value || !value->is_object()) continue;
    std::vector<pattern::RuleId> expected;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (patterns[i].matches(*value)) expected.push_back(i);
    }
    FUZZ_CHECK(matched == expected);
  }
  return 0;
}

// Filter patterns of CloudWatch Logs: what stands before the first line feed is the pattern, the rest the message.

#include <string>

#include "check.h"
#include "services/logs/filter/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto line_end = input.find('\n');
  namespace filter = signalbox::logs::filter;
  const auto pattern = filter::Pattern::compile(input.substr(0, line_end), filter::Characters::kAny);
  FUZZ_CHECK(pattern || !filter::Pattern::compile(input.substr(0, line_end)));
  if (!pattern) {
    FUZZ_CHECK(pattern.error().code == "InvalidParameterException");
    FUZZ_CHECK(!pattern.error().message.empty());
    return 0;
  }
  if (line_end == std::string::npos) return 0;
  const std::string message = input.substr(line_end + 1);
  const bool matches = pattern->matches(message);
  FUZZ_CHECK(pattern->matches(message) == matches);
  if (pattern->selects_all()) FUZZ_CHECK(matches);
  for (const auto& [name, value] : pattern->extract(message)) FUZZ_CHECK(pattern->value(message, name).has_value());
  return 0;
}

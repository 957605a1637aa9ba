// Event patterns: what stands before the first line feed is the pattern, the rest the event.

#include <string>

#include "check.h"
#include "json/json.h"
#include "pattern/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto line_end = input.find('\n');
  const auto pattern = signalbox::pattern::Pattern::compile(input.substr(0, line_end));
  if (!pattern) {
    FUZZ_CHECK(pattern.error().code == "InvalidEventPatternException");
    FUZZ_CHECK(!pattern.error().message.empty());
    return 0;
  }
  if (line_end == std::string::npos) return 0;
  const std::string event = input.substr(line_end + 1);
  signalbox::json::Document document;
  const auto value = document.parse(event);
  if (!value || !value->is_object()) return 0;
  // Twice the same, and no different for how the event is spaced.
  const bool matches = pattern->matches(*value);
  FUZZ_CHECK(pattern->matches(*value) == matches);
  std::string minified;
  signalbox::json::append_minified(minified, *value);
  signalbox::json::Document again;
  FUZZ_CHECK(pattern->matches(*again.parse(minified)) == matches);
  return 0;
}

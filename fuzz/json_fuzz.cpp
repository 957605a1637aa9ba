// The JSON reader: any bytes; and what it accepts, written and read again, is the same.

#include <string>

#include "check.h"
#include "json/json.h"

namespace {

using signalbox::json::Document;
using signalbox::json::Value;

void rewrite(signalbox::json::Writer& out, Value value) {
  if (value.is_object()) {
    out.begin_object();
    for (const auto& [key, member] : value.members()) {
      out.key(key.as_string());
      rewrite(out, member);
    }
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const Value element : value.elements()) rewrite(out, element);
    out.end_array();
  } else if (value.is_string()) {
    out.string(value.as_string());
  } else if (value.is_number()) {
    value.as_double();
    value.as_integer();
    out.raw(value.raw());
  } else {
    out.raw(value.raw());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Document document;
  const auto value = document.parse(text);
  if (!value) {
    FUZZ_CHECK(!value.error().message.empty());
    return 0;
  }
  std::string minified;
  signalbox::json::append_minified(minified, *value);
  Document again;
  const auto reread = again.parse(minified);
  FUZZ_CHECK(reread.has_value());
  std::string twice;
  signalbox::json::append_minified(twice, *reread);
  FUZZ_CHECK(minified == twice);

  std::string rewritten;
  signalbox::json::Writer writer(rewritten);
  rewrite(writer, *value);
  std::string rewritten_again;
  signalbox::json::Writer second(rewritten_again);
  const auto back = again.parse(rewritten);
  FUZZ_CHECK(back.has_value());
  rewrite(second, *back);
  FUZZ_CHECK(rewritten == rewritten_again);
  return 0;
}

// White space around what headers say.
#pragma once

#include <string_view>

namespace signalbox::http {

/// Without the spaces and tabs around it: "OWS" of RFC 9110.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace signalbox::http

// Electronic mail as text (RFC 5322, MIME).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace signalbox::mail {

/// A mail of one part, in UTF-8.
struct Letter {
  std::string from;       // an address
  std::string from_name;  // shown with it; "" for none
  std::string to;         // an address
  std::string subject;
  std::string id;  // of Message-ID, without the domain
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // others
};

/// Whether `text` may stand as an address on the wire: one '@', no white space, no control characters, at most 254
/// bytes.
bool is_address(std::string_view text);

/// The letter as it is sent: lines end in CRLF, none is longer than 76 characters.
std::string text_of(const Letter& letter, Time sent);

/// A mail as it was received, for those who show it.
struct Received {
  std::vector<std::pair<std::string, std::string>> headers;  // decoded
  std::string body;                                          // decoded, where it is text of one part
  /// The first header of that name; "" for none.
  std::string_view header(std::string_view name) const;
};
Received read(std::string_view text);

}  // namespace signalbox::mail

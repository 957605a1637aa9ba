// Form-encoded parameters, as the query protocol sends them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace signalbox::wire {

/// Most parameters one request may carry.
inline constexpr std::size_t kMaxFormParameters = 10'000;

/// The parameters of a request's body, or of its query string when it has no form body, sorted by name; of a name
/// that comes twice the first counts.
class Form {
 public:
  /// Errors: MalformedQueryString, MalformedInput (too many parameters).
  static Result<Form> read(const http::Request& request);

  /// Null when there is none of that name.
  const std::string* find(std::string_view name) const;
  /// True when a parameter is named `prefix` or starts with `prefix` and a dot.
  bool has(std::string_view prefix) const;
  void add_if_absent(std::string name, std::string value);

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// The value of one parameter without reading the others; empty optional when it is not there.
std::optional<std::string> form_parameter(std::string_view encoded, std::string_view name);

/// Where the parameters of a request stand: its body, or its query string when the body is empty.
std::string_view form_text(const http::Request& request);

}  // namespace signalbox::wire

// A closed-loop HTTP load: so many connections, each of which sends its next request when the last one is answered.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::bench {

struct Measured {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;  // answers with another status than 200
  std::string first_failure;   // its body
  double seconds = 0;
  std::chrono::microseconds p50{0};
  std::chrono::microseconds p99{0};
  double per_second() const { return static_cast<double>(requests) / seconds; }
};

/// What connection `connection` sends next; `answer` is the body of the last answer, "" at first. Ends when it
/// returns "" or the time is over.
using NextRequest = std::function<std::string(std::size_t connection, std::string_view answer)>;

/// Loads 127.0.0.1:`port` for `duration` from the calling thread. Exits the program when it cannot connect.
Measured load(std::uint16_t port, std::size_t connections, std::chrono::milliseconds duration, const NextRequest& next);

/// One request, one answer's body. Exits the program when there is none, or its status is not 200.
std::string call(std::uint16_t port, std::string_view request);

/// An AWS JSON request of account 000000000000 in us-east-1; `target` as "AmazonSQS.SendMessage".
std::string aws_request(std::string_view service, std::string_view target, std::string_view body);

/// A POST of a REST service's, as aws_request otherwise.
std::string rest_request(std::string_view service, std::string_view path, std::string_view body);

/// The value of the first string member `name` in `json` at or after `from`; moves `from` behind it. "" when there
/// is none. Enough for answers without escapes.
std::string_view find_text(std::string_view json, std::string_view name, std::size_t& from);

/// Keeps the calling thread on one core, where the machine has that many.
void pin_to_core(unsigned core);

}  // namespace signalbox::bench

// The Lambda Runtime API (2018-06-01), as a runtime in a sandbox speaks it: "Using the Lambda runtime API for custom
// runtimes" in the Lambda Developer Guide.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/lambda/sandbox.h"

namespace signalbox::lambda {

namespace asio = boost::asio;

/// An invocation as a runtime gets it.
struct RuntimeEvent {
  std::vector<std::pair<std::string, std::string>> headers;  // Lambda-Runtime-Aws-Request-Id ...
  std::string payload;
};

/// What a runtime says of an invocation, or of its start.
struct RuntimeReport {
  enum class Kind { kResponse, kError, kInitError };
  Kind kind = Kind::kResponse;
  std::string request_id;  // "" of kInitError
  std::string body;
  std::string error_type;  // the header Lambda-Runtime-Function-Error-Type
  bool too_large = false;  // then the body is not there
};

/// On the loop's thread.
class RuntimeHost {
 public:
  virtual ~RuntimeHost() = default;
  /// The next invocation, however long that takes; empty when there will be none for who asks. `is_open` says whether
  /// the asker is still there: it is asked last, so that nothing is handed to nobody.
  virtual asio::awaitable<std::optional<RuntimeEvent>> next(std::function<bool()> is_open) = 0;
  /// False for a request that is not the one under way.
  virtual bool report(RuntimeReport report) = 0;
};

/// Serves what connects to a listening socket until what is returned goes, on the loop's thread, and with it the
/// connections. Null when the socket is none.
std::shared_ptr<void> serve_runtime(asio::io_context& loop, Descriptor listening, std::weak_ptr<RuntimeHost> host);

/// "Invocation payload (request and response)".
inline constexpr std::size_t kMaxResponse = std::size_t{6} * 1024 * 1024 + 100;

}  // namespace signalbox::lambda

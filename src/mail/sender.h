// Mail out: through one SMTP server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace signalbox::mail {

namespace asio = boost::asio;

struct SenderOptions {
  std::string url;  // "smtp://host:port" (STARTTLS where the server offers it), "smtps://..."; may hold USER:PASSWORD@
  std::string ca_file;  // trusted beside the system's authorities; "" for none
};

/// Talks SMTP on a few threads of its own, so that no caller's thread waits. Safe from any thread.
class Sender {
 public:
  explicit Sender(const SenderOptions& options);
  /// Waits for what is being sent, each within its timeout; what has not begun is dropped.
  ~Sender();
  Sender(const Sender&) = delete;

  /// Hands over one mail; `text` as mail::text_of makes it. Resumes on the caller's executor. Errors: Refused (the
  /// server will never take it: an address or text it does not accept), Unavailable (anything that may pass).
  asio::awaitable<Result<void>> send(std::string from, std::string to, std::string text, Duration timeout);

  static constexpr std::size_t kThreads = 4;

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace signalbox::mail

// The sink's mail side: a small SMTP server that takes everything, for trying what sends mail.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace signalbox::cli {

struct SunkMail {
  std::string from;
  std::vector<std::string> to;
  std::string text;  // headers and body as they came
};

/// Runs on one loop, on its thread. Mail to refuse@... is refused for good (550), to fail-N@... so many times with 451.
class MailSink {
 public:
  using Take = std::function<void(SunkMail)>;
  MailSink(boost::asio::io_context& loop, Take take);
  ~MailSink();

  /// Port 0 takes a free one; returns it. Errors: ListenError.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);

  static constexpr std::size_t kMaxLine = 64 * 1024;
  static constexpr std::size_t kMaxMail = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxRecipients = 100;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace signalbox::cli

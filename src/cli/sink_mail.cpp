#include "cli/sink_mail.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <charconv>
#include <map>

namespace signalbox::cli {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// What stands between '<' and '>'.
std::string address_of(std::string_view line) {
  const auto begin = line.find('<');
  const auto end = line.find('>', begin == std::string_view::npos ? 0 : begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return "";
  return std::string(line.substr(begin + 1, end - begin - 1));
}

}  // namespace

struct MailSink::Shared {
  Shared(asio::io_context& on, Take receive) : loop(on), take(std::move(receive)), acceptor(on) {}
  asio::io_context& loop;
  Take take;
  tcp::acceptor acceptor;
  std::map<std::string, std::uint64_t> failures;

  /// The answer to a recipient; "" to take it.
  std::string judge(const std::string& recipient) {
    if (recipient.starts_with("refuse")) return "550 5.1.1 No such mailbox\r\n";
    if (!recipient.starts_with("fail-")) return "";
    std::uint64_t times = 0;
    std::from_chars(recipient.data() + 5, recipient.data() + recipient.size(), times);
    return ++failures[recipient] <= times ? "451 4.3.0 Try again later\r\n" : "";
  }
};

namespace {

/// One client.
template <class Shared>
class Conversation {
 public:
  Conversation(std::shared_ptr<Shared> shared, tcp::socket socket)
      : shared_(std::move(shared)), socket_(std::move(socket)) {}

  asio::awaitable<void> run() {
    std::string answer = "220 Signalbox sink\r\n";
    while (!answer.empty()) {
      if (!co_await say(answer)) co_return;
      if (answer.starts_with("221")) co_return;
      std::string line;
      if (!co_await hear(line)) co_return;
      if (upper(line) == "DATA") {
        answer = co_await data();
      } else {
        answer = obey(line);
      }
    }
  }

 private:
  asio::awaitable<bool> say(const std::string& text) {
    boost::system::error_code problem;
    co_await asio::async_write(socket_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, problem));
    co_return !problem;
  }

  /// One line without its end. False when the client has gone or says too much.
  asio::awaitable<bool> hear(std::string& line) {
    boost::system::error_code problem;
    const std::size_t size = co_await asio::async_read_until(socket_, asio::dynamic_buffer(heard_, MailSink::kMaxLine),
                                                             '\n', asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return false;
    line = heard_.substr(0, size - 1);
    heard_.erase(0, size);
    if (line.ends_with('\r')) line.pop_back();
    co_return true;
  }

  std::string obey(const std::string& line) {
    const std::string command = upper(line);
    if (command.starts_with("EHLO")) return "250-sink\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 16777216\r\n";
    if (command.starts_with("AUTH LOGIN")) {
      login_ = 2;
      return "334 VXNlcm5hbWU6\r\n";
    }
    if (login_ > 0) return --login_ > 0 ? "334 UGFzc3dvcmQ6\r\n" : "235 2.7.0 Welcome\r\n";
    if (command.starts_with("AUTH PLAIN")) {
      if (command.size() > 11) return "235 2.7.0 Welcome\r\n";
      login_ = 1;
      return "334 \r\n";
    }
    if (command.starts_with("MAIL FROM:")) {
      mail_ = {};
      mail_.from = address_of(line);
      return "250 2.1.0 OK\r\n";
    }
    if (command.starts_with("RCPT TO:")) return recipient(address_of(line));
    if (command.starts_with("RSET")) mail_ = {};
    if (command.starts_with("QUIT")) return "221 2.0.0 Bye\r\n";
    const bool known = command.starts_with("HELO") || command.starts_with("RSET") || command.starts_with("NOOP");
    return known ? "250 OK\r\n" : "502 5.5.1 No such command\r\n";
  }

  std::string recipient(const std::string& address) {
    if (address.empty() || mail_.to.size() >= MailSink::kMaxRecipients) return "501 5.1.3 Not so\r\n";
    std::string refused = shared_->judge(address);
    if (!refused.empty()) return refused;
    mail_.to.push_back(address);
    return "250 2.1.5 OK\r\n";
  }

  asio::awaitable<std::string> data() {
    if (mail_.to.empty()) co_return "503 5.5.1 RCPT first\r\n";
    if (!co_await say("354 Go on\r\n")) co_return "";
    std::string line;
    for (;;) {
      if (!co_await hear(line)) co_return "";
      if (line == ".") break;
      if (mail_.text.size() + line.size() > MailSink::kMaxMail) co_return "221 5.3.4 Too much\r\n";
      mail_.text.append(line, line.starts_with('.') ? 1 : 0, std::string::npos).append("\r\n");
    }
    shared_->take(std::move(mail_));
    mail_ = {};
    co_return "250 2.0.0 Taken\r\n";
  }

  std::shared_ptr<Shared> shared_;
  tcp::socket socket_;
  std::string heard_;
  SunkMail mail_;
  int login_ = 0;  // lines of a login that are still to come
};

template <class Shared>
asio::awaitable<void> accept(std::shared_ptr<Shared> shared) {
  for (;;) {
    boost::system::error_code problem;
    tcp::socket socket = co_await shared->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return;
    auto conversation = std::make_shared<Conversation<Shared>>(shared, std::move(socket));
    asio::co_spawn(
        shared->loop, [conversation]() -> asio::awaitable<void> { co_await conversation->run(); }, asio::detached);
  }
}

}  // namespace

MailSink::MailSink(asio::io_context& loop, Take take) : shared_(std::make_shared<Shared>(loop, std::move(take))) {}
MailSink::~MailSink() = default;

Result<std::uint16_t> MailSink::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code problem;
  const auto at = asio::ip::make_address(address, problem);
  tcp::acceptor& acceptor = shared_->acceptor;
  if (!problem) acceptor.open(at.is_v6() ? tcp::v6() : tcp::v4(), problem);
  if (!problem) acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem) acceptor.bind({at, port}, problem);
  if (!problem) acceptor.listen(asio::socket_base::max_listen_connections, problem);
  if (problem) {
    return fail("ListenError", "Cannot listen for mail on " + address + " port " + std::to_string(port) + ": " +
                                   problem.message() + ".");
  }
  asio::co_spawn(shared_->loop, accept(shared_), asio::detached);
  return acceptor.local_endpoint().port();
}

}  // namespace signalbox::cli

#include "http/server.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "http/session.h"

namespace signalbox::http {
namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

constexpr std::chrono::milliseconds kSweepInterval{500};
constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr std::chrono::milliseconds kDrainStep{2};

/// SO_REUSEPORT, in the form that Asio takes options.
class ReusePort {
 public:
  template <class Protocol>
  int level(const Protocol&) const {
    return SOL_SOCKET;
  }
  template <class Protocol>
  int name(const Protocol&) const {
    return SO_REUSEPORT;
  }
  template <class Protocol>
  const int* data(const Protocol&) const {
    return &on_;
  }
  template <class Protocol>
  std::size_t size(const Protocol&) const {
    return sizeof(on_);
  }

 private:
  int on_ = 1;
};

}  // namespace

/// One loop's share: its acceptor and sessions, touched on its thread only.
struct Lane : std::enable_shared_from_this<Lane> {
  Lane(asio::io_context& io, std::shared_ptr<Environment> shared, Counter& count)
      : loop(io), environment(std::move(shared)), accepted(count), acceptor(io), sweeper(io), pause(io) {}

  void accept() {
    acceptor.async_accept(
        [self = shared_from_this()](const boost::system::error_code& problem, Session::Socket socket) {
          if (self->environment->draining) return;
          if (problem) return self->accept_later();
          if (self->environment->connections.load() < self->environment->limits.max_connections) {
            self->start(std::move(socket));
          }
          self->accept();
        });
  }

  // Out of file descriptors, say: trying at once would spin.
  void accept_later() {
    pause.expires_after(kAcceptPause);
    pause.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (!cancelled) self->accept();
    });
  }

  void start(Session::Socket socket) {
    accepted.add();
    auto session = std::make_shared<Session>(std::move(socket), environment);
    sessions.insert(session);
    asio::co_spawn(loop, session->run(),
                   [self = shared_from_this(), session](const std::exception_ptr&) { self->sessions.erase(session); });
  }

  void accept_from(const std::shared_ptr<Acceptor>& other) {
    other->async_accept(
        [self = shared_from_this(), other](const boost::system::error_code& problem, Session::Socket socket) {
          if (problem || self->environment->draining) return;
          if (self->environment->connections.load() < self->environment->limits.max_connections) {
            self->start(std::move(socket));
          }
          self->accept_from(other);
        });
  }

  void sweep() {
    sweeper.expires_after(kSweepInterval);
    sweeper.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      const auto now = std::chrono::steady_clock::now();
      for (const auto& session : self->sessions) session->close_if_late(now);
      self->sweep();
    });
  }

  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    sweeper.cancel();
    pause.cancel();
    for (const auto& session : sessions) session->close_if_idle();
  }

  asio::io_context& loop;
  const std::shared_ptr<Environment> environment;
  Counter& accepted;
  Acceptor acceptor;
  Timer sweeper;
  Timer pause;
  std::set<std::shared_ptr<Session>> sessions;
};

struct Server::Shared {
  std::shared_ptr<Environment> environment;
  std::vector<std::shared_ptr<Lane>> lanes;
};

Server::Server(std::vector<asio::io_context*> loops, Handler handler, const Limits& limits, Log& log, Metrics& metrics,
               Streams streams)
    : shared_(new Shared{std::make_shared<Environment>(std::move(handler), std::move(streams), limits, log), {}}) {
  Counter& accepted = metrics.counter("signalbox_http_connections_total", "Connections taken.");
  metrics.gauge("signalbox_http_connections", "Connections open now.",
                [environment = shared_->environment] { return static_cast<double>(environment->connections.load()); });
  for (asio::io_context* loop : loops) {
    shared_->lanes.push_back(std::make_shared<Lane>(*loop, shared_->environment, accepted));
  }
}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code problem;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, problem);
  const std::string where = address + ":" + std::to_string(port);
  if (problem) return fail("ListenError", "The address " + address + " is not an IP address.");
  tcp::endpoint endpoint(ip, port);
  // Every loop has a socket of its own on the port (SO_REUSEPORT): the kernel spreads connections over them. The first
  // one binds without it, so that a second server on the same port is refused.
  {
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> probe(shared_->lanes.front()->loop);
    probe.open(endpoint.protocol(), problem);
    if (!problem) probe.set_option(asio::socket_base::reuse_address(true), problem);
    if (!problem) probe.bind(endpoint, problem);
    if (problem) return fail("ListenError", "Cannot listen on " + where + ": " + problem.message() + ".");
  }
  for (const auto& lane : shared_->lanes) {
    lane->acceptor.open(endpoint.protocol(), problem);
    if (!problem) lane->acceptor.set_option(asio::socket_base::reuse_address(true), problem);
    if (!problem) lane->acceptor.set_option(ReusePort(), problem);
    if (!problem) lane->acceptor.bind(endpoint, problem);
    if (!problem) lane->acceptor.listen(asio::socket_base::max_listen_connections, problem);
    if (problem) return fail("ListenError", "Cannot listen on " + where + ": " + problem.message() + ".");
    endpoint.port(lane->acceptor.local_endpoint().port());
    lane->accept();
    lane->sweep();
  }
  return endpoint.port();
}

std::shared_ptr<void> Server::adopt(int listening, std::size_t loop) {
  const std::shared_ptr<Lane>& lane = shared_->lanes[loop % shared_->lanes.size()];
  auto acceptor = std::make_shared<Acceptor>(lane->loop);
  boost::system::error_code problem;
  acceptor->assign(tcp::v4(), listening, problem);
  if (problem) {
    ::close(listening);
    return nullptr;
  }
  asio::post(lane->loop, [lane, acceptor] { lane->accept_from(acceptor); });
  return {acceptor.get(), [lane, acceptor](void*) {
            asio::post(lane->loop, [acceptor] {
              boost::system::error_code ignored;
              acceptor->close(ignored);
            });
          }};
}

bool Server::drain(std::chrono::seconds bound) {
  shared_->environment->draining = true;
  for (const auto& lane : shared_->lanes) {
    asio::post(lane->loop, [lane] { lane->close(); });
  }
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (shared_->environment->in_progress.load() > 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kDrainStep);
  }
  return true;
}

}  // namespace signalbox::http

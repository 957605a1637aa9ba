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
/// Connections of one adopted socket; all adopted ones together have half of max_connections, spread over the loops.
constexpr std::size_t kMaxOfAdopted = 256;

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
            self->start(std::move(socket), self->environment->tls());
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

  struct Adopted;

  void start(Session::Socket socket, std::shared_ptr<TlsContext> tls, std::shared_ptr<Adopted> from = nullptr) {
    accepted.add();
    auto session = std::make_shared<Session>(std::move(socket), environment, std::move(tls), from != nullptr);
    sessions.insert(session);
    asio::co_spawn(loop, session->run(),
                   [self = shared_from_this(), session, from = std::move(from)](const std::exception_ptr& thrown) {
                     if (thrown) self->environment->log.error("a connection's session threw");
                     self->sessions.erase(session);
                     if (!from) return;
                     --from->open;
                     --self->adopted_open;
                   });
  }

  /// A socket of somebody whose connections are bounded, so that they never take all.
  struct Adopted {
    explicit Adopted(asio::io_context& io) : acceptor(io), pause(io) {}
    Acceptor acceptor;
    Timer pause;
    std::size_t open = 0;
  };

  void accept_from(const std::shared_ptr<Adopted>& other) {
    // Beyond its bound a connection waits in the kernel until another ends.
    if (other->open >= kMaxOfAdopted || adopted_open >= adopted_most) {
      other->pause.expires_after(kAcceptPause);
      other->pause.async_wait([self = shared_from_this(), other](const boost::system::error_code& cancelled) {
        if (!cancelled && other->acceptor.is_open()) self->accept_from(other);
      });
      return;
    }
    other->acceptor.async_accept(
        [self = shared_from_this(), other](const boost::system::error_code& problem, Session::Socket socket) {
          if (problem || self->environment->draining) return;
          ++other->open;
          ++self->adopted_open;
          self->start(std::move(socket), nullptr, other);
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
  std::size_t adopted_open = 0;
  std::size_t adopted_most = 0;
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
  metrics.gauge("signalbox_http_requests_in_progress", "Requests that are being answered now.",
                [environment = shared_->environment] { return static_cast<double>(environment->in_progress.load()); });
  for (asio::io_context* loop : loops) {
    shared_->lanes.push_back(std::make_shared<Lane>(*loop, shared_->environment, accepted));
    shared_->lanes.back()->adopted_most = std::max<std::size_t>(1, limits.max_connections / 2 / loops.size());
  }
}

Server::~Server() = default;

void Server::refuse_too_large(TooLarge answer) {
  shared_->environment->refuse_too_large = std::move(answer);
}

void Server::use_tls(std::shared_ptr<TlsContext> context) {
  const std::lock_guard lock(shared_->environment->tls_mutex);
  shared_->environment->tls_context = std::move(context);
}

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
  auto adopted = std::make_shared<Lane::Adopted>(lane->loop);
  boost::system::error_code problem;
  adopted->acceptor.assign(tcp::v4(), listening, problem);
  if (problem) {
    ::close(listening);
    return nullptr;
  }
  asio::post(lane->loop, [lane, adopted] { lane->accept_from(adopted); });
  return {adopted.get(), [lane, adopted](void*) {
            asio::post(lane->loop, [adopted] {
              boost::system::error_code ignored;
              adopted->acceptor.close(ignored);
              adopted->pause.cancel();
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

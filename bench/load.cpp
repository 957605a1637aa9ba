#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace signalbox::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Connection {
  int socket = -1;
  std::string received;
  SteadyClock::time_point sent;
};

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 || ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) give_up("connect");
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) give_up("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// The end of the whole answer in `received`, and where its body starts; 0 when it is not complete.
std::size_t answer_end(std::string_view received, std::size_t& body) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return 0;
  const auto length_at = received.find("Content-Length: ");
  std::size_t length = 0;
  if (length_at < head_end) std::from_chars(received.data() + length_at + 16, received.data() + head_end, length);
  body = head_end + 4;
  return received.size() >= body + length ? body + length : 0;
}

bool is_ok(std::string_view answer) {
  return answer.substr(0, 12) == "HTTP/1.1 200";
}

void receive_some(Connection& connection) {
  char bytes[65536];
  const ssize_t got = ::recv(connection.socket, bytes, sizeof(bytes), 0);
  if (got <= 0) give_up("recv");
  connection.received.append(bytes, static_cast<std::size_t>(got));
}

std::chrono::microseconds percentile(std::vector<std::uint32_t>& micros, double part) {
  if (micros.empty()) return {};
  const auto at = micros.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(micros.size() - 1) * part);
  std::nth_element(micros.begin(), at, micros.end());
  return std::chrono::microseconds(*at);
}

}  // namespace

Measured load(std::uint16_t port, std::size_t connections, std::chrono::milliseconds duration,
              const NextRequest& next) {
  const int poll = ::epoll_create1(0);
  std::vector<Connection> all(connections);
  std::vector<std::uint32_t> micros;
  Measured measured;
  const auto start = SteadyClock::now();
  std::size_t open = 0;
  for (std::size_t i = 0; i < connections; ++i) {
    all[i].socket = connect_to(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, all[i].socket, &event);
    const std::string request = next(i, "");
    all[i].sent = SteadyClock::now();
    send_all(all[i].socket, request);
    ++open;
  }
  std::vector<epoll_event> events(connections);
  while (open > 0) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 10'000);
    if (ready <= 0) give_up("no answer for ten seconds");
    for (int i = 0; i < ready; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
      Connection& connection = all[index];
      receive_some(connection);
      std::size_t body = 0;
      const std::size_t end = answer_end(connection.received, body);
      if (end == 0) continue;
      const auto now = SteadyClock::now();
      const std::string_view answer = std::string_view(connection.received).substr(body, end - body);
      micros.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(now - connection.sent).count()));
      ++measured.requests;
      if (!is_ok(connection.received) && measured.failures++ == 0) measured.first_failure = connection.received;
      const std::string request = now - start < duration ? next(index, answer) : "";
      connection.received.clear();
      if (request.empty()) {
        ::close(connection.socket);
        --open;
        continue;
      }
      connection.sent = SteadyClock::now();
      send_all(connection.socket, request);
    }
  }
  ::close(poll);
  measured.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  measured.p50 = percentile(micros, 0.5);
  measured.p99 = percentile(micros, 0.99);
  return measured;
}

std::string call(std::uint16_t port, std::string_view request) {
  Connection connection;
  connection.socket = connect_to(port);
  send_all(connection.socket, request);
  std::size_t body = 0;
  std::size_t end = 0;
  while ((end = answer_end(connection.received, body)) == 0) receive_some(connection);
  ::close(connection.socket);
  if (!is_ok(connection.received)) {
    std::fprintf(stderr, "a request failed: %s\n", connection.received.c_str());
    std::exit(1);
  }
  return connection.received.substr(body, end - body);
}

std::string aws_request(std::string_view service, std::string_view target, std::string_view body) {
  std::string request = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.";
  request += service == "sqs" ? '0' : '1';
  request.append("\r\nX-Amz-Date: 20260101T000000Z\r\nX-Amz-Target: ").append(target);
  request.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/").append(service);
  request.append("/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=");
  request.append(64, '0').append("\r\nContent-Length: ").append(std::to_string(body.size()));
  request.append("\r\n\r\n").append(body);
  return request;
}

std::string rest_request(std::string_view service, std::string_view path, std::string_view body) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json");
  request.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/").append(service);
  request.append("/aws4_request, SignedHeaders=host, Signature=").append(64, '0');
  request.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return request;
}

std::string_view find_text(std::string_view json, std::string_view name, std::size_t& from) {
  const std::string mark = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(mark, from);
  if (at == std::string_view::npos) return {};
  const auto start = at + mark.size();
  const auto end = json.find('"', start);
  from = end;
  return json.substr(start, end - start);
}

void pin_to_core(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(0, sizeof(cores), &cores);  // fails, harmlessly, where there is no such core
}

}  // namespace signalbox::bench

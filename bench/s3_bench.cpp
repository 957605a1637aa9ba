// Objects put and got a second, small and large; pages of a large bucket from its beginning and its end; and what a
// gigabyte on its way takes of the server's memory. The server has core 0, the load core 1.
//   s3_bench SIGNALBOX [FOLDER [SECONDS [OBJECTS]]]

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "child.h"
#include "load.h"

namespace {

using namespace signalbox;

std::chrono::milliseconds duration{3000};

std::string request(const std::string& method, const std::string& target, const std::string& body = {}) {
  return method + " " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: binary/octet-stream\r\n"
         "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/s3/aws4_request, "
         "SignedHeaders=host, Signature=0\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void report(const char* name, const bench::Measured& measured, std::size_t bytes) {
  std::printf("%-28s %9.0f /s %9.1f MB/s   p50 %6.1f ms  p99 %6.1f ms  failures %llu\n", name, measured.per_second(),
              measured.per_second() * static_cast<double>(bytes) / 1e6, static_cast<double>(measured.p50.count()) / 1e3,
              static_cast<double>(measured.p99.count()) / 1e3, static_cast<unsigned long long>(measured.failures));
  if (measured.failures != 0) std::printf("  %s\n", measured.first_failure.substr(0, 200).c_str());
}

void put_and_get(std::uint16_t port, const char* size_name, std::size_t bytes, std::size_t connections) {
  const std::string content(bytes, 'x');
  std::vector<std::size_t> serial(connections);
  const auto key = [&](std::size_t connection) {
    return "/bench/" + std::to_string(content.size()) + "/" + std::to_string(connection) + "-" +
           std::to_string(serial[connection]++ % 100);
  };
  const auto put = bench::load(port, connections, duration,
                               [&](std::size_t c, std::string_view) { return request("PUT", key(c), content); });
  report((std::string("put ") + size_name).c_str(), put, bytes);
  const std::size_t kept = bytes > 100'000 ? 4 : 100;
  for (std::size_t c = 0; c < connections; ++c) {
    serial[c] = 0;
    for (std::size_t i = 0; i < kept; ++i) bench::call(port, request("PUT", key(c), content));
  }
  const auto get = bench::load(port, connections, duration, [&](std::size_t c, std::string_view) {
    serial[c] %= kept;
    return request("GET", key(c));
  });
  report((std::string("get ") + size_name).c_str(), get, bytes);
}

void pages(std::uint16_t port, std::size_t objects) {
  char key[32];
  std::size_t made = 0;
  const auto fill = bench::load(port, 64, std::chrono::hours(1), [&](std::size_t, std::string_view) {
    if (made == objects) return std::string();
    std::snprintf(key, sizeof key, "%09zu", made++);
    return request("PUT", std::string("/many/") + key, "x");
  });
  std::printf("%zu objects put in %.0f s\n", objects, fill.seconds);
  for (const double place : {0.0, 0.5, 0.99}) {
    std::snprintf(key, sizeof key, "%09zu", static_cast<std::size_t>(place * static_cast<double>(objects)));
    const std::string target = std::string("/many?list-type=2&start-after=") + key;
    const auto list =
        bench::load(port, 1, duration, [&](std::size_t, std::string_view) { return request("GET", target); });
    std::snprintf(key, sizeof key, "page of 1000 at %.0f%%", place * 100);
    report(key, list, 0);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: s3_bench SIGNALBOX [FOLDER [SECONDS [OBJECTS]]]\n");
    return 2;
  }
  if (count > 3) duration = std::chrono::milliseconds(static_cast<long>(std::atof(arguments[3]) * 1000));
  const std::size_t objects = count > 4 ? static_cast<std::size_t>(std::atol(arguments[4])) : 100'000;
  const bench::Folder folder(count > 2 ? arguments[2] : ".");
  const bench::Child server({arguments[1], "serve", "--port", "0", "--data", folder.path() + "/data"});
  bench::pin_to_core(1);
  for (const char* bucket : {"/bench", "/many"}) bench::call(server.port(), request("PUT", bucket));
  put_and_get(server.port(), "1 KB", 1024, 64);
  put_and_get(server.port(), "10 MB", 10'000'000, 2);
  std::printf("memory after 10 MB objects: %zu MB\n", server.resident_kib() / 1024);
  pages(server.port(), objects);
  return 0;
}

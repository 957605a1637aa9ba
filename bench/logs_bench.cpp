// CloudWatch Logs over the server's socket: PutLogEvents, and Logs Insights queries over what was put. The server has
// its cores to itself but for this program, which waits while queries run.
//   logs_bench SIGNALBOX [FOLDER [LINES [STREAMS]]]
// LINES: 10,000,000 by default. STREAMS: so many streams of one line besides, 0 by default.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "child.h"
#include "load.h"

namespace {

using namespace signalbox;
using bench::aws_request;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kConnections = 4;
constexpr std::size_t kLinesACall = 5000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string request(const std::string& operation, const std::string& body) {
  return aws_request("logs", "Logs_20140328." + operation, body);
}

std::int64_t now_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A line of an access log as JSON, as large as such lines are: about 160 bytes.
std::string line(std::size_t i) {
  static constexpr const char* kPaths[] = {"/api/orders", "/api/items", "/health", "/api/users/login",
                                           "/static/app.js"};
  std::string text = "{\\\"level\\\":\\\"";
  text += i % 50 == 0 ? "ERROR" : "INFO";
  text += "\\\",\\\"requestId\\\":\\\"" + std::to_string(i * 2654435761U % 1000000007U) + "-" + std::to_string(i);
  text +=
      "\\\",\\\"path\\\":\\\"" + std::string(kPaths[i % 5]) + "\\\",\\\"status\\\":" + (i % 50 == 0 ? "500" : "200");
  text += ",\\\"durationMs\\\":" + std::to_string(i * 7919 % 1000) + ",\\\"host\\\":\\\"web-" + std::to_string(i % 17) +
          "\\\"}";
  return text;
}

/// The bytes that a line counts without JSON's escapes.
std::size_t line_bytes(const std::string& text) {
  std::size_t bytes = text.size();
  for (const char c : text) bytes -= c == '\\' ? 1U : 0U;
  return bytes;
}

void put_lines(const bench::Child& server, std::size_t lines, std::int64_t start) {
  const std::uint16_t port = server.port();
  const double cpu_before = server.cpu_seconds();
  std::size_t next = 0;
  std::size_t bytes = 0;
  const auto began = Clock::now();
  const auto measured =
      bench::load(port, kConnections, std::chrono::hours(1), [&](std::size_t connection, std::string_view) {
        if (next >= lines) return std::string();
        std::string body =
            R"({"logGroupName":"bench","logStreamName":"s)" + std::to_string(connection) + R"(","logEvents":[)";
        for (std::size_t i = 0; i < kLinesACall && next < lines; ++i, ++next) {
          const std::string text = line(next);
          bytes += line_bytes(text);
          body += (i == 0 ? "" : ",") +
                  (R"({"timestamp":)" + std::to_string(start + static_cast<std::int64_t>(next / 10))) +
                  R"(,"message":")" + text + "\"}";
        }
        return request("PutLogEvents", body + "]}");
      });
  const double seconds = seconds_since(began);
  const double cpu = server.cpu_seconds() - cpu_before;
  std::printf("PutLogEvents, %zu lines a call     %8.1f MB/s %10.0f lines/s   p50 %.1f ms  p99 %.1f ms\n", kLinesACall,
              static_cast<double>(bytes) / 1e6 / seconds, static_cast<double>(lines) / seconds,
              static_cast<double>(measured.p50.count()) / 1000, static_cast<double>(measured.p99.count()) / 1000);
  std::printf("  by processor time of the server     %8.1f MB a core second\n", static_cast<double>(bytes) / 1e6 / cpu);
  if (measured.failures > 0)
    std::printf("  %llu FAILED: %s\n", static_cast<unsigned long long>(measured.failures),
                measured.first_failure.c_str());
  std::fflush(stdout);
}

void query(std::uint16_t port, const char* text, std::int64_t start) {
  std::string escaped;
  for (const char* c = text; *c != '\0'; ++c) escaped += (*c == '"' ? "\\\"" : std::string(1, *c));
  const auto began = Clock::now();
  const std::string started = bench::call(
      port, request("StartQuery", R"({"logGroupName":"bench","startTime":)" + std::to_string(start / 1000 - 10) +
                                      R"(,"endTime":)" + std::to_string(now_millis() / 1000 + 7200) +
                                      R"(,"queryString":")" + escaped + "\"}"));
  std::size_t from = 0;
  const std::string id(bench::find_text(started, "queryId", from));
  std::string answer;
  while (true) {
    answer = bench::call(port, request("GetQueryResults", R"({"queryId":")" + id + "\",\"maxItems\":1}"));
    if (answer.find("\"Running\"") == std::string::npos && answer.find("\"Scheduled\"") == std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double seconds = seconds_since(began);
  const auto at = answer.find("\"bytesScanned\":");
  const double bytes =
      at == std::string::npos ? 0 : std::strtod(answer.c_str() + at + std::strlen("\"bytesScanned\":"), nullptr);
  const bool complete = answer.find("\"Complete\"") != std::string::npos;
  std::printf("%-78s %6.2f s %6.2f GB/s%s\n", text, seconds, bytes / 1e9 / seconds, complete ? "" : "  NOT COMPLETE");
  std::fflush(stdout);
}

void put_streams(std::uint16_t port, std::size_t streams) {
  bench::call(port, request("CreateLogGroup", R"({"logGroupName":"many"})"));
  constexpr std::size_t kMany = 64;
  std::vector<std::string> names(kMany);
  std::size_t next = 0;
  const auto began = Clock::now();
  const auto measured = bench::load(port, kMany, std::chrono::hours(1), [&](std::size_t connection, std::string_view) {
    std::string& name = names[connection];
    if (!name.empty()) {
      std::string body = R"({"logGroupName":"many","logStreamName":")" + name + R"(","logEvents":[{"timestamp":)" +
                         std::to_string(now_millis()) + R"(,"message":"the only line of stream )" + name + "\"}]}";
      name.clear();
      return request("PutLogEvents", body);
    }
    if (next == streams) return std::string();
    name = "function/" + std::to_string(next++);
    return request("CreateLogStream", R"({"logGroupName":"many","logStreamName":")" + name + "\"}");
  });
  const double seconds = seconds_since(began);
  std::printf("%zu streams of one line   %10.0f streams/s, %llu failed\n", streams,
              static_cast<double>(streams) / seconds, static_cast<unsigned long long>(measured.failures));
  for (const char* body : {R"({"logGroupName":"many","orderBy":"LastEventTime","descending":true})",
                           R"({"logGroupName":"many","logStreamNamePrefix":"function/77"})"}) {
    const auto start = Clock::now();
    bench::call(port, request("DescribeLogStreams", body));
    std::printf("  DescribeLogStreams %-72s %6.1f ms\n", body, seconds_since(start) * 1000);
  }
  const auto start = Clock::now();
  bench::call(port, request("GetLogEvents", R"({"logGroupName":"many","logStreamName":"function/77"})"));
  std::printf("  GetLogEvents of one of them %6.1f ms\n", seconds_since(start) * 1000);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: logs_bench SIGNALBOX [FOLDER [LINES [STREAMS]]]\n");
    return 2;
  }
  const bench::Folder folder(count > 2 ? arguments[2] : ".");
  const std::size_t lines = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 10'000'000;
  const std::size_t streams = count > 4 ? std::strtoull(arguments[4], nullptr, 10) : 0;
  const bench::Child server({arguments[1], "serve", "--port", "0", "--data", folder.path(), "--log-level", "warning"},
                            bench::Cores::kAll);
  const std::uint16_t port = server.port();
  bench::call(port, request("CreateLogGroup", R"({"logGroupName":"bench"})"));
  for (std::size_t i = 0; i < kConnections; ++i) {
    bench::call(
        port, request("CreateLogStream", R"({"logGroupName":"bench","logStreamName":"s)" + std::to_string(i) + "\"}"));
  }
  const std::int64_t start = now_millis() - 3'600'000;
  put_lines(server, lines, start);
  for (const char* text :
       {"stats count(*)", "stats count(*) by bin(1m)", "filter @message like \"no such text\" | stats count(*)",
        "filter @message like /ERROR/ | stats count(*) by bin(1m)",
        "filter level = \"ERROR\" | fields @timestamp, path | limit 20",
        "stats count(*), avg(durationMs), pct(durationMs, 99) by path",
        "parse @message '\"host\":\"*\"' as server | stats count(*) by server",
        "fields @timestamp, @message | sort @timestamp asc | limit 100"}) {
    query(port, text, start);
  }
  if (streams > 0) put_streams(port, streams);
  std::printf("memory of the server: %zu MiB\n", server.resident_kib() / 1024);
  return 0;
}

// What archives cost and give: PutEvents with and without one, events a second replayed, bytes that an archived event
// takes. The server has core 0, the load core 1.
//   replay_bench SIGNALBOX [FOLDER [SECONDS [DURABILITY]]]

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "child.h"
#include "load.h"

namespace {

using namespace signalbox;
using bench::aws_request;
using bench::Measured;

constexpr std::size_t kConnections = 64;
const std::string kBus = "arn:aws:events:us-east-1:000000000000:event-bus/default";

std::string entry(std::uint64_t n) {
  const std::string number = std::to_string(n * 2654435761U % 100'000'000);
  return R"({"Source":"bench","DetailType":"Bench","Detail":"{\"bucket\":\"my-bucket\",\"key\":\"a/b/)" + number +
         R"(.txt\",\"size\":)" + std::to_string(n % 100'000) +
         R"(,\"tags\":[\"x\",\"y\"],\"requester\":\"123456789012\",\"reason\":\"PutObject\"}"})";
}

std::string put_events(std::uint64_t first) {
  std::string body = "{\"Entries\":[";
  for (std::uint64_t i = 0; i < 10; ++i) body.append(i == 0 ? "" : ",").append(entry(first + i));
  return aws_request("events", "AWSEvents.PutEvents", body.append("]}"));
}

class Run {
 public:
  Run(const bench::Child& server, std::chrono::milliseconds duration) : server_(server), duration_(duration) {
    events("PutRule", R"({"Name":"bench","EventPattern":"{\"source\":[\"bench\"]}"})");
    queue();
    events("PutTargets", R"({"Rule":"bench","Targets":[{"Id":"q","Arn":"arn:aws:sqs:us-east-1:000000000000:bench"}]})");
  }

  std::string events(const std::string& operation, const std::string& body) {
    return bench::call(server_.port(), aws_request("events", "AWSEvents." + operation, body));
  }

  double put(const char* name) {
    std::uint64_t n = 0;
    const Measured m =
        bench::load(server_.port(), kConnections, duration_, [&](auto, auto) { return put_events(n += 10); });
    std::printf("%-40s %10.0f events/s   p50 %6.2f ms  p99 %6.2f ms\n", name, m.per_second() * 10,
                static_cast<double>(m.p50.count()) / 1000, static_cast<double>(m.p99.count()) / 1000);
    if (m.failures > 0) std::printf("  FAILED: %s\n", m.first_failure.c_str());
    std::fflush(stdout);
    return m.per_second() * 10;
  }

  /// Another queue in its place, empty.
  void queue() {
    const std::string base = "http://127.0.0.1:" + std::to_string(server_.port()) + "/000000000000/bench";
    if (made_)
      bench::call(server_.port(), aws_request("sqs", "AmazonSQS.DeleteQueue", R"({"QueueUrl":")" + base + "\"}"));
    made_ = true;
    bench::call(server_.port(), aws_request("sqs", "AmazonSQS.CreateQueue", R"({"QueueName":"bench"})"));
  }

  void archive() { events("CreateArchive", R"({"ArchiveName":"bench","EventSourceArn":")" + kBus + "\"}"); }

  void replay(const std::string& name, const char* what) {
    const std::string told = events("DescribeArchive", R"({"ArchiveName":"bench"})");
    const double count = number(told, "EventCount");
    const auto start = std::chrono::steady_clock::now();
    events("StartReplay", R"({"ReplayName":")" + name +
                              R"(","EventSourceArn":"arn:aws:events:us-east-1:000000000000:archive/bench",)"
                              R"("EventStartTime":0,"EventEndTime":4000000000,"Destination":{"Arn":")" +
                              kBus + "\"}}");
    for (;;) {
      const std::string now = events("DescribeReplay", R"({"ReplayName":")" + name + "\"}");
      if (now.find("COMPLETED") != std::string::npos) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-40s %10.0f events/s   of %.0f events; memory %.0f MB\n", what, count / took, count,
                static_cast<double>(server_.resident_kib()) / 1024);
    std::fflush(stdout);
  }

  /// Lets an hour pass, so that what there is gets packed.
  void pack() {
    const std::string body = R"({"advance":"2h"})";
    const auto start = std::chrono::steady_clock::now();
    bench::call(server_.port(), "POST /_signalbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                    std::to_string(body.size()) + "\r\n\r\n" + body);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const std::string told = events("DescribeArchive", R"({"ArchiveName":"bench"})");
    const std::string metrics = bench::call(server_.port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    const double count = number(told, "EventCount");
    std::printf("%-40s %10.1f bytes an event, %.1f as text; the last segment packed in %.1f s\n", "packed",
                metric(metrics, "signalbox_events_packed_bytes_total") / count, number(told, "SizeBytes") / count,
                took);
    std::fflush(stdout);
  }

 private:
  static double number(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\":");
    return at == std::string::npos ? 0 : std::atof(json.c_str() + at + name.size() + 3);
  }
  static double metric(const std::string& text, const std::string& name) {
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::atof(text.c_str() + at + name.size() + 2);
  }

  const bench::Child& server_;
  const std::chrono::milliseconds duration_;
  bool made_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  bench::pin_to_core(1);
  if (argc < 2) {
    std::fprintf(stderr, "usage: replay_bench SIGNALBOX [FOLDER [SECONDS [DURABILITY]]]\n");
    return 2;
  }
  const bench::Folder folder(argc > 2 ? argv[2] : ".");
  const auto duration = std::chrono::milliseconds(argc > 3 ? static_cast<int>(std::atof(argv[3]) * 1000) : 3000);
  const std::string durability = argc > 4 ? argv[4] : "sync";
  const bench::Child server({argv[1], "serve", "--port", "0", "--data", folder.path(), "--durability", durability,
                             "--threads", "1", "--log-level", "error", "--clock", "virtual"});
  Run run(server, duration);
  run.put("(warm-up)");
  run.queue();
  const double without = run.put("PutEvents x10 to a queue");
  run.queue();
  run.archive();
  const double with = run.put("the same, and an archive of all");
  std::printf("%-40s %10.2f\n", "ratio", with / without);
  run.queue();
  run.replay("one", "replay to a queue");
  run.queue();
  run.pack();
  run.replay("two", "replay of packed events to a queue");
  run.events("DisableRule", R"({"Name":"bench"})");
  run.replay("three", "replay that no rule matches");
}

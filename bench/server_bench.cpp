// What the whole server does over its socket, beside the limits it stands on, in one run. The server has core 0, the
// load core 1.
//   server_bench SIGNALBOX [FOLDER [SECONDS]]     SIGNALBOX: the binary; FOLDER: where to keep data, default: here
//   server_bench --peer PORT [SECONDS]            only the workloads, against another server on 127.0.0.1:PORT

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "child.h"
#include "http/server.h"
#include "load.h"

namespace {

using namespace signalbox;
using bench::aws_request;
using bench::Measured;

constexpr std::size_t kConnections = 64;
/// As many shards as let through what the workload puts: a thousand records a second each.
constexpr std::size_t kStreamShards = 1000;

std::chrono::milliseconds duration{3000};

void print(const char* what, const Measured& m, double per_request, const char* unit) {
  std::printf("%-34s %10.0f %s/s   p50 %6.2f ms  p99 %6.2f ms\n", what, m.per_second() * per_request, unit,
              static_cast<double>(m.p50.count()) / 1000, static_cast<double>(m.p99.count()) / 1000);
  if (m.failures > 0) {
    std::printf("  %llu FAILED: %s\n", static_cast<unsigned long long>(m.failures), m.first_failure.c_str());
  }
  std::fflush(stdout);
}

/// The limit: our HTTP server with nothing behind it.
void echo_limit() {
  const bench::Child server([](int out) {
    boost::asio::io_context loop{1};
    FileLog log(STDERR_FILENO, LogLevel::kError, LogFormat::kText);
    Metrics metrics;
    http::Server echo(
        {&loop},
        [](const http::Request& request, http::Connection&) -> boost::asio::awaitable<http::Response> {
          http::Response response;
          response.body = request.body;
          co_return response;
        },
        http::Limits{}, log, metrics);
    const auto port = echo.listen("127.0.0.1", 0);
    if (!port) return;
    const std::string line = "http://127.0.0.1:" + std::to_string(*port) + "\n";
    if (::write(out, line.data(), line.size()) < 0) return;
    loop.run();
  });
  const std::string request = aws_request("sqs", "AmazonSQS.SendMessage", std::string(300, 'x'));
  print("HTTP echo, 300 bytes", bench::load(server.port(), kConnections, duration, [&](auto, auto) { return request; }),
        1, "requests");
}

std::string entry() {
  return R"({"Source":"bench","DetailType":"Bench","Detail":"{\"bucket\":\"my-bucket\",\"key\":\"a/b/c.txt\",\"size\":1024,\"tags\":[\"x\",\"y\"],\"requester\":\"123456789012\",\"reason\":\"PutObject\"}"})";
}

std::string put_events(std::size_t entries) {
  std::string body = "{\"Entries\":[";
  for (std::size_t i = 0; i < entries; ++i) body.append(i == 0 ? "" : ",").append(entry());
  return aws_request("events", "AWSEvents.PutEvents", body.append("]}"));
}

class Workloads {
 public:
  explicit Workloads(std::uint16_t port) : port_(port) {
    url_ = create_queue("bench");
    bench::call(port_, aws_request("events", "AWSEvents.PutRule",
                                   R"({"Name":"bench","EventPattern":"{\"source\":[\"bench\"]}"})"));
    std::string target = R"({"Rule":"bench","Targets":[{"Id":"queue","Arn":"arn:aws:sqs:us-east-1:000000000000:)";
    bench::call(port_, aws_request("events", "AWSEvents.PutTargets", target + "bench\"}]}"));
  }

  /// Puts so many rules on the bus that none of the events match.
  void add_rules(std::size_t count) {
    std::size_t next = 0;
    load(
        [&](auto, auto) {
          if (next == count) return std::string();
          const std::string n = std::to_string(next++);
          return aws_request("events", "AWSEvents.PutRule",
                             R"({"Name":"other-)" + n +
                                 R"(","EventPattern":"{\"source\":[\"bench\"],\"detail\":{\"bucket\":[\"b-)" + n +
                                 R"(\"],\"size\":[{\"numeric\":[\">\",5]}]}}"})");
        },
        std::chrono::minutes(10));
  }

  void events(const char* name, std::size_t entries) {
    const std::string request = put_events(entries);
    print(name, load([&](auto, auto) { return request; }), static_cast<double>(entries), "events");
    purge(url_);
  }

  /// Sends for the given time, then receives and deletes what was sent.
  void queue() {
    const std::string body = R"({"QueueUrl":")" + url_ + R"(","MessageBody":")" + std::string(200, 'm') + "\"}";
    const std::string send = aws_request("sqs", "AmazonSQS.SendMessage", body);
    print("SendMessage", load([&](auto, auto) { return send; }), 1, "messages");
    receive_and_delete();
  }

  void send_batches() {
    std::string body = R"({"QueueUrl":")" + url_ + R"(","Entries":[)";
    for (int i = 0; i < 10; ++i) {
      body.append(i == 0 ? "" : ",").append(R"({"Id":")" + std::to_string(i) + R"(","MessageBody":")");
      body.append(200, 'm').append("\"}");
    }
    const std::string request = aws_request("sqs", "AmazonSQS.SendMessageBatch", body + "]}");
    print("SendMessageBatch x10", load([&](auto, auto) { return request; }), 10, "messages");
    purge(url_);
  }

  /// One sample a call, of a hundred metrics; then twenty samples a call.
  void metrics() {
    std::size_t next = 0;
    const auto datum = [&next] {
      ++next;
      return R"({"MetricName":"m)" + std::to_string(next % 100) +
             R"(","Dimensions":[{"Name":"Host","Value":"a"}],"Value":)" + std::to_string(next % 977) + "}";
    };
    for (const std::size_t count : {1, 20}) {
      print(count == 1 ? "PutMetricData x1" : "PutMetricData x20", load([&](auto, auto) {
              std::string body = R"({"Namespace":"Bench","MetricData":[)";
              for (std::size_t i = 0; i < count; ++i) body.append(i == 0 ? "" : ",").append(datum());
              return aws_request("monitoring", "GraniteServiceVersion20100801.PutMetricData", body.append("]}"));
            }),
            static_cast<double>(count), "samples");
    }
  }

  /// Puts records for the given time, then reads all of them, each shard from its start to its tip.
  void stream() {
    bench::call(port_, aws_request("kinesis", "Kinesis_20131202.CreateStream",
                                   R"({"StreamName":"bench","ShardCount":)" + std::to_string(kStreamShards) + "}"));
    constexpr std::size_t kRecords = 100;
    std::vector<std::string> puts;
    for (std::size_t connection = 0; connection < kConnections; ++connection) {
      std::string body = R"({"StreamName":"bench","Records":[)";
      for (std::size_t i = 0; i < kRecords; ++i) {
        const std::string key = std::to_string(connection * kRecords + i);
        body.append(i == 0 ? "" : ",").append(R"({"PartitionKey":")" + key + R"(","Data":")");
        body.append(std::string(200, 'm')).append("\"}");
      }
      puts.push_back(aws_request("kinesis", "Kinesis_20131202.PutRecords", body + "]}"));
    }
    const Measured put = load([&](std::size_t connection, auto) { return puts[connection]; });
    print("PutRecords x100", put, kRecords, "records");
    read_stream();
    pipe(put.requests * kRecords);
    bench::call(port_, aws_request("kinesis", "Kinesis_20131202.DeleteStream", R"({"StreamName":"bench"})"));
  }

 private:
  void read_stream() {
    std::vector<std::string> iterators;
    for (std::size_t i = 0; i < kStreamShards; ++i) {
      const std::string shard = "shardId-" + std::string(12 - std::to_string(i).size(), '0') + std::to_string(i);
      const std::string made = bench::call(
          port_,
          aws_request("kinesis", "Kinesis_20131202.GetShardIterator",
                      R"({"StreamName":"bench","ShardIteratorType":"TRIM_HORIZON","ShardId":")" + shard + "\"}"));
      std::size_t from = 0;
      iterators.emplace_back(bench::find_text(made, "ShardIterator", from));
    }
    std::size_t records = 0;
    const Measured read = load([&](auto, std::string_view answer) {
      std::size_t from = 0;
      while (!bench::find_text(answer, "PartitionKey", from).empty()) ++records;
      from = 0;
      const auto next = bench::find_text(answer, "NextShardIterator", from);
      if (!next.empty() && answer.find(R"("MillisBehindLatest":0)") == std::string_view::npos) {
        iterators.emplace_back(next);
      }
      if (iterators.empty()) return std::string();
      const std::string request =
          aws_request("kinesis", "Kinesis_20131202.GetRecords", R"({"ShardIterator":")" + iterators.back() + "\"}");
      iterators.pop_back();
      return request;
    });
    print("GetRecords", read,
          static_cast<double>(records) / static_cast<double>(std::max<std::uint64_t>(read.requests, 1)), "records");
  }

  /// From the stream to a queue, all of it.
  void pipe(std::uint64_t records) {
    const std::string url = create_queue("piped");
    const auto start = std::chrono::steady_clock::now();
    bench::call(port_, bench::rest_request("pipes", "/v1/pipes/bench",
                                           R"({"RoleArn":"arn:aws:iam::000000000000:role/bench",)"
                                           R"("Source":"arn:aws:kinesis:us-east-1:000000000000:stream/bench",)"
                                           R"("Target":"arn:aws:sqs:us-east-1:000000000000:piped","SourceParameters":)"
                                           R"({"KinesisStreamParameters":{"StartingPosition":"TRIM_HORIZON"}}})"));
    const std::string ask =
        aws_request("sqs", "AmazonSQS.GetQueueAttributes",
                    R"({"QueueUrl":")" + url + R"(","AttributeNames":["ApproximateNumberOfMessages"]})");
    std::uint64_t there = 0;
    double seconds = 0;
    while (there < records && seconds < 60) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      std::size_t from = 0;
      const std::string answer = bench::call(port_, ask);
      there = std::strtoull(std::string(bench::find_text(answer, "ApproximateNumberOfMessages", from)).c_str(), nullptr,
                            10);
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    std::printf("%-34s %10.0f records/s   (%llu of %llu)\n", "pipe, stream to queue",
                static_cast<double>(there) / seconds, static_cast<unsigned long long>(there),
                static_cast<unsigned long long>(records));
    bench::call(port_, aws_request("sqs", "AmazonSQS.DeleteQueue", R"({"QueueUrl":")" + url + "\"}"));
  }

  Measured load(const bench::NextRequest& next, std::chrono::milliseconds bound = duration) {
    return bench::load(port_, kConnections, bound, next);
  }

  std::string create_queue(const std::string& name) {
    const std::string made =
        bench::call(port_, aws_request("sqs", "AmazonSQS.CreateQueue", "{\"QueueName\":\"" + name + "\"}"));
    std::size_t from = 0;
    return std::string(bench::find_text(made, "QueueUrl", from));
  }

  /// Another queue in its place: PurgeQueue may be called but once a minute.
  void purge(const std::string& url) {
    bench::call(port_, aws_request("sqs", "AmazonSQS.DeleteQueue", R"({"QueueUrl":")" + url + "\"}"));
    create_queue("bench");
  }

  void receive_and_delete() {
    const std::string receive =
        aws_request("sqs", "AmazonSQS.ReceiveMessage", R"({"QueueUrl":")" + url_ + R"(","MaxNumberOfMessages":1})");
    std::vector<std::string> handles;
    print("ReceiveMessage x1", load([&](auto, std::string_view answer) {
            std::size_t from = 0;
            const auto handle = bench::find_text(answer, "ReceiptHandle", from);
            if (!handle.empty()) handles.emplace_back(handle);
            if (!answer.empty() && handle.empty()) return std::string();  // the queue is empty
            return handles.size() > 100'000 ? std::string() : receive;    // in flight at once: 120,000 at most
          }),
          1, "messages");
    std::size_t next = 0;
    const Measured deleted = load([&](auto, auto) {
      if (next == handles.size()) return std::string();
      return aws_request("sqs", "AmazonSQS.DeleteMessage",
                         R"({"QueueUrl":")" + url_ + R"(","ReceiptHandle":")" + handles[next++] + "\"}");
    });
    print("DeleteMessage x1", deleted, 1, "messages");
    purge(url_);
  }

  std::uint16_t port_;
  std::string url_;
};

std::vector<std::string> serve(const std::string& binary, const std::string& folder, const char* durability) {
  return {binary,         "serve",    "--port",    "0", "--data",      folder,
          "--durability", durability, "--threads", "1", "--log-level", "error"};
}

void start_and_idle(const std::string& binary, const std::string& parent) {
  const bench::Folder folder(parent);
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const bench::Child server(serve(binary, folder.path(), "sync"));
    bench::call(server.port(), aws_request("sqs", "AmazonSQS.ListQueues", "{}"));
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("%-34s %10.1f ms (best of 5)\n", "start to first answer", best * 1000);
  const bench::Child server(serve(binary, folder.path(), "sync"));
  bench::call(server.port(), aws_request("sqs", "AmazonSQS.ListQueues", "{}"));
  std::printf("%-34s %10.1f MB\n", "idle memory", static_cast<double>(server.resident_kib()) / 1024);
}

void measure(const std::string& binary, const std::string& parent, const char* durability) {
  std::printf("-- durability %s, %zu connections\n", durability, kConnections);
  const bench::Folder folder(parent);
  const bench::Child server(serve(binary, folder.path(), durability));
  Workloads workloads(server.port());
  const double before = server.cpu_seconds();
  workloads.events("PutEvents x1 to a queue", 1);
  workloads.events("PutEvents x10 to a queue", 10);
  workloads.queue();
  workloads.send_batches();
  workloads.metrics();
  workloads.stream();
  if (std::strcmp(durability, "sync") == 0) {
    for (const std::size_t rules : {std::size_t{1'000}, std::size_t{99'000}}) {
      workloads.add_rules(rules);
      workloads.events(rules == 1'000 ? "PutEvents x10, 1,000 other rules" : "PutEvents x10, 100,000 other rules", 10);
    }
  }
  std::printf("%-34s %10.1f MB, %.1f s of processor time\n", "memory after",
              static_cast<double>(server.resident_kib()) / 1024, server.cpu_seconds() - before);
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin_to_core(1);
  const bool peer = argc > 2 && std::strcmp(argv[1], "--peer") == 0;
  if (argc < 2) {
    std::fprintf(stderr, "usage: server_bench SIGNALBOX [FOLDER [SECONDS]] | --peer PORT [SECONDS]\n");
    return 2;
  }
  if (argc > 3) duration = std::chrono::milliseconds(static_cast<int>(std::atof(argv[3]) * 1000));
  if (peer) {
    Workloads workloads(static_cast<std::uint16_t>(std::atoi(argv[2])));
    workloads.events("PutEvents x1 to a queue", 1);
    workloads.events("PutEvents x10 to a queue", 10);
    workloads.queue();
    workloads.send_batches();
    return 0;
  }
  const std::string parent = argc > 2 ? argv[2] : ".";
  start_and_idle(argv[1], parent);
  echo_limit();
  for (const char* durability : {"sync", "flush", "memory"}) measure(argv[1], parent, durability);
}

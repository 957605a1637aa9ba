// What rules and schedules do over the socket: latency to a queue, deliveries to a webhook, the precision of schedules,
// and what waiting costs. Durable; the server has core 0, the load core 1.
//   rules_bench SIGNALBOX [FOLDER [PENDING]]     PENDING: deliveries that wait for a dead target, default 1,000,000

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/time_text.h"
#include "child.h"
#include "load.h"

namespace {

using namespace signalbox;
using bench::aws_request;
using bench::call;

constexpr std::size_t kConnections = 64;
constexpr int kSchedules = 1000;

std::vector<std::string> serve(const std::string& binary, const std::string& folder) {
  return {binary, "serve", "--port", "0", "--data", folder, "--threads", "1", "--log-level", "error"};
}

void print(const char* what, double value, const char* unit) {
  std::printf("%-44s %12.2f %s\n", what, value, unit);
  std::fflush(stdout);
}

/// Sorts `values` and prints two of its percentiles.
void print_percentiles(const char* what, std::vector<double> values) {
  if (values.empty()) return print(what, 0, "ms, NOTHING MEASURED");
  std::ranges::sort(values);
  std::printf("%-44s p50 %8.2f  p99 %8.2f  max %8.2f ms\n", what, values[values.size() / 2],
              values[values.size() * 99 / 100], values.back());
  std::fflush(stdout);
}

std::string put_events(std::size_t entries) {
  std::string body = "{\"Entries\":[";
  for (std::size_t i = 0; i < entries; ++i) {
    body.append(i == 0 ? "" : ",");
    body.append(
        R"({"Source":"bench","DetailType":"Bench","Detail":"{\"bucket\":\"my-bucket\",\"key\":\"a/b/c.txt\",\"size\":1024}"})");
  }
  return aws_request("events", "AWSEvents.PutEvents", body.append("]}"));
}

std::string create_queue(std::uint16_t port, const std::string& name) {
  const std::string made = call(port, aws_request("sqs", "AmazonSQS.CreateQueue", "{\"QueueName\":\"" + name + "\"}"));
  std::size_t from = 0;
  return std::string(bench::find_text(made, "QueueUrl", from));
}

void put_rule(std::uint16_t port, const std::string& target_members) {
  call(port, aws_request("events", "AWSEvents.PutRule", R"({"Name":"r","EventPattern":"{\"source\":[\"bench\"]}"})"));
  call(port,
       aws_request("events", "AWSEvents.PutTargets", R"({"Rule":"r","Targets":[{"Id":"t",)" + target_members + "}]}"));
}

/// One event at a time: from the call to the message in the hands of a long poll that waited for it.
void latency(const std::string& binary, const std::string& parent) {
  constexpr int kEvents = 2000;
  const bench::Folder folder(parent);
  const bench::Child server(serve(binary, folder.path()));
  const std::string url = create_queue(server.port(), "q");
  put_rule(server.port(), R"("Arn":"arn:aws:sqs:us-east-1:000000000000:q")");
  const std::string receive =
      aws_request("sqs", "AmazonSQS.ReceiveMessage", R"({"QueueUrl":")" + url + R"(","WaitTimeSeconds":5})");
  const std::string put = put_events(1);
  std::vector<double> whole;
  std::chrono::steady_clock::time_point sent;
  // Connection 0 polls; connection 1 sends the next event when the poll before was answered.
  std::thread sender;
  int left = kEvents;
  const auto wait_a_little = std::chrono::milliseconds(1);
  bench::load(server.port(), 1, std::chrono::minutes(5), [&](auto, std::string_view answer) {
    if (sender.joinable()) sender.join();
    if (!answer.empty()) {
      whole.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - sent).count());
    }
    if (left-- == 0) return std::string();
    sender = std::thread([&] {
      std::this_thread::sleep_for(wait_a_little);  // the poll is there by then
      sent = std::chrono::steady_clock::now();
      call(server.port(), put);
    });
    return receive;
  });
  if (sender.joinable()) sender.join();
  print_percentiles("event -> waiting ReceiveMessage (new connection)", whole);
}

std::string api_destination(std::uint16_t port, const std::string& endpoint) {
  std::string made = call(port, aws_request("events", "AWSEvents.CreateConnection",
                                            R"({"Name":"c","AuthorizationType":"API_KEY","AuthParameters":)"
                                            R"({"ApiKeyAuthParameters":{"ApiKeyName":"k","ApiKeyValue":"v"}}})"));
  std::size_t from = 0;
  const std::string connection(bench::find_text(made, "ConnectionArn", from));
  made = call(port, aws_request("events", "AWSEvents.CreateApiDestination",
                                R"({"Name":"d","HttpMethod":"POST","InvocationRateLimitPerSecond":1000000,)"
                                R"("ConnectionArn":")" +
                                    connection + R"(","InvocationEndpoint":")" + endpoint + "\"}"));
  from = 0;
  return std::string(bench::find_text(made, "ApiDestinationArn", from));
}

/// Puts `events` events in calls of ten; returns the seconds it took.
double put_many(std::uint16_t port, std::size_t events) {
  const std::string request = put_events(10);
  std::size_t left = events / 10;
  const auto start = std::chrono::steady_clock::now();
  bench::load(port, kConnections, std::chrono::minutes(10), [&](auto, auto) {
    if (left == 0) return std::string();
    --left;
    return request;
  });
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void webhooks(const std::string& binary, const std::string& parent) {
  constexpr std::size_t kEvents = 50'000;
  const bench::Folder folder(parent);
  const bench::Child sink({binary, "sink", "--quiet", "--port", "0"});
  const bench::Child server(serve(binary, folder.path()));
  const std::string url = "http://127.0.0.1:" + std::to_string(sink.port()) + "/";
  put_rule(server.port(),
           R"("RoleArn":"arn:aws:iam::000000000000:role/r","Arn":")" + api_destination(server.port(), url) + "\"");
  const auto start = std::chrono::steady_clock::now();
  put_many(server.port(), kEvents);
  const std::string count = "GET /_sink/count HTTP/1.1\r\nHost: sink\r\n\r\n";
  const std::string all = "{\"count\":" + std::to_string(kEvents) + "}\n";
  while (call(sink.port(), count) != all) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print("events -> local HTTP sink, put and delivered", kEvents / seconds, "deliveries/s");
}

/// Schedules that are all due at one second, and a hundred thousand that are not due for years.
void schedules(const std::string& binary, const std::string& parent) {
  constexpr std::size_t kIdle = 100'000;
  const bench::Folder folder(parent);
  const bench::Child server(serve(binary, folder.path()));
  const std::string url = create_queue(server.port(), "q");
  const auto post = [](const std::string& name, const std::string& expression) {
    const std::string body = R"({"ScheduleExpression":")" + expression +
                             R"(","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"RoleArn":"arn:aws:iam::000000000000:)"
                             R"(role/r","Arn":"arn:aws:sqs:us-east-1:000000000000:q","Input":"x"}})";
    return "POST /schedules/" + name +
           " HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 "
           "Credential=000000000000/20260101/us-east-1/scheduler/"
           "aws4_request, SignedHeaders=host, Signature=0\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const std::size_t before = server.resident_kib();
  std::size_t next = 0;
  const auto made = bench::load(server.port(), kConnections, std::chrono::minutes(10), [&](auto, auto) {
    if (next == kIdle) return std::string();
    return post("idle" + std::to_string(next++), "at(2099-01-01T00:00:00)");
  });
  print("CreateSchedule", made.per_second(), "schedules/s");
  print("100,000 schedules that wait, memory", static_cast<double>(server.resident_kib() - before) / 1024, "MB");
  const double used = server.cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(3));
  print("100,000 schedules that wait, processor", (server.cpu_seconds() - used) / 3 * 100, "%");

  const Time now = SystemClock().now();
  const Time due = std::chrono::ceil<std::chrono::seconds>(now + std::chrono::seconds(3));
  std::string at = to_iso8601(due);
  at.pop_back();
  int left = kSchedules;
  bench::load(server.port(), kConnections, std::chrono::minutes(1), [&](auto, auto) {
    if (left == 0) return std::string();
    return post("due" + std::to_string(left--), "at(" + at + ")");
  });
  const std::string receive = aws_request(
      "sqs", "AmazonSQS.ReceiveMessage",
      R"({"QueueUrl":")" + url +
          R"(","MaxNumberOfMessages":10,"WaitTimeSeconds":5,"MessageSystemAttributeNames":["SentTimestamp"]})");
  std::vector<double> late;
  bench::load(server.port(), 1, std::chrono::minutes(1), [&](auto, std::string_view answer) {
    for (std::size_t from = 0;;) {
      const auto stamp = bench::find_text(answer, "SentTimestamp", from);
      if (stamp.empty()) break;
      late.push_back(std::atof(std::string(stamp).c_str()) - static_cast<double>(due.time_since_epoch().count()));
    }
    return late.size() >= kSchedules ? std::string() : receive;
  });
  print_percentiles("1,000 schedules due at one second, late by", late);
}

void pending(const std::string& binary, const std::string& parent, std::size_t count) {
  const bench::Folder folder(parent);
  const bench::Child server(serve(binary, folder.path()));
  put_rule(server.port(), R"("RoleArn":"arn:aws:iam::000000000000:role/r","Arn":")" +
                              api_destination(server.port(), "http://127.0.0.1:1/") + "\"");
  put_many(server.port(), 1000);
  const std::size_t before = server.resident_kib();
  const double seconds = put_many(server.port(), count);
  std::printf("%zu deliveries pending for a dead target:\n", count);
  print("  put, in records of deliveries", static_cast<double>(count) / seconds, "events/s");
  print("  memory grew by", (static_cast<double>(server.resident_kib()) - static_cast<double>(before)) / 1024, "MB");
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin_to_core(1);
  if (argc < 2) {
    std::fprintf(stderr, "usage: rules_bench SIGNALBOX [FOLDER [PENDING]]\n");
    return 2;
  }
  const std::string parent = argc > 2 ? argv[2] : ".";
  latency(argv[1], parent);
  webhooks(argv[1], parent);
  schedules(argv[1], parent);
  pending(argv[1], parent, argc > 3 ? static_cast<std::size_t>(std::atoll(argv[3])) : 1'000'000);
}

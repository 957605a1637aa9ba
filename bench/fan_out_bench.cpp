// How fast one message becomes many: publishes and deliveries a second for topics of 1, 10, 100 and 1,000 queues,
// beside the same messages sent to the queues one by one. The server has core 0, the load core 1.
//   fan_out_bench SIGNALBOX [FOLDER [SECONDS]]

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "child.h"
#include "load.h"

namespace {

using namespace signalbox;

std::chrono::milliseconds duration{3000};

std::string sns_request(const std::string& form) {
  const std::string body = form + "&Version=2010-03-31";
  return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
         "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sns/aws4_request, "
         "SignedHeaders=host, Signature=0\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string topic_of(std::size_t queues, bool raw) {
  return (raw ? "raw" : "enveloped") + std::to_string(queues);
}

std::string arn(const std::string& service, const std::string& name) {
  return "arn:aws:" + service + ":us-east-1:000000000000:" + name;
}

void make_topic(std::uint16_t port, std::size_t queues, bool raw) {
  const std::string topic = topic_of(queues, raw);
  bench::call(port, sns_request("Action=CreateTopic&Name=" + topic));
  for (std::size_t i = 0; i < queues; ++i) {
    const std::string name = topic + "-" + std::to_string(i);
    bench::call(port, bench::aws_request("sqs", "AmazonSQS.CreateQueue", "{\"QueueName\":\"" + name + "\"}"));
    bench::call(port, sns_request("Action=Subscribe&Protocol=sqs&TopicArn=" + arn("sns", topic) +
                                  "&Endpoint=" + arn("sqs", name) +
                                  "&Attributes.entry.1.key=RawMessageDelivery"
                                  "&Attributes.entry.1.value=" +
                                  (raw ? "true" : "false")));
  }
}

void publish(std::uint16_t port, std::size_t queues, bool raw) {
  const std::string request =
      sns_request("Action=Publish&TopicArn=" + arn("sns", topic_of(queues, raw)) + "&Message=" + std::string(200, 'm'));
  const std::size_t connections = queues >= 100 ? 8 : 64;
  const bench::Measured m = bench::load(port, connections, duration, [&](auto, auto) { return request; });
  std::printf("%-10s to %4zu queues  %9.0f publishes/s  %10.0f deliveries/s   p50 %7.2f ms  p99 %7.2f ms\n",
              raw ? "raw" : "enveloped", queues, m.per_second(), m.per_second() * static_cast<double>(queues),
              static_cast<double>(m.p50.count()) / 1000, static_cast<double>(m.p99.count()) / 1000);
  if (m.failures > 0)
    std::printf("  %llu FAILED: %s\n", static_cast<unsigned long long>(m.failures), m.first_failure.c_str());
  std::fflush(stdout);
}

void send(std::uint16_t port) {
  const std::string url = "http://localhost/000000000000/" + topic_of(1, true) + "-0";
  const std::string request =
      bench::aws_request("sqs", "AmazonSQS.SendMessage",
                         R"({"QueueUrl":")" + url + R"(","MessageBody":")" + std::string(200, 'm') + "\"}");
  const bench::Measured m = bench::load(port, 64, duration, [&](auto, auto) { return request; });
  std::printf("%-10s to %4d queue   %9.0f messages/s\n", "sent", 1, m.per_second());
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin_to_core(1);
  if (argc < 2) {
    std::fprintf(stderr, "usage: fan_out_bench SIGNALBOX [FOLDER [SECONDS]]\n");
    return 2;
  }
  if (argc > 3) duration = std::chrono::milliseconds(static_cast<int>(std::atof(argv[3]) * 1000));
  const bench::Folder folder(argc > 2 ? argv[2] : ".");
  const bench::Child server(
      {argv[1], "serve", "--port", "0", "--data", folder.path(), "--threads", "1", "--log-level", "error"});
  for (const bool raw : {true, false}) {
    for (const std::size_t queues : {std::size_t{1}, std::size_t{10}, std::size_t{100}, std::size_t{1000}}) {
      make_topic(server.port(), queues, raw);
      publish(server.port(), queues, raw);
    }
  }
  send(server.port());
}

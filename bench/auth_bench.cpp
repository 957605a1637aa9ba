// What authentication and authorisation cost a request: the same signed requests of an IAM user to a server in each
// auth mode, one after another. The server has core 0, the load core 1. Told is the server's processor time for a
// request, which other work on the machine changes little, and requests a second.
//   auth_bench SIGNALBOX [FOLDER [SECONDS]]

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/time_text.h"
#include "child.h"
#include "load.h"
#include "wire/sigv4.h"

namespace {

using namespace signalbox;

constexpr const char* kAccount = "123456789012";
std::chrono::milliseconds duration{3000};

struct Caller {
  std::string access_key;
  std::string secret;
};
const Caller kRoot{"AKIDROOT", "root-secret"};

std::string signed_request(const Caller& caller, const std::string& service, const std::string& type,
                           const std::string& target, const std::string& body) {
  const std::string date = to_amz_date(SystemClock().now());
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers = {{"Host", "127.0.0.1"}, {"X-Amz-Date", date}};
  request.body = body;
  wire::Signature signature;
  signature.access_key = caller.access_key;
  signature.region = "us-east-1";
  signature.service = service;
  std::string text = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Date: " + date + "\r\nContent-Type: " + type;
  if (!target.empty()) text += "\r\nX-Amz-Target: " + target;
  text += "\r\nAuthorization: " + wire::authorization_of(request, signature, caller.secret);
  return text + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string iam_request(const Caller& owner, const std::string& form) {
  return signed_request(owner, "iam", "application/x-www-form-urlencoded", "", form + "&Version=2010-05-08");
}

std::string between(const std::string& text, const std::string& tag) {
  const auto start = text.find("<" + tag + ">") + tag.size() + 2;
  return text.substr(start, text.find("</" + tag + ">") - start);
}

/// An IAM user with a policy of a few statements, the last of which matters.
Caller make_user(std::uint16_t port, const Caller& owner) {
  bench::call(port, iam_request(owner, "Action=CreateUser&UserName=bob"));
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:*","Resource":"*"},)"
      R"({"Effect":"Deny","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:secret-*"},)"
      R"({"Effect":"Allow","Action":["sqs:Get*","sqs:SendMessage"],"Resource":"arn:aws:sqs:us-east-1:123456789012:q*",)"
      R"("Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}]})";
  bench::call(port, iam_request(owner, "Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument=" +
                                           percent_encode(policy)));
  const std::string made = bench::call(port, iam_request(owner, "Action=CreateAccessKey&UserName=bob"));
  return {between(made, "AccessKeyId"), between(made, "SecretAccessKey")};
}

struct Cost {
  double per_second = 0;
  double cpu_micros = 0;  // of the server, for a request
};

Cost measure(const bench::Child& server, const std::string& request) {
  const double before = server.cpu_seconds();
  const bench::Measured m = bench::load(server.port(), 64, duration, [&](auto, auto) { return request; });
  const double used = server.cpu_seconds() - before;
  if (m.failures > 0) {
    std::printf("%llu FAILED: %s\n", static_cast<unsigned long long>(m.failures), m.first_failure.c_str());
  }
  return {m.per_second(), 1e6 * used / static_cast<double>(m.requests)};
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin_to_core(1);
  if (argc < 2) {
    std::fprintf(stderr, "usage: auth_bench SIGNALBOX [FOLDER [SECONDS]]\n");
    return 2;
  }
  if (argc > 3) duration = std::chrono::milliseconds(static_cast<int>(std::atof(argv[3]) * 1000));
  Cost open[2];
  for (const char* mode : {"open", "verify", "enforce"}) {
    const bench::Folder folder(argc > 2 ? argv[2] : ".");
    const std::string credentials = folder.path() + "/credentials";
    std::ofstream(credentials) << kRoot.access_key << " " << kRoot.secret << " " << kAccount << "\n";
    const bench::Child server({argv[1], "serve", "--port", "0", "--data", folder.path() + "/data", "--threads", "1",
                               "--log-level", "error", "--auth", mode, "--credentials", credentials});
    const std::uint16_t port = server.port();
    // In open mode the access key says the account.
    const Caller owner = std::string(mode) == "open" ? Caller{kAccount, "x"} : kRoot;
    const std::string json = "application/x-amz-json-1.0";
    bench::call(port, signed_request(owner, "sqs", json, "AmazonSQS.CreateQueue", R"({"QueueName":"q"})"));
    const Caller bob = make_user(port, owner);
    const Cost costs[2] = {
        measure(server, signed_request(bob, "sqs", json, "AmazonSQS.GetQueueUrl",
                                       R"({"QueueName":"q","QueueOwnerAWSAccountId":"123456789012"})")),
        measure(server, signed_request(bob, "sqs", json, "AmazonSQS.SendMessage",
                                       R"({"QueueUrl":"http://localhost/123456789012/q","MessageBody":")" +
                                           std::string(200, 'm') + "\"}"))};
    for (int i = 0; i < 2; ++i) {
      if (open[i].cpu_micros == 0) open[i] = costs[i];
      std::printf("%-8s %-12s %9.0f/s   %6.1f us each (%+5.1f us, %4.2f times)\n", mode,
                  i == 0 ? "GetQueueUrl" : "SendMessage", costs[i].per_second, costs[i].cpu_micros,
                  costs[i].cpu_micros - open[i].cpu_micros, costs[i].cpu_micros / open[i].cpu_micros);
    }
    std::fflush(stdout);
  }
}

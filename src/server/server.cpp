#include "server/server.h"

#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cloud/door.h"
#include "cloud/event_target.h"
#include "cloud/gateway.h"
#include "cloud/services.h"
#include "cloud/shards.h"
#include "http/server.h"
#include "mail/sender.h"
#include "server/clock_control.h"
#include "server/tail.h"
#include "services/cloudtrail/cloudtrail.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/events/events.h"
#include "services/iam/iam.h"
#include "services/kinesis/kinesis.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/pipes/pipes.h"
#include "services/s3/s3.h"
#include "services/scheduler/scheduler.h"
#include "services/sns/sns.h"
#include "services/sqs/sqs.h"
#include "services/sts/sts.h"
#include "store/store.h"
#include "store/timers.h"

namespace signalbox::server {
namespace {

std::size_t thread_count(const Config& config) {
  if (config.threads != 0) return config.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

http::Limits limits_of(const Config& config) {
  http::Limits limits;
  limits.max_body_bytes = config.max_body_bytes;
  limits.max_connections = config.max_connections;
  return limits;
}

http::ClientOptions client_options(const Config& config) {
  return {config.outgoing_public_only ? http::Reach::kPublic : http::Reach::kAnywhere, config.outgoing_ca};
}

std::string endpoint_text(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

/// Tells of operations that work and are refused to everybody, as nobody described them to the authority. An operation
/// that works is counted.
void warn_of_undescribed(const cloud::Door& door, const cloud::Authority& authority, const Metrics& metrics, Log& log) {
  const std::string counted = metrics.expose();
  for (const wire::Service* service : door.services()) {
    for (const wire::Operation& operation : service->operations) {
      const std::string labels =
          "service=\"" + std::string(service->id) + "\",operation=\"" + std::string(operation.name) + "\"";
      if (authority.is_described(operation) || counted.find(labels) == std::string::npos) continue;
      log.warning("an operation without a description is refused to everybody",
                  {{"operation", std::string(service->id) + ":" + std::string(operation.name)}});
    }
  }
}

http::Response text_response(std::string type, std::string body) {
  http::Response response;
  response.headers = {{"Content-Type", std::move(type)}};
  response.body = std::move(body);
  return response;
}

}  // namespace

namespace asio = boost::asio;

struct Server::Parts {
  Parts(const Config& chosen, Log& log_to, cloud::Credentials credentials, std::unique_ptr<store::Store> opened,
        std::unique_ptr<Metrics> counted, const Sealer::Key& secrets_key)
      : config(chosen),
        log(log_to),
        virtual_clock(system_clock.now()),
        clock(chosen.virtual_clock ? static_cast<const Clock&>(virtual_clock) : system_clock),
        metrics(std::move(counted)),
        store(std::move(opened)),
        sealer(secrets_key),
        authority(callers, clock),
        sessions(callers, authority, sealer, clock, random),
        identification(chosen.auth, std::move(credentials), system_clock, &callers, &sessions),
        shards(thread_count(chosen), clock),
        timers(*store, shards.at(0).alarms()),
        door(*metrics),
        service_events(*store),
        measures(clock),
        tap(shards, clock, random),
        deliveries({*store, shards, event_targets, tap, clock, random, log_to, *metrics, &measures}),
        clients(shards, client_options(chosen)),
        mail(chosen.smtp.empty()
                 ? nullptr
                 : std::make_unique<mail::Sender>(mail::SenderOptions{chosen.smtp, chosen.outgoing_ca})),
        house{*store,     timers,   shards,    door,      event_targets, service_events, measures,
              deliveries, clients,  site,      tap,       sealer,        clock,          random,
              log_to,     *metrics, pipe_ends, functions, callers,       authority,      sessions},
        clock_control(clock, chosen.virtual_clock ? &virtual_clock : nullptr, shards, *store, *metrics),
        tail(tap, identification, authority),
        gateway(door, identification, random, log_to),
        http(
            shards.loops(), [this](const http::Request& r, http::Connection& c) { return answer(r, c); },
            limits_of(chosen), log_to, *metrics, [this](const http::Request& head) { return gateway.streams(head); }) {
    if (chosen.auth == cloud::AuthMode::kEnforce) authority.enforce();
    door.set_authority(authority);
    services.push_back(std::make_unique<cloudtrail::CloudTrail>(house));
    services.push_back(std::make_unique<iam::Iam>(house));
    services.push_back(std::make_unique<sts::Sts>(house));
    services.push_back(std::make_unique<cloudwatch::CloudWatch>(house));
    services.push_back(std::make_unique<sqs::Sqs>(house));
    services.push_back(std::make_unique<kinesis::Kinesis>(house));
    services.push_back(std::make_unique<events::Events>(house));
    services.push_back(std::make_unique<s3::S3>(
        house,
        s3::Options{chosen.data + "/s3", chosen.durability == store::Durability::kSync, chosen.s3_closed_buckets}));
    services.push_back(std::make_unique<scheduler::Scheduler>(house));
    services.push_back(std::make_unique<logs::Logs>(house));
    services.push_back(std::make_unique<pipes::Pipes>(house));
    services.push_back(std::make_unique<lambda::Lambda>(house, lambda_options()));
    services.push_back(std::make_unique<sns::Sns>(
        house, sns::Options{mail.get(), chosen.smtp_from, chosen.sns_sms_gateway, chosen.sns_push_gateway}));
  }

  lambda::Options lambda_options() {
    lambda::Options options;
    options.folder = config.data + "/lambda";
    options.concurrency = config.function_concurrency;
    options.port = [this] { return port; };
    options.serve = [this](int listening, std::size_t shard) { return http.adopt(listening, shard); };
    options.identification = &identification;
    return options;
  }

  asio::awaitable<http::Response> answer(const http::Request& request, http::Connection& connection) {
    // Buckets may have these names too; whoever asks for those signs.
    const bool is_page = request.method == "GET" && request.header("Authorization").empty();
    if (is_page && request.path() == "/health") {
      co_return text_response("application/json", "{\"status\":\"ok\"}\n");
    }
    if (is_page && request.path() == "/metrics") {
      co_return text_response("text/plain; version=0.0.4", metrics->expose());
    }
    if (request.path() == "/_signalbox/clock") co_return co_await clock_control.answer(request);
    if (request.path() == "/_signalbox/tail") co_return co_await tail.answer(request);
    if (const auto* page = site.find(request.path())) co_return co_await (*page)(request);
    co_return co_await gateway.answer(request, connection);
  }

  Config config;
  Log& log;
  SystemClock system_clock;
  VirtualClock virtual_clock;
  const Clock& clock;
  SystemRandom random;
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<store::Store> store;
  Sealer sealer;
  cloud::Callers callers;
  cloud::Authority authority;
  cloud::Sessions sessions;
  cloud::Identification identification;
  cloud::Shards shards;
  store::Timers timers;
  cloud::Door door;
  cloud::EventTargets event_targets;
  cloud::PipeEnds pipe_ends;
  cloud::Functions functions;
  cloud::ServiceEvents service_events;
  cloud::Measures measures;
  cloud::Tap tap;
  cloud::Deliveries deliveries;
  cloud::Clients clients;
  cloud::Site site;
  std::unique_ptr<mail::Sender> mail;
  cloud::House house;
  ClockControl clock_control;
  Tail tail;
  cloud::Gateway gateway;
  std::vector<std::unique_ptr<cloud::Service>> services;
  http::Server http;
  std::uint16_t port = 0;  // where it listens
  bool stopped = false;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::start(const Config& config, Log& log) {
  Result<void> checked = check(config);
  if (!checked) return std::unexpected(std::move(checked).error());
  cloud::Credentials credentials;
  if (!config.credentials.empty()) {
    Result<cloud::Credentials> read = read_credentials(config.credentials);
    if (!read) return std::unexpected(std::move(read).error());
    credentials = std::move(*read);
  }
  auto metrics = std::make_unique<Metrics>();
  auto store = store::open_rocksdb({config.data, config.durability}, *metrics, log);
  if (!store) return std::unexpected(std::move(store).error());
  const auto secrets_key =
      Sealer::read_or_make_key(config.secrets_key.empty() ? config.data + "/secrets.key" : config.secrets_key);
  if (!secrets_key) return std::unexpected(secrets_key.error());
  std::unique_ptr<Server> server(new Server(std::make_unique<Parts>(
      config, log, std::move(credentials), std::move(*store), std::move(metrics), *secrets_key)));
  Result<void> opened = server->open();
  if (!opened) return std::unexpected(std::move(opened).error());
  return server;
}

Result<void> Server::open() {
  Result<void> clock = parts_->clock_control.load();
  if (!clock) return clock;
  for (const auto& service : parts_->services) {
    Result<void> loaded = service->load();
    if (!loaded) return loaded;
  }
  Result<void> deliveries = parts_->deliveries.load();
  if (!deliveries) return deliveries;
  Result<void> timers = parts_->timers.load();
  if (!timers) return timers;
  Result<std::uint16_t> port = parts_->http.listen(parts_->config.address, parts_->config.port);
  if (!port) return std::unexpected(std::move(port).error());
  parts_->port = *port;
  endpoint_ = endpoint_text(parts_->config.address, *port);
  parts_->site.set_url(parts_->config.public_url.empty() ? endpoint_ : parts_->config.public_url);
  if (parts_->authority.enforcing())
    warn_of_undescribed(parts_->door, parts_->authority, *parts_->metrics, parts_->log);
  parts_->shards.start();
  parts_->log.info("listening", {{"endpoint", endpoint_}, {"data", parts_->config.data}});
  return {};
}

Result<void> Server::stop() {
  if (!parts_ || parts_->stopped) return {};
  parts_->stopped = true;
  for (const auto& service : parts_->services) service->drain();
  parts_->deliveries.drain();
  if (!parts_->http.drain(std::chrono::seconds(parts_->config.drain_seconds))) {
    parts_->log.warning("stopping with requests in progress");
  }
  parts_->shards.stop();
  for (const auto& service : parts_->services) service->stop();
  Result<void> closed = parts_->store->close();
  if (!closed) return closed;
  parts_->log.info("stopped");
  return {};
}

}  // namespace signalbox::server

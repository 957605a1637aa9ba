#include "server/server.h"

#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/spawn.h"
#include "cloud/browsers.h"
#include "cloud/door.h"
#include "cloud/event_target.h"
#include "cloud/gateway.h"
#include "cloud/services.h"
#include "cloud/shards.h"
#include "http/plain_error.h"
#include "http/server.h"
#include "http/tls.h"
#include "mail/sender.h"
#include "server/certificates.h"
#include "server/clock_control.h"
#include "server/metrics_page.h"
#include "server/secrets.h"
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

cloud::BrowserOptions browser_options(const Config& config) {
  const bool open = config.auth == cloud::AuthMode::kOpen;
  return {open, open && is_loopback(config.address), config.cors_origins, config.allowed_hosts};
}

std::string endpoint_text(bool tls, const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (tls ? "https://" : "http://") + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
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
        sealer(secrets_key, [this, secrets_key] { remember_key(secrets_key, *store); }),
        authority(callers, clock),
        sessions(callers, authority, sealer, clock, random),
        identification(chosen.auth, std::move(credentials), system_clock, &callers, &sessions),
        shards(thread_count(chosen), clock, log_to),
        door(*metrics, log_to),
        service_events(*store),
        measures(clock),
        tap(shards, clock, random),
        deliveries({*store, shards, event_targets, tap, clock, random, log_to, *metrics, &measures}),
        clients(shards, client_options(chosen)),
        mail(chosen.smtp.empty()
                 ? nullptr
                 : std::make_unique<mail::Sender>(mail::SenderOptions{chosen.smtp, chosen.outgoing_ca})),
        house{*store,   shards,    door,      event_targets, service_events, measures, deliveries,
              clients,  site,      tap,       sealer,        clock,          random,   log_to,
              *metrics, pipe_ends, functions, callers,       authority,      sessions},
        clock_control(clock, chosen.virtual_clock ? &virtual_clock : nullptr, shards, *store, *metrics),
        tail(tap, identification, authority),
        gateway(door, identification, random, log_to),
        browsers(browser_options(chosen), site),
        metrics_page(*metrics),
        http(
            shards.loops(), [this](const http::Request& r, http::Connection& c) { return answer(r, c); },
            limits_of(chosen), log_to, *metrics,
            [this](const http::Request& head) { return page_of(head) == nullptr && gateway.streams(head); }) {
    http.refuse_too_large(
        [this](const http::Request& head, std::size_t most) { return gateway.too_large(head, most); });
    if (chosen.auth == cloud::AuthMode::kVerify) authority.verify();
    if (chosen.auth == cloud::AuthMode::kEnforce) authority.enforce();
    door.set_authority(authority);
    services.push_back(std::make_unique<cloudtrail::CloudTrail>(house));
    services.push_back(std::make_unique<iam::Iam>(house));
    services.push_back(std::make_unique<sts::Sts>(house));
    services.push_back(std::make_unique<cloudwatch::CloudWatch>(house));
    services.push_back(std::make_unique<sqs::Sqs>(house));
    services.push_back(std::make_unique<kinesis::Kinesis>(house));
    services.push_back(std::make_unique<events::Events>(house, events::Options{chosen.api_calls_to_all_rules}));
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

  /// What throws on the way to the door or back.
  asio::awaitable<http::Response> answer(const http::Request& request, http::Connection& connection) {
    std::exception_ptr thrown;
    try {
      co_return co_await guard(request, connection);
    } catch (...) {
      thrown = std::current_exception();
    }
    log_escaped(log, "a request", thrown);
    co_return http::plain_error(500, "InternalFailure: the request failed, and the server's log says why.");
  }

  asio::awaitable<http::Response> guard(const http::Request& request, http::Connection& connection) {
    if (auto refused = browsers.refuse_host(request)) co_return *std::move(refused);
    // Pages are for everybody, and say themselves what pages of others may read.
    if (const auto* page = page_of(request)) co_return co_await (*page)(request);
    const cloud::Browsers::Ask ask = [&] { return asked(request); };
    const cloud::Browsers::Next next = [&] { return route(request, connection); };
    co_return co_await browsers.answer(request, ask, next);
  }

  /// A page stands at a path, or at names: of "a.b.c" that which was added for "host:b.", whatever the path is.
  const cloud::Site::Page* page_of(const http::Request& request) const {
    const std::string_view host = request.header("Host");
    const auto dot = host.find('.');
    const auto* const named =
        dot == std::string_view::npos ? nullptr : site.find("host:" + std::string(host.substr(dot + 1)));
    return named != nullptr ? named : site.find(request.path());
  }

  /// Of the server itself. Buckets may have the first two's names, too; whoever asks for those signs.
  static bool is_own_place(const http::Request& request) {
    const std::string_view path = request.path();
    if (path == "/health" || path == "/metrics") return only_reads(request) && request.header("Authorization").empty();
    return path == "/_signalbox/clock" || path == "/_signalbox/tail";
  }
  static bool only_reads(const http::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

  cloud::Asked asked(const http::Request& request) const {
    if (is_own_place(request)) return {.only_reads = only_reads(request)};
    return gateway.asked(request);
  }

  asio::awaitable<http::Response> route(const http::Request& request, http::Connection& connection) {
    if (!is_own_place(request)) co_return co_await gateway.answer(request, connection);
    if (request.path() == "/health") co_return text_response("application/json", "{\"status\":\"ok\"}\n");
    if (request.path() == "/metrics") co_return co_await metrics_page.answer();
    if (request.path() == "/_signalbox/clock") co_return co_await clock_control.answer(request);
    co_return co_await tail.answer(request);
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
  cloud::Browsers browsers;
  MetricsPage metrics_page;
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
      open_secrets(config.secrets_key.empty() ? config.data + "/secrets.key" : config.secrets_key, **store);
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
  Result<void> certificates = reload_certificates();
  if (!certificates) return certificates;
  Result<std::uint16_t> port = parts_->http.listen(parts_->config.address, parts_->config.port);
  if (!port) return std::unexpected(std::move(port).error());
  parts_->port = *port;
  endpoint_ = endpoint_text(parts_->config.tls(), parts_->config.address, *port);
  parts_->site.set_url(parts_->config.public_url.empty() ? endpoint_ : parts_->config.public_url);
  if (parts_->authority.enforcing())
    warn_of_undescribed(parts_->door, parts_->authority, *parts_->metrics, parts_->log);
  parts_->shards.start();
  parts_->log.info("listening", {{"endpoint", endpoint_}, {"data", parts_->config.data}});
  return {};
}

Result<void> Server::reload_certificates() {
  const Config& config = parts_->config;
  if (!config.tls()) return {};
  Certificates files{"", config.tls_certificate, config.tls_key};
  if (config.tls_self_signed) {
    Result<Certificates> own = own_certificates(
        config.data + "/tls", certificate_names(config.address, config.public_url), SystemClock().now());
    if (!own) return std::unexpected(std::move(own).error());
    files = *std::move(own);
  }
  auto context = http::read_tls(files.certificate, files.key);
  if (!context) return std::unexpected(std::move(context).error());
  parts_->http.use_tls(*std::move(context));
  authority_file_ = files.authority;
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
  parts_->mail.reset();
  Result<void> closed = parts_->store->close();
  // Nobody posts to the loops any more. What still waits there refers to services and to much else of the house: it
  // goes now, while all of that is there.
  parts_->shards.abandon();
  if (!closed) return closed;
  parts_->log.info("stopped");
  return {};
}

}  // namespace signalbox::server

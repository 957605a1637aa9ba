// The `signalbox` command.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "cli/clock_command.h"
#include "cli/config_file.h"
#include "cli/cron_command.h"
#include "cli/match_command.h"
#include "cli/sink_command.h"
#include "cli/tail_command.h"
#include "server/server.h"

namespace {

using signalbox::LogFormat;
using signalbox::LogLevel;
using signalbox::cloud::AuthMode;
using signalbox::server::Config;
using signalbox::store::Durability;

constexpr const char* kVersion = "0.1.0";

const std::map<std::string, Durability> kDurabilities = {
    {"sync", Durability::kSync}, {"flush", Durability::kFlush}, {"memory", Durability::kMemory}};
const std::map<std::string, AuthMode> kAuthModes = {
    {"open", AuthMode::kOpen}, {"verify", AuthMode::kVerify}, {"enforce", AuthMode::kEnforce}};
const std::map<std::string, bool> kClocks = {{"system", false}, {"virtual", true}};
const std::map<std::string, bool> kOutgoing = {{"anywhere", false}, {"public", true}};
const std::map<std::string, bool> kTls = {{"off", false}, {"self-signed", true}};
const std::map<std::string, LogLevel> kLogLevels = {{"debug", LogLevel::kDebug},
                                                    {"info", LogLevel::kInfo},
                                                    {"warning", LogLevel::kWarning},
                                                    {"error", LogLevel::kError}};
const std::map<std::string, LogFormat> kLogFormats = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};

/// An option that takes one of a few names.
template <class Enum>
void add_choice(CLI::App& app, const std::string& name, Enum& value, const std::map<std::string, Enum>& choices,
                const std::string& variable, const std::string& help) {
  std::string names;
  for (const auto& choice : choices) names += (names.empty() ? "" : "|") + choice.first;
  app.add_option_function<std::string>(
         name, [&value, &choices](const std::string& text) { value = choices.at(text); }, help)
      ->check(CLI::IsMember(choices))
      ->type_name(names)
      ->envname(variable);
}

void describe_serve(CLI::App& serve, Config& config, std::string& config_file) {
  serve.add_option("--config", config_file, "File of options, a line each: port=4600. The command line goes first")
      ->envname("SIGNALBOX_CONFIG")
      ->configurable(false)
      ->check(CLI::ExistingFile);
  serve.add_option("--address", config.address, "Address to listen on")
      ->envname("SIGNALBOX_ADDRESS")
      ->capture_default_str();
  serve.add_option("--port", config.port, "Port to listen on; 0 takes a free one")
      ->envname("SIGNALBOX_PORT")
      ->capture_default_str();
  serve.add_option("--data", config.data, "Folder that holds all state; made when missing")
      ->envname("SIGNALBOX_DATA")
      ->capture_default_str();
  add_choice(serve, "--durability", config.durability, kDurabilities, "SIGNALBOX_DURABILITY",
             "What an answer promises: sync survives power loss, flush kill -9, memory a clean stop (default sync)");
  add_choice(
      serve, "--auth", config.auth, kAuthModes, "SIGNALBOX_AUTH",
      "open takes any credential, verify checks SigV4 signatures, enforce asks IAM policies, too (default open)");
  serve
      .add_option("--credentials", config.credentials,
                  "File of ACCESS_KEY SECRET_KEY ACCOUNT lines: the root credentials that verify and enforce accept")
      ->envname("SIGNALBOX_CREDENTIALS");
  add_choice(serve, "--clock", config.virtual_clock, kClocks, "SIGNALBOX_CLOCK",
             "virtual: time stands still until `signalbox clock` moves it, for tests (default system)");
  add_choice(
      serve, "--outgoing", config.outgoing_public_only, kOutgoing, "SIGNALBOX_OUTGOING",
      "Where webhooks may go: anywhere but link-local addresses, or to public addresses only (default anywhere)");
  serve.add_option("--outgoing-ca", config.outgoing_ca, "File of certificates that webhooks trust beside the system's")
      ->envname("SIGNALBOX_OUTGOING_CA")
      ->check(CLI::ExistingFile);
  serve
      .add_option("--secrets-key", config.secrets_key,
                  "File of the key that seals connections' secrets; made when missing (default secrets.key in --data)")
      ->envname("SIGNALBOX_SECRETS_KEY");
  serve
      .add_option("--smtp", config.smtp,
                  "Server that takes mail: smtp://[USER:PASSWORD@]HOST:PORT (STARTTLS where it is offered) or smtps://")
      ->envname("SIGNALBOX_SMTP");
  serve.add_option("--smtp-from", config.smtp_from, "Address that mail comes from")
      ->envname("SIGNALBOX_SMTP_FROM")
      ->capture_default_str();
  serve
      .add_option("--function-concurrency", config.function_concurrency,
                  "Lambda functions of an account that run at once, each in a process of its own")
      ->envname("SIGNALBOX_FUNCTION_CONCURRENCY")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  serve.add_option("--sns-sms-gateway", config.sns_sms_gateway, "URL that each SMS is posted to")
      ->envname("SIGNALBOX_SNS_SMS_GATEWAY");
  serve.add_option("--sns-push-gateway", config.sns_push_gateway, "URL that each mobile push message is posted to")
      ->envname("SIGNALBOX_SNS_PUSH_GATEWAY");
  serve
      .add_flag("--s3-closed-buckets", config.s3_closed_buckets,
                "New buckets have no access control lists and no public access, as AWS makes them since 2023")
      ->envname("SIGNALBOX_S3_CLOSED_BUCKETS");
  serve
      .add_flag("--api-calls-to-all-rules", config.api_calls_to_all_rules,
                "Events of API calls reach every rule that they match, as with a trail on AWS, not only rules whose "
                "pattern names a source, a detail-type or calls")
      ->envname("SIGNALBOX_API_CALLS_TO_ALL_RULES");
  serve
      .add_option("--public-url", config.public_url,
                  "Scheme, host and port of the links in messages: https://signalbox.example.com (default where it "
                  "listens)")
      ->envname("SIGNALBOX_PUBLIC_URL");
  serve
      .add_option("--cors-origins", config.cors_origins,
                  "Origins of web pages that may ask, with commas between: http://localhost:3000; * for any (default "
                  "the server's own)")
      ->envname("SIGNALBOX_CORS_ORIGINS")
      ->delimiter(',');
  serve
      .add_option("--allowed-hosts", config.allowed_hosts,
                  "Names that clients may call an open server on loopback by, with commas between, beside those it "
                  "knows: box.example.com,*.dev.example.com; * for any")
      ->envname("SIGNALBOX_ALLOWED_HOSTS")
      ->delimiter(',');
  serve
      .add_option("--tls-cert", config.tls_certificate,
                  "File of a certificate and the chain behind it, PEM: the port speaks TLS. SIGHUP reads it again")
      ->envname("SIGNALBOX_TLS_CERT");
  serve.add_option("--tls-key", config.tls_key, "File of the certificate's key, PEM")->envname("SIGNALBOX_TLS_KEY");
  add_choice(serve, "--tls", config.tls_self_signed, kTls, "SIGNALBOX_TLS",
             "self-signed: TLS by an authority that is made at the first start, in --data (default off)");
  serve.add_option("--threads", config.threads, "Threads that serve requests; 0 is one a core")
      ->envname("SIGNALBOX_THREADS")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  serve.add_option("--max-connections", config.max_connections, "Connections open at once")
      ->envname("SIGNALBOX_MAX_CONNECTIONS")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  serve.add_option("--max-body-bytes", config.max_body_bytes, "Largest request body")
      ->envname("SIGNALBOX_MAX_BODY_BYTES")
      ->capture_default_str();
  serve.add_option("--drain-seconds", config.drain_seconds, "How long a stop waits for requests in progress")
      ->envname("SIGNALBOX_DRAIN_SECONDS")
      ->capture_default_str();
  serve
      .add_flag("--allow-open-network", config.allow_open_network,
                "Listen beyond loopback although anybody there may then do anything")
      ->envname("SIGNALBOX_ALLOW_OPEN_NETWORK");
  add_choice(serve, "--log-level", config.log_level, kLogLevels, "SIGNALBOX_LOG_LEVEL",
             "Least important lines to log (default info)");
  add_choice(serve, "--log-format", config.log_format, kLogFormats, "SIGNALBOX_LOG_FORMAT",
             "How log lines look (default text)");
}

/// Blocks the signals that end the server, or have it read its certificates again, so that only sigtimedwait below
/// receives them, in whichever thread.
sigset_t block_signals(bool tls) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGTERM);
  if (tls) sigaddset(&awaited, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return awaited;
}

/// Returns when the server is to end. Certificates are read again on SIGHUP, and now and then for those that end.
void wait_for_end(const sigset_t& awaited, signalbox::server::Server& server, signalbox::Log& log) {
  constexpr timespec kNowAndThen{.tv_sec = 6 * 3600, .tv_nsec = 0};
  for (;;) {
    const int received = sigtimedwait(&awaited, nullptr, &kNowAndThen);
    if (received == SIGINT || received == SIGTERM) return;
    if (received < 0 && errno == EINTR) continue;
    const signalbox::Result<void> read = server.reload_certificates();
    if (!read) log.error("the certificates stay as they are", {{"what", read.error().message}});
    if (read && received == SIGHUP) log.info("the certificates were read again");
  }
}

int serve(const Config& config) {
  const sigset_t awaited = block_signals(config.tls());
  signalbox::FileLog log(STDERR_FILENO, config.log_level, config.log_format);
  auto server = signalbox::server::Server::start(config, log);
  if (!server) {
    std::fprintf(stderr, "signalbox: %s\n", server.error().message.c_str());
    return 1;
  }
  std::printf(
      "Signalbox is ready at %s, state in %s. Next: aws --endpoint-url %s sqs create-queue --queue-name first\n",
      (*server)->endpoint().c_str(), config.data.c_str(), (*server)->endpoint().c_str());
  const std::string& authority = (*server)->authority_file();
  if (!authority.empty()) {
    std::printf("Clients trust it by its authority's certificate: export AWS_CA_BUNDLE=%s\n",
                std::filesystem::absolute(authority).lexically_normal().c_str());
  }
  std::fflush(stdout);
  wait_for_end(awaited, **server, log);
  const signalbox::Result<void> stopped = (*server)->stop();
  if (stopped) return 0;
  std::fprintf(stderr, "signalbox: %s\n", stopped.error().message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Signalbox: CloudWatch Events for anywhere. One server that speaks the AWS APIs.");
  app.set_version_flag("--version", std::string("signalbox ") + kVersion);
  app.require_subcommand(1);
  app.footer(
      "Start it:  signalbox serve\n"
      "Use it:    export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1\n"
      "           aws --endpoint-url http://127.0.0.1:4566 sqs create-queue --queue-name first\n"
      "Watch it:  curl http://127.0.0.1:4566/health; curl http://127.0.0.1:4566/metrics");

  Config config;
  CLI::App* const serve_command = app.add_subcommand("serve", "Start the server");
  std::string config_file;
  describe_serve(*serve_command, config, config_file);
  signalbox::cli::MatchOptions match_options;
  CLI::App* const match_command = app.add_subcommand("match", "Find the events that match a pattern: grep for events");
  signalbox::cli::describe_match(*match_command, match_options);
  signalbox::cli::CronOptions cron_options;
  CLI::App* const cron_command = app.add_subcommand("cron", "Print when a schedule expression is due");
  signalbox::cli::describe_cron(*cron_command, cron_options);
  signalbox::cli::ClockOptions clock_options;
  CLI::App* const clock_command = app.add_subcommand("clock", "Read or move a server's virtual clock");
  signalbox::cli::describe_clock(*clock_command, clock_options);
  signalbox::cli::SinkOptions sink_options;
  CLI::App* const sink_command = app.add_subcommand("sink", "Receive webhooks, show them, and answer as told");
  signalbox::cli::describe_sink(*sink_command, sink_options);
  signalbox::cli::TailOptions tail_options;
  CLI::App* const tail_command =
      app.add_subcommand("tail", "Watch events live: the rules they match, and what becomes of each delivery");
  signalbox::cli::describe_tail(*tail_command, tail_options);
  try {
    app.parse(argc, argv);
    if (!config_file.empty()) signalbox::cli::apply_config_file(*serve_command, config_file);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (clock_command->parsed()) return signalbox::cli::clock(clock_options);
  if (tail_command->parsed()) return signalbox::cli::tail(tail_options);
  if (sink_command->parsed()) return signalbox::cli::sink(sink_options);
  if (cron_command->parsed()) return signalbox::cli::cron(cron_options, signalbox::SystemClock());
  return match_command->parsed() ? signalbox::cli::match(match_options) : serve(config);
}

#include "services/sns/pages.h"

#include "base/encoding.h"
#include "models/sns.h"
#include "wire/form.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped_markup(out, text);
  return out;
}

/// `text` is HTML.
http::Response html(int status, std::string_view title, std::string_view text) {
  http::Response response;
  response.status = status;
  // Nothing is fetched for the page and nothing runs in it; its form leads back here.
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"}};
  response.body = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + std::string(title) +
                  "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 "
                  "1rem}code{overflow-wrap:anywhere}button{font:inherit;padding:.4rem 1rem}</style></head><body><h1>" +
                  std::string(title) + "</h1>\n" + std::string(text) + "\n</body></html>\n";
  return response;
}

http::Response problem(const Error& error) {
  return html(error.http_status == 0 ? 400 : error.http_status, "This did not work",
              "<p>" + escaped(error.message) + "</p>");
}

std::string parameter(const http::Request& request, std::string_view name) {
  return wire::form_parameter(request.query(), name).value_or("");
}

/// A call that nobody signed, for what an ARN names.
cloud::Call call_for(const Core& core, const cloud::Scope& scope) {
  cloud::Call call;
  call.scope = scope;
  call.request_id = core.house.random.uuid();
  call.endpoint = core.house.site.url();
  return call;
}

asio::awaitable<http::Response> confirm(Core& core, const http::Request& request) {
  const std::string arn = parameter(request, "TopicArn");
  const auto topic = read_topic_arn(arn);
  if (!topic) co_return problem({"", "The link is not complete.", 400});
  m::ConfirmSubscriptionInput input;
  input.topic_arn = arn;
  input.token = parameter(request, "Token");
  const auto done =
      co_await core.house.door.call(call_for(core, topic->scope), m::kConfirmSubscription, std::move(input));
  if (!done) co_return problem(done.error());
  co_return html(200, "Subscription confirmed",
                 "<p>You get the messages of <code>" + escaped(arn) + "</code>.</p><p>The subscription is <code>" +
                     escaped(*done->subscription_arn) + "</code>.</p>");
}

/// A GET asks, for programs follow links in mail, too; the POST of the page's button, or of a mail program that knows
/// List-Unsubscribe-Post, does it.
asio::awaitable<http::Response> unsubscribe(Core& core, const http::Request& request) {
  const std::string arn = parameter(request, "SubscriptionArn");
  const auto id = read_subscription_arn(arn);
  if (!id) co_return problem({"", "The link is not complete.", 400});
  const TopicPtr topic = core.topics.find(id->topic);
  if (!topic || !topic->find(id->id)) {
    co_return html(200, "You are not subscribed", "<p>There is no subscription <code>" + escaped(arn) + "</code>.</p>");
  }
  if (request.method != "POST") {
    co_return html(200, "Stop these messages?",
                   "<p>The messages of <code>" + escaped(topic->arn) + "</code> go to <code>" +
                       escaped(parameter(request, "Endpoint")) +
                       "</code>.</p><form method=\"post\"><button>Unsubscribe</button></form>");
  }
  m::UnsubscribeInput input;
  input.subscription_arn = arn;
  const auto done = co_await core.house.door.call(call_for(core, id->topic.scope), m::kUnsubscribe, std::move(input));
  if (!done) co_return problem(done.error());
  co_return html(200, "You are unsubscribed",
                 "<p>You get no more messages of <code>" + escaped(topic->arn) + "</code>.</p>");
}

asio::awaitable<http::Response> certificate(const Core& core, const http::Request& request) {
  if (request.path() != core.signer.certificate_path()) {
    http::Response response;
    response.status = 404;
    response.headers = {{"Content-Type", "text/plain"}};
    response.body = "There is no such certificate.\n";
    co_return response;
  }
  http::Response response;
  response.headers = {{"Content-Type", "application/x-pem-file"}};
  response.body = core.signer.certificate();
  co_return response;
}

}  // namespace

void register_pages(Core& core) {
  cloud::Site& site = core.house.site;
  const std::string path(kPagePath);
  site.add(path + "confirm", [&core](const http::Request& request) { return confirm(core, request); });
  site.add(path + "unsubscribe", [&core](const http::Request& request) { return unsubscribe(core, request); });
  site.add(std::string(kCertificatePath), [&core](const http::Request& request) { return certificate(core, request); });
}

}  // namespace signalbox::sns

// E-mail: what is written, and how it is sent.

#include "base/encoding.h"
#include "mail/letter.h"
#include "services/sns/outside.h"

namespace signalbox::sns {
namespace {

using Outcome = cloud::Attempt::Outcome;

constexpr std::chrono::seconds kMailTimeout{30};
constexpr const char* kSender = "Signalbox Notifications";

std::string page(const std::string& url, const std::string& name, const std::string& query) {
  return url + std::string(kPagePath) + name + "?" + query;
}

}  // namespace

std::string confirm_page(const std::string& url, const Subscription& subscription) {
  return page(url, "confirm",
              "TopicArn=" + subscription.id.topic.arn() + "&Token=" + subscription.record.token +
                  "&Endpoint=" + percent_encode(subscription.record.endpoint));
}

std::string unsubscribe_page(const std::string& url, const Subscription& subscription) {
  return page(url, "unsubscribe",
              "SubscriptionArn=" + subscription.arn + "&Endpoint=" + percent_encode(subscription.record.endpoint));
}

void write_mail(Errand& errand, std::string& body, const Message& message, const Subscription& subscription,
                const TopicState& topic, const std::string& url) {
  errand.headers["Subject"] = message.subject.value_or("AWS Notification Message");
  errand.headers["From-Name"] = topic.settings.display_name.empty() ? kSender : topic.settings.display_name;
  errand.headers["Message-ID"] = message.id;
  if (subscription.record.authenticate_on_unsubscribe) return;
  const std::string link = unsubscribe_page(url, subscription);
  errand.headers["List-Unsubscribe"] = "<" + link + ">";
  errand.headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
  if (subscription.record.protocol != "email") return;
  body += "\n\n--\nTo stop receiving notifications from this topic, visit:\n" + link + "\n";
}

void write_confirmation_mail(Errand& errand, std::string& body, const Subscription& subscription,
                             const TopicState& topic, const std::string& id, const std::string& url) {
  errand.headers["Subject"] = "AWS Notification - Subscription Confirmation";
  errand.headers["From-Name"] = topic.settings.display_name.empty() ? kSender : topic.settings.display_name;
  errand.headers["Message-ID"] = id;
  if (subscription.record.protocol != "email") return;
  body = "Somebody has asked that the messages of this topic be sent to you:\n" + subscription.id.topic.arn() +
         "\n\nTo confirm that you want them, visit this link. If you do not, nothing need be done.\n" +
         confirm_page(url, subscription) + "\n";
}

asio::awaitable<cloud::Attempt> attempt_mail(mail::Sender& sender, const std::string& from, Time now,
                                             const Errand& errand, std::string body) {
  mail::Letter letter;
  letter.from = from;
  letter.to = errand.endpoint;
  letter.body = std::move(body);
  for (const auto& [name, value] : errand.headers) {
    if (name == "Subject") {
      letter.subject = value;
    } else if (name == "From-Name") {
      letter.from_name = value;
    } else if (name == "Message-ID") {
      letter.id = value;
    } else {
      letter.headers.emplace_back(name, value);
    }
  }
  const Result<void> sent = co_await sender.send(from, letter.to, mail::text_of(letter, now), kMailTimeout);
  if (sent) co_return cloud::Attempt{};
  const bool never = sent.error().code == "Refused";
  co_return cloud::Attempt{never ? Outcome::kFailed : Outcome::kRetry,
                           never ? "ERROR_FROM_TARGET" : "CONNECTION_FAILURE", sent.error().message};
}

}  // namespace signalbox::sns

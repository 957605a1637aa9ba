#include "services/sns/envelope.h"

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"

namespace signalbox::sns {
namespace {

/// AWS's spelling: a member a line, blanks around the colon.
void member(std::string& out, std::string_view name, std::string_view value, std::string_view indent = "  ") {
  out.append(out.back() == '{' ? "\n" : ",\n").append(indent);
  json::append_string(out, name);
  out.append(" : ");
  json::append_string(out, value);
}

void signed_part(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("\n").append(value).append("\n");
}

std::string confirmation_message(ConfirmationKind kind, const Subscription& subscription) {
  if (kind == ConfirmationKind::kUnsubscribe) {
    return "You have chosen to deactivate subscription " + subscription.arn +
           ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.";
  }
  return "You have chosen to subscribe to the topic " + subscription.id.topic.arn() +
         ".\nTo confirm the subscription, visit the SubscribeURL included in this message.";
}

}  // namespace

std::string confirm_url(const std::string& url, const Subscription& subscription) {
  return url + "/?Action=ConfirmSubscription&TopicArn=" + subscription.id.topic.arn() +
         "&Token=" + subscription.record.token;
}

std::string unsubscribe_url(const std::string& url, const Subscription& subscription) {
  return url + "/?Action=Unsubscribe&SubscriptionArn=" + subscription.arn;
}

const std::string& Envelopes::head(const std::string& text) {
  std::string& out = heads_[&text];
  if (!out.empty()) return out;
  const std::string time = to_iso8601_millis(message_.published);
  out = "{";
  out.reserve(text.size() + 1024);
  member(out, "Type", "Notification");
  member(out, "MessageId", message_.id);
  if (message_.sequence != 0) {
    const std::string digits = std::to_string(message_.sequence);
    member(out, "SequenceNumber", std::string(20 - std::min<std::size_t>(20, digits.size()), '0') + digits);
  }
  member(out, "TopicArn", topic_arn_);
  if (message_.subject) member(out, "Subject", *message_.subject);
  member(out, "Message", text);
  member(out, "Timestamp", time);
  if (message_.replayed) member(out, "Replayed", "true");
  if (message_.sequence != 0) return out;  // those of FIFO topics are not signed
  std::string to_sign;
  to_sign.reserve(text.size() + 512);
  signed_part(to_sign, "Message", text);
  signed_part(to_sign, "MessageId", message_.id);
  if (message_.subject) signed_part(to_sign, "Subject", *message_.subject);
  signed_part(to_sign, "Timestamp", time);
  signed_part(to_sign, "TopicArn", topic_arn_);
  signed_part(to_sign, "Type", "Notification");
  member(out, "SignatureVersion", std::to_string(version_));
  member(out, "Signature", signer_.sign(to_sign, version_));
  member(out, "SigningCertURL", url_ + signer_.certificate_path());
  return out;
}

const std::string& Envelopes::tail() {
  if (!tail_.empty()) return tail_;
  if (message_.attributes) {
    tail_ = ",\n  \"MessageAttributes\" : {";
    for (const auto& [name, attribute] : *message_.attributes) {
      tail_.append(tail_.back() == '{' ? "\n    " : ",\n    ");
      json::append_string(tail_, name);
      tail_.append(" : {\"Type\":");
      json::append_string(tail_, attribute.type);
      tail_.append(",\"Value\":");
      json::append_string(tail_, attribute.binary() ? to_base64(attribute.value) : attribute.value);
      tail_.append("}");
    }
    tail_.append("\n  }");
  }
  tail_.append("\n}");
  return tail_;
}

std::string Envelopes::for_subscription(const Subscription& subscription) {
  std::string out = head(message_.text_for(subscription.record.protocol));
  member(out, "UnsubscribeURL", unsubscribe_url(url_, subscription));
  return out.append(tail());
}

std::string confirmation_text(const Subscription& subscription, ConfirmationKind kind, const std::string& message_id,
                              Time now, int signature_version, const Signer& signer, const std::string& url) {
  const std::string type =
      kind == ConfirmationKind::kSubscribe ? "SubscriptionConfirmation" : "UnsubscribeConfirmation";
  const std::string topic = subscription.id.topic.arn();
  const std::string message = confirmation_message(kind, subscription);
  const std::string link = confirm_url(url, subscription);
  const std::string time = to_iso8601_millis(now);
  const std::string& token = subscription.record.token;
  std::string to_sign;
  signed_part(to_sign, "Message", message);
  signed_part(to_sign, "MessageId", message_id);
  signed_part(to_sign, "SubscribeURL", link);
  signed_part(to_sign, "Timestamp", time);
  signed_part(to_sign, "Token", token);
  signed_part(to_sign, "TopicArn", topic);
  signed_part(to_sign, "Type", type);
  std::string out = "{";
  member(out, "Type", type);
  member(out, "MessageId", message_id);
  member(out, "Token", token);
  member(out, "TopicArn", topic);
  member(out, "Message", message);
  member(out, "SubscribeURL", link);
  member(out, "Timestamp", time);
  member(out, "SignatureVersion", std::to_string(signature_version));
  member(out, "Signature", signer.sign(to_sign, signature_version));
  member(out, "SigningCertURL", url + signer.certificate_path());
  return out + "\n}";
}

std::string function_event(const std::string& envelope, const std::string& subscription_arn) {
  json::Document document;
  const auto root = document.parse(envelope);
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("Records");
  writer.begin_array();
  writer.begin_object();
  writer.member("EventSource", "aws:sns");
  writer.member("EventVersion", "1.0");
  writer.member("EventSubscriptionArn", subscription_arn);
  writer.key("Sns");
  writer.begin_object();
  for (const auto& [key, value] : root->members()) {
    const bool certificate = key.is("SigningCertURL");
    writer.key(certificate ? "SigningCertUrl" : key.is("UnsubscribeURL") ? "UnsubscribeUrl" : key.as_string());
    writer.raw(value.raw());
  }
  if (!root->find("Subject")) {
    writer.key("Subject");
    writer.null();
  }
  if (!root->find("MessageAttributes")) {
    writer.key("MessageAttributes");
    writer.raw("{}");
  }
  writer.end_object();
  writer.end_object();
  writer.end_array();
  writer.end_object();
  return out;
}

}  // namespace signalbox::sns

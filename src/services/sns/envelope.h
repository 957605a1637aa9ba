// Notifications as subscribers get them unless they ask for the bare message ("Parsing Amazon SNS message formats").
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "services/sns/message.h"
#include "services/sns/signer.h"
#include "services/sns/subscription.h"

namespace signalbox::sns {

/// Makes the envelopes of one message: what they have in common is written, and signed, once.
class Envelopes {
 public:
  /// All outlive the object. `url` is that of this server, for the links.
  Envelopes(const Message& message, const std::string& topic_arn, int signature_version, const Signer& signer,
            const std::string& url)
      : message_(message), topic_arn_(topic_arn), version_(signature_version), signer_(signer), url_(url) {}

  std::string for_subscription(const Subscription& subscription);

 private:
  const std::string& head(const std::string& text);
  const std::string& tail();

  const Message& message_;
  const std::string& topic_arn_;
  int version_;
  const Signer& signer_;
  const std::string& url_;
  std::map<const std::string*, std::string> heads_;  // by the text they hold
  std::string tail_;
};

/// The event of a function that is subscribed: the envelope within a record of AWS's ("Using AWS Lambda with Amazon
/// SNS").
std::string function_event(const std::string& envelope, const std::string& subscription_arn);

enum class ConfirmationKind { kSubscribe, kUnsubscribe };

/// What asks an endpoint whether it wants the notifications, or tells it that it gets no more. After Signer::prepare().
std::string confirmation_text(const Subscription& subscription, ConfirmationKind kind, const std::string& message_id,
                              Time now, int signature_version, const Signer& signer, const std::string& url);

/// Where a GET without a signature confirms, or ends, a subscription.
std::string confirm_url(const std::string& url, const Subscription& subscription);
std::string unsubscribe_url(const std::string& url, const Subscription& subscription);

}  // namespace signalbox::sns

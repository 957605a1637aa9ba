#include "services/cloudtrail/secrets.h"

#include <algorithm>
#include <utility>

namespace signalbox::cloudtrail {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// The shapes that AWS's own models mark as sensitive, and the authorisation parameters of connections as a whole.
constexpr Name kHiddenShapes[] = {
    {"events", "AuthHeaderParametersSensitive"},
    {"events", "CreateConnectionAuthRequestParameters"},
    {"events", "GraphQLOperation"},
    {"events", "HeaderValueSensitive"},
    {"events", "QueryStringValueSensitive"},
    {"events", "SensitiveString"},
    {"events", "Sql"},
    {"events", "Sqls"},
    {"events", "UpdateConnectionAuthRequestParameters"},
    {"iam", "passwordType"},
    {"iam", "privateKeyType"},
    {"lambda", "EnvironmentVariables"},
    {"lambda", "SensitiveString"},
    {"pipes", "CapacityProvider"},
    {"pipes", "Database"},
    {"pipes", "DbUser"},
    {"pipes", "EndpointString"},
    {"pipes", "EventBridgeDetailType"},
    {"pipes", "EventBridgeEndpointId"},
    {"pipes", "EventBridgeEventSource"},
    {"pipes", "EventPattern"},
    {"pipes", "HeaderValue"},
    {"pipes", "InputTemplate"},
    {"pipes", "KafkaTopicName"},
    {"pipes", "KinesisPartitionKey"},
    {"pipes", "MQBrokerQueueName"},
    {"pipes", "MessageDeduplicationId"},
    {"pipes", "MessageGroupId"},
    {"pipes", "PathParameter"},
    {"pipes", "PipeDescription"},
    {"pipes", "QueryStringValue"},
    {"pipes", "Sql"},
    {"pipes", "StatementName"},
    {"pipes", "TagValue"},
    {"pipes", "URI"},
    {"s3", "CopySourceSSECustomerKey"},
    {"s3", "SSECustomerKey"},
    {"s3", "SSEKMSEncryptionContext"},
    {"sns", "PhoneNumber"},
    {"sns", "PhoneNumberString"},
    {"sts", "SAMLAssertionType"},
    {"sts", "clientTokenType"},
    {"sts", "tokenType"},
    {"sts", "tradeInTokenType"},
    {"sts", "webIdentityTokenType"},
};

/// Secrets that answers bring: CloudTrail has nothing in their place.
constexpr Name kOmittedShapes[] = {
    {"iam", "BootstrapDatum"},  {"iam", "accessKeySecretType"},   {"iam", "serviceCredentialSecret"},
    {"iam", "servicePassword"}, {"s3", "SessionCredentialValue"}, {"sts", "accessKeySecretType"},
};

/// What messages say, and what confirms that somebody has got one.
constexpr Name kHiddenMembers[] = {
    {"events", "Event"},        {"logs", "logEventMessages"},
    {"sns", "Message"},         {"sns", "MessageAttributes"},
    {"sns", "Subject"},         {"sns", "Token"},
    {"sns", "OneTimePassword"}, {"sqs", "MessageAttributes"},
    {"sqs", "MessageBody"},     {"sqs", "MessageSystemAttributes"},
};

/// Keys of maps, in Attributes.
constexpr Name kHiddenEntries[] = {
    {"sns", "PlatformCredential"},
    {"sns", "PlatformPrincipal"},
};

template <std::size_t N>
bool is_in(const Name (&names)[N], std::string_view service, std::string_view name) {
  return std::ranges::find(names, Name(service, name)) != std::end(names);
}

}  // namespace

Secrecy secrecy_of(std::string_view service, const wire::Shape& shape) {
  if (shape.type == wire::ShapeType::kBlob) return Secrecy::kOmitted;
  if (is_in(kOmittedShapes, service, shape.name)) return Secrecy::kOmitted;
  return is_in(kHiddenShapes, service, shape.name) ? Secrecy::kHidden : Secrecy::kOpen;
}

Secrecy secrecy_of(std::string_view service, const wire::Member& member) {
  const Secrecy secrecy = secrecy_of(service, *member.shape);
  if (secrecy != Secrecy::kOpen) return secrecy;
  return is_in(kHiddenMembers, service, member.name) ? Secrecy::kHidden : Secrecy::kOpen;
}

Secrecy secrecy_of_entry(std::string_view service, std::string_view key) {
  return is_in(kHiddenEntries, service, key) ? Secrecy::kHidden : Secrecy::kOpen;
}

}  // namespace signalbox::cloudtrail

// Mobile push: applications, the devices' endpoints in them, and phone numbers that want no more messages. All of it is
// read from the store when it is needed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/sns/core.h"
#include "services/sns/records.h"

namespace signalbox::sns {

struct ApplicationId {
  cloud::Scope scope;
  std::string platform;  // GCM, APNS ...
  std::string name;
  std::string arn() const { return cloud::make_arn("sns", scope, "app/" + platform + "/" + name); }
};

struct EndpointId {
  ApplicationId application;
  std::string id;  // a UUID
  std::string arn() const {
    return cloud::make_arn("sns", application.scope,
                           "endpoint/" + application.platform + "/" + application.name + "/" + id);
  }
};

std::optional<ApplicationId> read_application_arn(std::string_view arn);
std::optional<EndpointId> read_endpoint_arn(std::string_view arn);

struct Application {
  static constexpr std::uint8_t kVersion = 1;
  std::string arn;  // what its secrets are sealed for; not kept
  Attributes attributes;
  std::string principal;  // PlatformPrincipal and PlatformCredential: sealed in the store, never told
  std::string credential;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("attributes", self.attributes)("principal", store::sealed(self.principal, self.arn));
    field("credential", store::sealed(self.credential, self.arn));
  }
};
/// Token, CustomUserData, Enabled.
using Endpoint = Attributes;

/// Applications and endpoints in the store. Changes to one application are made one at a time, on the shard that owns
/// it.
class Platforms {
 public:
  explicit Platforms(const Core& core) : core_(core) {}

  Result<std::optional<Application>> application(const ApplicationId& id) const;
  Result<std::optional<Endpoint>> endpoint(const EndpointId& id) const;
  /// The endpoint of that token; empty for none.
  Result<std::optional<EndpointId>> endpoint_of(const ApplicationId& id, const std::string& token) const;

  void put(store::Batch& batch, const ApplicationId& id, const Application& application) const;
  /// `before` is what the endpoint was; null for a new one.
  void put(store::Batch& batch, const EndpointId& id, const Endpoint& endpoint, const Endpoint* before) const;
  void erase(store::Batch& batch, const ApplicationId& id) const;
  void erase(store::Batch& batch, const EndpointId& id, const Endpoint& endpoint) const;

  struct Listed {
    std::string arn;
    Attributes attributes;
    std::string place;  // behind which the next page begins
  };
  /// At most `most`, behind `after`.
  Result<std::vector<Listed>> applications(const cloud::Scope& scope, const std::string& after, std::size_t most) const;
  Result<std::vector<Listed>> endpoints(const ApplicationId& id, const std::string& after, std::size_t most) const;

 private:
  const Core& core_;
};

/// A device that the gateway says is gone: its endpoint is disabled, as AWS does.
asio::awaitable<void> disable(Core& core, EndpointId id);

/// Phone numbers that opted out.
Result<bool> is_opted_out(const Core& core, const cloud::Scope& scope, const std::string& number);
asio::awaitable<Result<void>> set_opted_out(const Core& core, cloud::Scope scope, std::string number, bool out);
Result<std::vector<std::string>> opted_out(const Core& core, const cloud::Scope& scope, const std::string& after,
                                           std::size_t most);

/// "+" and digits, at most 15 (E.164); empty optional for what is no phone number.
std::optional<std::string> read_phone_number(std::string_view text);
/// What Subscribe takes of them: single '-', '.' and '/' between the digits, and nothing else.
bool is_sms_endpoint(std::string_view text);

/// DefaultSenderID and DefaultSMSType of an account in a Region.
Result<Attributes> sms_attributes(const Core& core, const cloud::Scope& scope);

void register_platform_operations(Core& core);
void register_sms_operations(Core& core);

}  // namespace signalbox::sns

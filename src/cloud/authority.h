// Whether a caller may do what it asks for. A service describes its operations once, as actions on resources; the door
// asks before each handler. In `--auth enforce` every operation of every service is decided by the policies of caller
// and resource (policy/evaluate.h), and one without a description is refused.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/call.h"
#include "cloud/callers.h"
#include "policy/request.h"
#include "wire/shape.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// What a resource's own side grants beside its policy: S3's access control lists.
enum class AclGrant : std::uint8_t {
  kNone,
  kAccount,   // to the caller's account: its identity policies decide
  kEveryone,  // to everybody, or to everybody who is somebody
};

/// One thing that an operation does to one resource.
struct Access {
  std::string action;     // "events:PutRule"
  std::string resource;   // its ARN; "*" for actions that know no resources
  std::string account;    // whose it is; "": that of the ARN, else the caller's own
  PolicyPtr policy = {};  // the resource's; null for none
  AclGrant acl = AclGrant::kNone;
  policy::Context keys = {};  // condition keys of the action; those of every request ("aws:SourceIp") are added
};
using Accesses = std::vector<Access>;

/// What a service knows of one of its resources.
struct ResourceFacts {
  PolicyPtr policy;                                       // null for none
  std::vector<std::pair<std::string, std::string>> tags;  // aws:ResourceTag
};

/// Filled at start, then only read: safe from any thread.
class Authority {
 public:
  /// What one call does: all of it must be allowed. May go to the resource's shard. `call` and `input` live until the
  /// awaitable is done. Its errors are the caller's answer.
  using Describer = std::function<asio::awaitable<Result<Accesses>>(const Call& call, const wire::AnyStructure& input)>;
  /// What is known of the resource with that ARN; without policy and tags where there is none. Any thread.
  using FactFinder = std::function<asio::awaitable<ResourceFacts>(std::string arn)>;

  Authority(const Callers& callers, const Clock& clock) : callers_(callers), clock_(clock) {}

  /// Callers have proved who they are, so what is one account's is not another's. At start only.
  void verify() { verifying_ = true; }
  /// Beyond that, from now on everything is asked for. At start only.
  void enforce() { verifying_ = enforcing_ = true; }
  bool verifying() const { return verifying_; }
  bool enforcing() const { return enforcing_; }

  void describe(const wire::Operation& operation, Describer describer) {
    describers_[&operation] = std::move(describer);
  }
  template <class In, class Out>
  void describe(const wire::OperationOf<In, Out>& operation, Describer describer) {
    describe(*operation.operation, std::move(describer));
  }
  bool is_described(const wire::Operation& operation) const { return describers_.contains(&operation); }

  /// The service's resources have a say in every auth mode, for callers who are anonymous or of another account:
  /// S3's. Its unsigned requests are anonymous in every mode.
  void ask_always(const wire::Service& service) { always_.insert(&service); }
  bool asks_always(const wire::Service& service) const { return !always_.empty() && always_.contains(&service); }

  /// Who finds what is known of resources whose ARNs have that service ("sqs").
  void know(std::string service, FactFinder finder) { finders_[std::move(service)] = std::move(finder); }
  /// Nothing where nobody knows.
  asio::awaitable<ResourceFacts> facts(std::string arn) const;

  /// The operation names roles that the service will take on, which must be of the caller's account as soon as callers
  /// have proved who they are.
  void passes_roles(const wire::Operation& operation) { passing_.insert(&operation); }

  /// Whether check() has anything to do for this operation: else it need not be called.
  bool asks(const wire::Operation& operation) const {
    return enforcing_ || asks_always(*operation.service) || (verifying_ && passing_.contains(&operation));
  }

  /// Errors: AccessDeniedException (the protocols that say AccessDenied say that), with AWS's text, and those of the
  /// describer.
  asio::awaitable<Result<void>> check(const Call& call, const wire::Operation& operation,
                                      const wire::AnyStructure& input) const;

  /// Decides one access that is described already, by all policies that apply. In other modes than enforce, callers
  /// of the resource's account are its root, and others are asked for on the resource's side only.
  /// Errors: AccessDeniedException.
  Result<void> decide(const Call& call, const Access& access) const;

  /// For what is done without an operation: a rule's delivery to a queue. Asks the resource's facts for its policy. In
  /// verify mode it is decide(): across accounts the resource must let it. Errors: AccessDeniedException. Always
  /// allowed in open mode.
  asio::awaitable<Result<void>> may(Call call, Access access) const;

 private:
  const Callers& callers_;
  const Clock& clock_;
  bool verifying_ = false;
  bool enforcing_ = false;
  std::map<const wire::Operation*, Describer> describers_;
  std::set<const wire::Service*> always_;
  std::set<const wire::Operation*> passing_;
  std::map<std::string, FactFinder, std::less<>> finders_;
};

}  // namespace signalbox::cloud

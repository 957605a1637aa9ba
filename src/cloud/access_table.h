// Operations described for authorisation as a table of texts: which action on which resources, read from the input's
// members. What AWS's Service Authorization Reference says of a service, a line an operation.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cloud/authority.h"

namespace signalbox::cloud {

/// A request's input, by the names of the model's members.
class InputFields {
 public:
  explicit InputFields(const wire::AnyStructure& input) : shape_(&input.shape()), value_(input.data()) {}
  InputFields(const wire::Shape& shape, const void* value) : shape_(&shape), value_(value) {}
  /// The text at "Name" or "Target.RoleArn"; empty where there is none.
  std::string text(std::string_view path) const;
  /// All texts at "Targets[].RoleArn".
  std::vector<std::string> texts(std::string_view path) const;
  const wire::Shape& shape() const { return *shape_; }
  const void* value() const { return value_; }

 private:
  const wire::Shape* shape_;
  const void* value_;
};

/// Makes an ARN where a text cannot say how; empty: this alternative does not hold.
using ResourceFinder = std::function<std::optional<std::string>(const Call& call, const InputFields& input)>;
using ResourceFinders = std::map<std::string, ResourceFinder, std::less<>>;

struct AccessRow {
  std::string_view operation;  // "PutRule"
  /// Alternatives between '|', the first whose members are all there holds; "*" where none does.
  ///   "@StreamARN"                 the member's value, when it is an ARN
  ///   "stream/{StreamName}"        arn:PARTITION:SERVICE:REGION:ACCOUNT:stream/VALUE
  ///   "rule/{EventBusName=default}/{Name}"  with a value for a member that is absent
  ///   "arn:aws:cloudwatch::{account}:dashboard/{DashboardName}"  {account} is the caller's
  ///   "$queue"                     what the service's finder of that name says
  std::string_view resource = "*";
  /// "" for PREFIX:OPERATION; several between ' '. All must be allowed on each resource.
  std::string_view action = {};
  /// A list of structures, for each of which resource and keys are read from the element, then from the input; or a
  /// list of texts, each of which stands for {}.
  std::string_view each = {};
  /// Condition keys: "events:source=Source events:TargetArn=Targets[].Arn"; quoted, a fixed one:
  /// "events:eventBusInvocation='false'".
  std::string_view keys = {};
  /// Members with ARNs of roles that the service will assume, between ' ': "RoleArn Targets[].RoleArn"; or "$finder",
  /// which says them between ' '. iam:PassRole is asked for each.
  std::string_view roles = {};
  /// Asked for, too, when the input has tags: "sqs:TagQueue".
  std::string_view tagging = {};
  /// Asked for, too, of each resource whose ARN is at a path: "lambda:GetLayerVersion=Layers[]".
  std::string_view uses = {};
  /// Policies of resources cannot let other accounts do it.
  bool own_account = false;
};

struct AccessTable {
  std::string_view prefix;  // of actions, and the service of ARNs: "events"
  std::span<const AccessRow> rows;
  std::string_view passed_to = {};  // iam:PassedToService: "events.amazonaws.com"
};

/// Describes the table's operations. What the authority knows of a resource (Authority::know) is asked for each:
/// policy, tags. Tags in the input are keys of every access. `table` is to live as long as the authority does.
void describe(Authority& authority, const wire::Service& service, const AccessTable& table,
              ResourceFinders finders = {});

/// Tags in an input: aws:RequestTag/KEY, aws:TagKeys.
void add_tag_keys(const InputFields& input, policy::Context& keys);

/// Tags that a resource has: aws:ResourceTag/KEY.
void add_resource_tags(const ResourceFacts& facts, policy::Context& keys);

/// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE where the call is.
std::string arn_here(const Call& call, std::string_view service, std::string_view resource);

}  // namespace signalbox::cloud

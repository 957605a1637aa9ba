// Functions as they are kept: immutable values, replaced as a whole, so that any thread may read what another changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/seal.h"
#include "cloud/shape_fields.h"
#include "models/lambda.h"
#include "policy/document.h"
#include "services/lambda/names.h"
#include "store/field_forms.h"
#include "store/key.h"

namespace signalbox::lambda {

namespace model = models::lambda;

using Tags = std::map<std::string, std::string, std::less<>>;

/// A version as it runs, or the latest. One that changes becomes another object.
struct Version {
  std::string number;                   // "$LATEST" or "7"
  model::FunctionConfiguration config;  // with its environment in the clear; State and the like are not kept
  std::string code;                     // its name in the code store
  std::vector<std::string> layers;      // theirs, in order
  std::string published_from;           // of one with a number: a digest of what it was made from
  /// What workers belong to: shared by copies that run alike and differ only in what is said of them (the revision).
  std::shared_ptr<const char> run = std::make_shared<char>();
};
using VersionPtr = std::shared_ptr<const Version>;

/// The resource policy of a function, or of a version or alias of it.
struct Policy {
  std::string text;
  std::shared_ptr<const policy::Document> document;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("text", self.text)("revision", store::Unused());
  }
  bool restore();
};

/// All but the versions is one record.
struct Function {
  static constexpr std::uint8_t kVersion = 1;
  FunctionName name;
  std::uint64_t next_version = 1;
  std::optional<std::int32_t> reserved;  // concurrency
  Tags tags;
  VersionPtr latest;
  std::map<std::uint64_t, VersionPtr> versions;
  // By qualifier, "" for none.
  std::map<std::string, model::AliasConfiguration, std::less<>> aliases;
  std::map<std::string, Policy, std::less<>> policies;
  std::map<std::string, model::GetFunctionUrlConfigResponse, std::less<>> urls;
  std::map<std::string, model::FunctionEventInvokeConfig, std::less<>> invoke_configs;

  /// The version or latest of that name; null when there is none.
  VersionPtr version(std::string_view number) const;
  /// That a qualifier stands for ("" and "$LATEST" for the latest): of an alias with weights, by `chance` in [0, 1).
  /// Null when there is none.
  VersionPtr resolve(std::string_view qualifier, double chance) const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("next_version", self.next_version)("reserved", self.reserved)("tags", self.tags);
    field("aliases", cloud::each_as_json(*model::kGetAlias.operation->output, self.aliases));
    field("policies", self.policies);
    field("urls", cloud::each_as_json(*model::kGetFunctionUrlConfig.operation->output, self.urls));
    field("invoke_configs",
          cloud::each_as_json(*model::kGetFunctionEventInvokeConfig.operation->output, self.invoke_configs));
  }
};
using FunctionPtr = std::shared_ptr<const Function>;

struct LayerVersion {
  model::GetLayerVersionResponse description;
  std::string code;
  std::string policy;  // its resource policy; "" for none
  std::string policy_revision;
};
struct Layer {
  LayerName name;
  std::uint64_t next_version = 1;
  std::map<std::uint64_t, LayerVersion> versions;
};
using LayerPtr = std::shared_ptr<const Layer>;

inline constexpr std::string_view kFunctionSpace = "lambda.function";
inline constexpr std::string_view kVersionSpace = "lambda.version";
inline constexpr std::string_view kLayerSpace = "lambda.layer";
store::Key function_key(const FunctionName& name);
/// Of one version; number 0 is the latest.
store::Key version_key(const FunctionName& name, std::uint64_t number);
store::Key layer_key(const LayerName& name);

/// The environment is sealed. Empty optionals on bytes that are no such record.
std::string encode(const Version& version, const FunctionName& name, const Sealer& sealer);
std::optional<Version> decode_version(std::string_view bytes, const FunctionName& name, const Sealer& sealer);
std::string encode(const Layer& layer);
std::optional<Layer> decode_layer(std::string_view bytes);

struct RecordName {
  cloud::Scope scope;
  std::string name;
  std::uint64_t number = 0;  // of versions
};
std::optional<RecordName> read_record_key(std::string_view key, bool numbered);

}  // namespace signalbox::lambda

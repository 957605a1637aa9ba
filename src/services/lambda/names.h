// How functions and layers are named: by name, partial ARN or ARN, with a qualifier or without.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/scope.h"

namespace signalbox::lambda {

inline constexpr std::string_view kLatest = "$LATEST";

struct FunctionName {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const FunctionName&) const = default;
  /// arn:aws:lambda:REGION:ACCOUNT:function:NAME, with ":QUALIFIER" where there is one.
  std::string arn(std::string_view qualifier = {}) const;
};

/// What a request names.
struct FunctionReference {
  FunctionName function;
  std::string qualifier;  // "" for none
};

/// Reads "name", "name:alias", "ACCOUNT:function:name" or an ARN; a qualifier given beside is to be the same as one
/// within. Errors: ValidationException; ResourceNotFoundException for another Region's.
Result<FunctionReference> read_any_function(const cloud::Scope& caller, std::string_view text,
                                            const std::optional<std::string>& qualifier = {});
/// Of the caller's own account. Errors: also ResourceNotFoundException for another account's.
Result<FunctionReference> read_function(const cloud::Scope& caller, std::string_view text,
                                        const std::optional<std::string>& qualifier = {});
/// Of an ARN; empty when it names no function.
std::optional<FunctionReference> read_function_arn(std::string_view arn);

/// True for "1", "42": what versions are called but the latest.
bool is_version_number(std::string_view text);

struct LayerName {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const LayerName&) const = default;
  std::string arn() const;
  std::string arn(std::uint64_t version) const;
};
/// Reads a layer's name or ARN, which may be another account's. Errors: InvalidParameterValueException.
Result<LayerName> read_layer(const cloud::Scope& caller, std::string_view text);
struct LayerReference {
  LayerName layer;
  std::uint64_t version = 0;
};
/// Of the ARN of a layer version; empty when it is none.
std::optional<LayerReference> read_layer_arn(std::string_view arn);

/// Tags as a request gives them, or as they are with them. Errors: InvalidParameterValueException.
Result<void> check_tags(const std::map<std::string, std::string, std::less<>>& tags);

std::unexpected<Error> no_such_function(std::string_view arn);
/// InvalidParameterValueException.
std::unexpected<Error> invalid(std::string message);
/// InvalidParameterValueException that names what this server does not do.
std::unexpected<Error> not_supported(std::string_view field);

}  // namespace signalbox::lambda

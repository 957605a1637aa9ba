#include "services/lambda/names.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "cloud/tags.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::unexpected<Error> bad_name(std::string_view text) {
  return fail("ValidationException", "1 validation error detected: Value '" + std::string(text) +
                                         "' at 'functionName' failed to satisfy constraint: it is no name, partial ARN "
                                         "or ARN of a function.");
}

/// What stands behind "function:", or alone.
Result<FunctionReference> read_parts(const cloud::Scope& scope, std::string_view name, std::string_view qualifier,
                                     std::string_view text) {
  if (!is_name(name)) return bad_name(text);
  if (name.size() > kMaxName) {
    return fail("ValidationException", "1 validation error detected: Value '" + std::string(name) +
                                           "' at 'functionName' failed to satisfy constraint: Member must have length "
                                           "less than or equal to 64");
  }
  return FunctionReference{{scope, std::string(name)}, std::string(qualifier)};
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string FunctionName::arn(std::string_view qualifier) const {
  std::string resource = "function:" + name;
  if (!qualifier.empty()) resource.append(":").append(qualifier);
  return cloud::make_arn("lambda", scope, resource);
}

bool is_version_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<FunctionReference> read_function(const cloud::Scope& caller, std::string_view text,
                                        const std::optional<std::string>& qualifier) {
  auto read = read_any_function(caller, text, qualifier);
  if (read && read->function.scope != caller) return no_such_function(text);
  return read;
}

Result<FunctionReference> read_any_function(const cloud::Scope& caller, std::string_view text,
                                            const std::optional<std::string>& qualifier) {
  const std::vector<std::string_view> parts = split(text);
  const std::size_t count = parts.size();
  Result<FunctionReference> read = bad_name(text);
  if (parts[0] == "arn") {
    const auto named = read_function_arn(text);
    if (named) read = *named;
  } else if (count >= 3 && parts[1] == "function" && cloud::is_account_id(parts[0]) && count <= 4) {
    read = read_parts({std::string(parts[0]), caller.region}, parts[2], count == 4 ? parts[3] : "", text);
  } else if (count >= 2 && parts[0] == "function" && count <= 3) {
    read = read_parts(caller, parts[1], count == 3 ? parts[2] : "", text);
  } else if (count <= 2) {
    read = read_parts(caller, parts[0], count == 2 ? parts[1] : "", text);
  }
  if (!read) return read;
  if (const std::string& region = read->function.scope.region; region != caller.region) {
    return fail("ResourceNotFoundException",
                "Functions from '" + region + "' are not reachable in this region ('" + caller.region + "')", 404);
  }
  if (!qualifier) return read;
  if (!read->qualifier.empty() && read->qualifier != *qualifier) {
    return fail("InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.");
  }
  read->qualifier = *qualifier;
  return read;
}

std::optional<FunctionReference> read_function_arn(std::string_view text) {
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "lambda" || arn->region.empty() || !cloud::is_account_id(arn->account)) {
    return std::nullopt;
  }
  const std::vector<std::string_view> parts = split(arn->resource);
  if (parts.size() < 2 || parts.size() > 3 || parts[0] != "function" || !is_name(parts[1])) return std::nullopt;
  return FunctionReference{{arn->scope(), std::string(parts[1])}, parts.size() == 3 ? std::string(parts[2]) : ""};
}

std::string LayerName::arn() const {
  return cloud::make_arn("lambda", scope, "layer:" + name);
}

std::string LayerName::arn(std::uint64_t version) const {
  return arn() + ":" + std::to_string(version);
}

Result<LayerName> read_layer(const cloud::Scope& caller, std::string_view text) {
  if (is_name(text)) return LayerName{caller, std::string(text)};
  const auto arn = cloud::Arn::parse(text);
  if (arn && arn->service == "lambda" && arn->resource.starts_with("layer:") && is_name(arn->resource.substr(6))) {
    return LayerName{arn->scope(), arn->resource.substr(6)};
  }
  return invalid("Invalid Layer name: " + std::string(text));
}

std::optional<LayerReference> read_layer_arn(std::string_view text) {
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "lambda") return std::nullopt;
  const std::vector<std::string_view> parts = split(arn->resource);
  if (parts.size() != 3 || parts[0] != "layer" || !is_name(parts[1])) return std::nullopt;
  const auto version = read_number(parts[2]);
  if (!version) return std::nullopt;
  return LayerReference{{arn->scope(), std::string(parts[1])}, *version};
}

Result<void> check_tags(const std::map<std::string, std::string, std::less<>>& tags) {
  if (tags.size() > cloud::kMaxTags) return invalid("Number of tags exceeds resource tag limit.");
  for (const auto& [key, value] : tags) {
    if (cloud::is_reserved_tag(key)) return invalid("Tag keys must not begin with aws: " + key);
  }
  return {};
}

std::unexpected<Error> no_such_function(std::string_view arn) {
  return fail("ResourceNotFoundException", "Function not found: " + std::string(arn), 404);
}

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidParameterValueException", std::move(message));
}

std::unexpected<Error> not_supported(std::string_view field) {
  return invalid(std::string(field) + " is not supported yet.");
}

}  // namespace signalbox::lambda

#include "services/lambda/configuration.h"

#include <sys/utsname.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/time_text.h"
#include "services/lambda/runtimes.h"

namespace signalbox::lambda {
namespace {

constexpr std::int32_t kMaxTimeout = 900;
constexpr std::int32_t kMaxMemory = 10'240;
constexpr std::size_t kMaxEnvironment = 4096;
constexpr std::size_t kMaxLayers = 5;

/// "Reserved environment variables".
constexpr std::string_view kReserved[] = {"_HANDLER",
                                          "_X_AMZN_TRACE_ID",
                                          "AWS_DEFAULT_REGION",
                                          "AWS_REGION",
                                          "AWS_EXECUTION_ENV",
                                          "AWS_LAMBDA_FUNCTION_NAME",
                                          "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                          "AWS_LAMBDA_FUNCTION_VERSION",
                                          "AWS_LAMBDA_INITIALIZATION_TYPE",
                                          "AWS_LAMBDA_LOG_GROUP_NAME",
                                          "AWS_LAMBDA_LOG_STREAM_NAME",
                                          "AWS_ACCESS_KEY",
                                          "AWS_ACCESS_KEY_ID",
                                          "AWS_SECRET_ACCESS_KEY",
                                          "AWS_SESSION_TOKEN",
                                          "AWS_LAMBDA_RUNTIME_API",
                                          "LAMBDA_TASK_ROOT",
                                          "LAMBDA_RUNTIME_DIR"};

Result<void> check_environment(const std::map<std::string, std::string, std::less<>>& variables) {
  std::string reserved;
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size();
    if (value.find('\0') != std::string::npos) return invalid("Environment variables hold no zero bytes: " + name);
    if (std::ranges::count(kReserved, std::string_view(name)) == 0) continue;
    if (!reserved.empty()) reserved += ", ";
    reserved += name;
  }
  if (!reserved.empty()) {
    return invalid(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
        "request: " +
        reserved);
  }
  if (bytes > kMaxEnvironment) {
    return invalid(
        "Lambda was unable to configure your environment variables because the environment variables you "
        "have provided exceeded the 4KB limit.");
  }
  return {};
}

Result<void> out_of_bounds(std::string_view name, std::int32_t value, std::int32_t least, std::int32_t most) {
  if (value >= least && value <= most) return {};
  const bool low = value < least;
  return fail("ValidationException", "1 validation error detected: Value '" + std::to_string(value) + "' at '" +
                                         std::string(name) + "' failed to satisfy constraint: Member must have value " +
                                         (low ? "greater" : "less") + " than or equal to " +
                                         std::to_string(low ? least : most));
}

/// Members that both requests have and that do nothing here.
template <class Request>
Result<void> refuse(const Request& request) {
  if (request.vpc_config &&
      ((request.vpc_config->subnet_ids && !request.vpc_config->subnet_ids->empty()) ||
       (request.vpc_config->security_group_ids && !request.vpc_config->security_group_ids->empty()))) {
    return not_supported("VpcConfig");
  }
  if (request.kms_key_arn && !request.kms_key_arn->empty()) return not_supported("KMSKeyArn");
  if (request.tracing_config && request.tracing_config->mode == model::tracing_mode::kActive) {
    return not_supported("TracingConfig.Mode Active");
  }
  if (request.file_system_configs && !request.file_system_configs->empty()) return not_supported("FileSystemConfigs");
  if (request.image_config) return not_supported("ImageConfig");
  if (request.snap_start && request.snap_start->apply_on != model::snap_start_apply_on::kNone) {
    return not_supported("SnapStart.ApplyOn PublishedVersions");
  }
  if (request.capacity_provider_config) return not_supported("CapacityProviderConfig");
  if (request.durable_config) return not_supported("DurableConfig");
  if (request.logging_config) {
    const auto& logging = *request.logging_config;
    if (logging.log_format.value_or("Text") != "Text") return not_supported("LoggingConfig.LogFormat JSON");
    if (logging.application_log_level) return not_supported("LoggingConfig.ApplicationLogLevel");
    if (logging.system_log_level) return not_supported("LoggingConfig.SystemLogLevel");
  }
  return {};
}

Result<void> set_layers(const Core& core, const cloud::Scope& scope, const std::vector<std::string>& arns,
                        Version& version) {
  if (arns.size() > kMaxLayers) return invalid("Cannot reference more than 5 layers.");
  version.layers.clear();
  auto& shown_layers = version.config.layers.emplace();
  for (const std::string& arn : arns) {
    const auto named = read_layer_arn(arn);
    const LayerPtr layer = named && named->layer.scope == scope ? core.find_layer(named->layer) : nullptr;
    const auto found = layer ? layer->versions.find(named->version) : decltype(layer->versions.end()){};
    if (!layer || found == layer->versions.end()) return invalid("Layer version " + arn + " does not exist.");
    version.layers.push_back(found->second.code);
    shown_layers.push_back({arn, found->second.description.content->code_size, {}, {}});
  }
  return {};
}

template <class Request>
Result<void> set_common(const Core& core, const FunctionName& name, const Request& request, Version& version) {
  Result<void> done = refuse(request);
  if (!done) return done;
  model::FunctionConfiguration& config = version.config;
  if (request.role) {
    const auto role = cloud::Arn::parse(*request.role);
    if (!role || role->account != name.scope.account) {
      return fail("AccessDeniedException", "Cross-account pass role is not allowed.", 403);
    }
    config.role = request.role;
  }
  if (request.handler) config.handler = request.handler;
  if (request.description) config.description = request.description;
  if (request.timeout) config.timeout = request.timeout;
  if (request.memory_size) config.memory_size = request.memory_size;
  if (request.runtime) config.runtime = request.runtime;
  if (request.ephemeral_storage) config.ephemeral_storage = request.ephemeral_storage;
  if (request.logging_config && request.logging_config->log_group) {
    config.logging_config->log_group = request.logging_config->log_group;
  }
  done = out_of_bounds("timeout", *config.timeout, 1, kMaxTimeout);
  if (done) done = out_of_bounds("memorySize", *config.memory_size, 128, kMaxMemory);
  if (done) done = out_of_bounds("ephemeralStorage.size", *config.ephemeral_storage->size, 512, kMaxMemory);
  if (!done) return done;
  if (!config.runtime)
    return invalid(
        "Runtime and Handler are mandatory parameters for functions created with "
        "deployment packages.");
  const auto runtime = find_runtime(*config.runtime);
  if (!runtime) return std::unexpected(runtime.error());
  if (!config.handler)
    return invalid(
        "Runtime and Handler are mandatory parameters for functions created with "
        "deployment packages.");
  if (request.environment) {
    config.environment.reset();
    if (request.environment->variables) {
      done = check_environment(*request.environment->variables);
      if (!done) return done;
      if (!request.environment->variables->empty()) {
        config.environment.emplace().variables = *request.environment->variables;
      }
    }
  }
  if (request.dead_letter_config) {
    const std::string arn = request.dead_letter_config->target_arn.value_or("");
    config.dead_letter_config.reset();
    if (!arn.empty()) {
      done = check_destination(core, name, arn, true);
      if (!done) return done;
      config.dead_letter_config.emplace().target_arn = arn;
    }
  }
  if (request.layers) return set_layers(core, name.scope, *request.layers, version);
  return {};
}

}  // namespace

Result<void> configure(const Core& core, const FunctionName& name, const model::CreateFunctionRequest& request,
                       Version& version) {
  if (request.package_type.value_or("Zip") != "Zip") return not_supported("PackageType Image");
  if (request.code_signing_config_arn) return not_supported("CodeSigningConfigArn");
  if (request.publish_to) return not_supported("PublishTo");
  if (request.tenancy_config) return not_supported("TenancyConfig");
  Result<void> architectures = check_architectures(request.architectures);
  if (!architectures) return architectures;
  model::FunctionConfiguration& config = version.config;
  config.description = "";
  config.timeout = 3;
  config.memory_size = 128;
  config.ephemeral_storage.emplace().size = 512;
  config.logging_config.emplace().log_format = "Text";
  config.logging_config->log_group = "/aws/lambda/" + name.name;
  config.package_type = "Zip";
  config.architectures = {architecture()};
  return set_common(core, name, request, version);
}

Result<void> configure(const Core& core, const FunctionName& name,
                       const model::UpdateFunctionConfigurationRequest& request, Version& version) {
  return set_common(core, name, request, version);
}

model::FunctionConfiguration shown(const FunctionName& name, const Version& version, std::string_view qualifier) {
  model::FunctionConfiguration config = version.config;
  config.function_name = name.name;
  config.function_arn = name.arn(qualifier);
  config.version = version.number;
  config.state = "Active";
  config.last_update_status = "Successful";
  config.tracing_config.emplace().mode = "PassThrough";
  config.snap_start.emplace().apply_on = "None";
  config.snap_start->optimization_status = "Off";
  return config;
}

std::string modified_text(Time time) {
  std::string text = to_iso8601_millis(time);
  if (text.ends_with('Z')) text.pop_back();
  return text + "+0000";
}

std::string code_sha256(const std::string& code) {
  return to_base64(from_hex(code).value_or(""));
}

std::string architecture() {
  utsname host{};
  ::uname(&host);
  return std::string_view(host.machine) == "aarch64" ? "arm64" : "x86_64";
}

Result<void> check_architectures(const std::optional<std::vector<std::string>>& given) {
  if (!given || (given->size() == 1 && given->front() == architecture())) return {};
  return invalid("Architectures: this host runs functions for " + architecture() + " only.");
}

Result<void> check_destination(const Core& core, const FunctionName& name, const std::string& text, bool dead_letters) {
  const auto arn = cloud::Arn::parse(text);
  const bool known = arn && (arn->service == "sqs" || arn->service == "sns" ||
                             (!dead_letters && (arn->service == "lambda" || arn->service == "events")));
  if (!known) {
    return invalid("The destination " + text + " is not supported: it must be a queue or a topic" +
                   (dead_letters ? "." : ", a function or an event bus."));
  }
  if (arn->scope() != name.scope)
    return invalid("A destination in another account or Region is not supported: " + text);
  if (core.house.event_targets.find(*arn) == nullptr) return invalid("This server has nothing like " + text + ".");
  if (arn->service == "lambda" && read_function_arn(text) && read_function_arn(text)->function == name) {
    return invalid("The destination of a function cannot be the function itself.");
  }
  return {};
}

}  // namespace signalbox::lambda

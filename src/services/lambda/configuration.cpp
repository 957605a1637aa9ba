#include "services/lambda/configuration.h"

#include <sys/utsname.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"
#include "services/lambda/layer_policy.h"
#include "services/lambda/retired_runtimes.h"
#include "services/lambda/rights.h"
#include "services/lambda/runtimes.h"

namespace signalbox::lambda {
namespace {

constexpr std::int32_t kMaxTimeout = 900;
constexpr std::int32_t kMaxMemory = 10'240;
constexpr std::size_t kMaxEnvironment = 4096;
constexpr std::size_t kMaxLayers = 5;
constexpr const char* kBeingCreated = "The function is being created.";

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
  std::string measured;  // what the bound is of
  json::Writer writer(measured);
  writer.begin_object();
  for (const auto& [name, value] : variables) {
    writer.member(name, value);
    if (std::ranges::count(kReserved, std::string_view(name)) == 0) continue;
    if (!reserved.empty()) reserved += ", ";
    reserved += name;
  }
  writer.end_object();
  if (!reserved.empty()) {
    return invalid(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
        "request: " +
        reserved);
  }
  if (measured.size() > kMaxEnvironment) {
    return invalid(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit. String measured: " +
        measured);
  }
  return {};
}

/// Every text that a function's environment or command holds: none may end there before its end. The sandbox refuses
/// them as well (sandbox_options.cpp), for what comes another way.
Result<void> check_texts(const model::FunctionConfiguration& config) {
  const auto has_zero = [](const std::optional<std::string>& text) {
    return text && text->find('\0') != std::string::npos;
  };
  const auto refused = [](std::string_view name) {
    return invalid("The value of " + std::string(name) + " must not contain zero bytes.");
  };
  if (has_zero(config.handler)) return refused("Handler");
  if (has_zero(config.runtime)) return refused("Runtime");
  if (config.logging_config && has_zero(config.logging_config->log_group)) return refused("LoggingConfig.LogGroup");
  if (!config.environment || !config.environment->variables) return {};
  for (const auto& [name, value] : *config.environment->variables) {
    if (has_zero(name) || has_zero(value)) return refused("Environment.Variables");
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
  version.config.layers.reset();
  std::map<LayerName, std::string> seen;
  for (const std::string& arn : arns) {
    const auto named = read_layer_arn(arn);
    if (named && named->layer.scope.account == scope.account && named->layer.scope.region != scope.region) {
      return invalid("Layers are not in the same region as the function. Layers are expected to be in region " +
                     scope.region + ".");
    }
    const LayerPtr layer = named && named->layer.scope.region == scope.region ? core.find_layer(named->layer) : nullptr;
    const auto found = layer ? layer->versions.find(named->version) : decltype(layer->versions.end()){};
    const bool is_there = layer && found != layer->versions.end();
    if (!is_there && (!named || named->layer.scope.account == scope.account)) {
      return invalid("Layer version " + arn + " does not exist.");
    }
    Result<void> may = check_layer_user(*named, is_there ? found->second : LayerVersion(), scope.account);
    if (!may) return may;
    const auto [other, is_new] = seen.emplace(named->layer, arn);
    if (!is_new) {
      return invalid(
          "Two different versions of the same layer are not allowed to be referenced in the same function. " +
          other->second + " and " + arn + " are versions of the same layer.");
    }
    version.layers.push_back(found->second.code);
    if (!version.config.layers) version.config.layers.emplace();
    version.config.layers->push_back({arn, found->second.description.content->code_size, {}, {}});
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
    if (!core.house.sessions.may_take_on(role_of(name, *request.role))) {
      return invalid("The role defined for the function cannot be assumed by Lambda.");
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
  if (request.runtime) {
    done = check_runtime(*request.runtime);
    if (!done) return done;
  }
  const auto runtime = find_runtime(*config.runtime);
  if (!runtime) return std::unexpected(runtime.error());
  done = check_architectures(*config.architectures, *config.runtime, *runtime);
  if (!done) return done;
  if (!config.handler)
    return invalid(
        "Runtime and Handler are mandatory parameters for functions created with "
        "deployment packages.");
  if (request.environment) {
    auto& variables = config.environment.emplace().variables.emplace();
    if (request.environment->variables) variables = *request.environment->variables;
    done = check_environment(variables);
    if (!done) return done;
  }
  done = check_texts(config);
  if (!done) return done;
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
  model::FunctionConfiguration& config = version.config;
  config.description = "";
  config.timeout = 3;
  config.memory_size = 128;
  config.ephemeral_storage.emplace().size = 512;
  config.logging_config.emplace().log_format = "Text";
  config.logging_config->log_group = "/aws/lambda/" + name.name;
  config.package_type = "Zip";
  config.architectures = request.architectures.value_or(std::vector<std::string>{architecture()});
  return set_common(core, name, request, version);
}

Result<void> configure(const Core& core, const FunctionName& name,
                       const model::UpdateFunctionConfigurationRequest& request, Version& version) {
  return set_common(core, name, request, version);
}

asio::awaitable<Result<void>> check_layers(Core& core, cloud::Scope scope,
                                           std::optional<std::vector<std::string>> arns) {
  if (!arns || arns->empty()) co_return Result<void>();
  Version version;
  Result<void> set = set_layers(core, scope, *arns, version);
  if (!set) co_return set;
  const auto unpacked = co_await core.blocking([&] { return core.code.unpacked(version.layers); });
  if (!unpacked) co_return std::unexpected(unpacked.error());
  co_return Result<void>();
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
  const auto digest = sha256(config.runtime.value_or(""));
  cloud::Arn runtime{"aws", "lambda", name.scope.region, "", "runtime:"};
  runtime.resource += to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  config.runtime_version_config.emplace().runtime_version_arn = runtime.text();
  return config;
}

model::FunctionConfiguration shown_created(const Core& core, model::FunctionConfiguration config) {
  config.state = model::state::kPending;
  config.state_reason = kBeingCreated;
  config.state_reason_code = model::state_reason_code::kCreating;
  config.last_update_status.reset();
  config.revision_id = core.house.random.uuid();
  return config;
}

model::FunctionConfiguration shown_updated(const Core& core, model::FunctionConfiguration config) {
  config.last_update_status = model::last_update_status::kInProgress;
  config.last_update_status_reason = kBeingCreated;
  config.last_update_status_reason_code = model::state_reason_code::kCreating;
  config.revision_id = core.house.random.uuid();
  return config;
}

model::FunctionConfiguration listed(model::FunctionConfiguration config) {
  config.state.reset();
  config.last_update_status.reset();
  config.runtime_version_config.reset();
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

Result<void> check_architectures(const std::vector<std::string>& given, const std::string& name,
                                 const Runtime& runtime) {
  if (given.size() != 1) return invalid("Architectures: exactly one is to be named.");
  if (runtime.any_architecture || given.front() == architecture()) return {};
  return invalid("Architectures: this host runs packages of machine code, such as the runtime " + name +
                 " takes, for " + architecture() + " only.");
}

Result<void> check_destination(const Core& core, const FunctionName& name, const std::string& text, bool dead_letters) {
  const auto arn = cloud::Arn::parse(text);
  const bool known = arn && (arn->service == "sqs" || arn->service == "sns" ||
                             (!dead_letters && (arn->service == "lambda" || arn->service == "events")));
  if (!known || text.find('\0') != std::string::npos) return invalid("The destination ARN " + text + " is invalid.");
  if (arn->scope() != name.scope)
    return invalid("A destination in another account or Region is not supported: " + text);
  if (core.house.event_targets.find(*arn) == nullptr) return invalid("This server has nothing like " + text + ".");
  if (arn->service != "lambda") return {};
  const auto function = read_function_arn(text);
  if (!function || !core.find(function->function)) return invalid("The destination ARN " + text + " is invalid.");
  if (function->function == name) return invalid("You can't specify the function as a destination for itself.");
  return {};
}

}  // namespace signalbox::lambda

#include "services/lambda/lambda.h"

#include "services/lambda/changes.h"
#include "services/lambda/fleet.h"
#include "services/lambda/function_code_page.h"
#include "services/lambda/mappings.h"
#include "services/lambda/rights.h"
#include "services/lambda/runtime_files.h"
#include "store/spaces.h"

namespace signalbox::lambda {
namespace {

std::unexpected<Error> broken(std::string_view what) {
  return fail("StoreError", "The record of a " + std::string(what) + " in the store cannot be read.");
}

Result<void> load_functions(Core& core, const store::Snapshot& snapshot) {
  std::map<FunctionName, std::shared_ptr<Function>> functions;
  Result<void> done = store::each_record(snapshot, store::Key(kFunctionSpace),
                                         [&](std::string_view key, std::string_view value) -> Result<void> {
                                           const auto name = read_record_key(key, false);
                                           auto function = store::decode<Function>(value);
                                           if (!name || !function) return broken("function");
                                           const FunctionName is{name->scope, name->name};
                                           function->name = is;
                                           functions[is] = std::make_shared<Function>(*std::move(function));
                                           return {};
                                         });
  if (!done) return done;
  done = store::each_record(snapshot, store::Key(kVersionSpace),
                            [&](std::string_view key, std::string_view value) -> Result<void> {
                              const auto name = read_record_key(key, true);
                              if (!name) return broken("version of a function");
                              const FunctionName function{name->scope, name->name};
                              auto version = decode_version(value, function, core.house.sealer);
                              const auto found = functions.find(function);
                              if (!version || found == functions.end()) return broken("version of a function");
                              auto kept = std::make_shared<const Version>(*std::move(version));
                              if (name->number == 0) {
                                found->second->latest = std::move(kept);
                              } else {
                                found->second->versions[name->number] = std::move(kept);
                              }
                              return {};
                            });
  if (!done) return done;
  for (auto& [name, function] : functions) {
    if (!function->latest) return broken("version of a function");
    core.put(FunctionPtr(std::move(function)));
  }
  return {};
}

Result<void> load_layers(Core& core, const store::Snapshot& snapshot) {
  return store::each_record(snapshot, store::Key(kLayerSpace),
                            [&](std::string_view key, std::string_view value) -> Result<void> {
                              const auto name = read_record_key(key, false);
                              auto layer = decode_layer(value);
                              if (!name || !layer) return broken("layer");
                              layer->name = {name->scope, name->name};
                              core.put(std::make_shared<const Layer>(*std::move(layer)));
                              return {};
                            });
}

}  // namespace

Lambda::Lambda(const cloud::House& house, Options options) : core_(std::make_unique<Core>(house, std::move(options))) {
  house.door.add_service(model::kService);
  register_function_operations(*core_);
  register_code_operations(*core_);
  register_version_operations(*core_);
  register_layer_operations(*core_);
  register_permission_operations(*core_);
  register_setting_operations(*core_);
  register_tag_operations(*core_);
  register_url_operations(*core_);
  register_invoke_operations(*core_);
  register_mapping_operations(*core_);
  register_unset_operations(*core_);
  register_layer_policy_operations(*core_);
  add_code_page(*core_);
  describe_access(*core_);
}

Lambda::~Lambda() = default;

Result<void> Lambda::load() {
  Result<void> done = core_->code.open();
  if (done) done = put_runtime_files(core_->code);
  const auto snapshot = core_->house.store.read();
  if (done) done = load_functions(*core_, *snapshot);
  if (done) done = load_layers(*core_, *snapshot);
  if (done) done = core_->mappings->load(*snapshot);
  if (!done) return done;
  core_->code.keep_only(core_->used_code());
  core_->fleet->tell_confinement();
  return {};
}

void Lambda::drain() {
  core_->mappings->drain();
}

void Lambda::stop() {
  core_->stop();
}

}  // namespace signalbox::lambda

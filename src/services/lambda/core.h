// What the parts of the service share.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "services/lambda/code_store.h"
#include "services/lambda/function.h"
#include "services/lambda/lambda.h"

namespace signalbox::lambda {

namespace asio = boost::asio;
class Worker;
class Fleet;
class Mappings;

struct Core {
  Core(const cloud::House& with, Options chosen);
  ~Core();

  // Functions and layers as they are now. Any thread; null for what there is not.
  FunctionPtr find(const FunctionName& name) const;
  std::vector<FunctionPtr> functions_of(const cloud::Scope& scope) const;
  LayerPtr find_layer(const LayerName& name) const;
  std::vector<LayerPtr> layers_of(const cloud::Scope& scope) const;
  /// The function that a URL's name stands for, and its qualifier.
  std::optional<FunctionReference> find_url(std::string_view id) const;
  /// Whether that was a function's URL since the server began, and the function is there still.
  bool was_url(std::string_view id) const;
  void put(FunctionPtr function);
  void erase(const FunctionName& name);
  void put(LayerPtr layer);
  void erase(const LayerName& name);
  /// Whether any version or layer is made of that package.
  bool is_used(const std::string& code) const;
  std::set<std::string> used_code() const;
  /// Concurrency that functions of the account and Region reserve.
  std::int32_t reserved_of(const cloud::Scope& scope) const;
  /// CodeStore::settle, on a thread that may block; nobody waits.
  void settle_code(std::string name, bool was_put);

  /// Functions of an account are changed one at a time.
  cloud::Turns& turns_of(const cloud::Scope& scope);
  cloud::Shard& shard_of(const cloud::Scope& scope) { return house.shards.owner("lambda:" + scope.account); }

  /// Runs `work()`, which blocks, on a thread for that, and resumes here.
  template <class Work>
  auto blocking(Work work) -> asio::awaitable<std::invoke_result_t<Work&>> {
    auto run = [&work]() -> asio::awaitable<std::invoke_result_t<Work&>> { co_return work(); };
    co_return co_await asio::co_spawn(blocking_executor(), run(), asio::use_awaitable);
  }
  asio::any_io_executor blocking_executor();
  /// Runs what waits for the outside, so that nobody waits for it.
  void detach(cloud::Shard& shard, std::string_view name, asio::awaitable<void> work);

  /// Variables with the credentials of the function's execution role. Errors: AccessDeniedException.
  Result<std::vector<std::string>> credentials_for(const FunctionName& function, const Version& version) const;
  void worker_ended(const FunctionName& function, const std::shared_ptr<Worker>& worker);

  void stop();

  const cloud::House house;
  const Options options;
  CodeStore code;
  std::unique_ptr<Fleet> fleet;
  std::unique_ptr<Mappings> mappings;

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
  mutable std::shared_mutex mutex_;
  std::map<FunctionName, FunctionPtr> functions_;
  std::map<LayerName, LayerPtr> layers_;
  std::map<std::string, FunctionReference, std::less<>> urls_;
  std::set<std::string, std::less<>> former_urls_;
  std::map<cloud::Scope, std::int32_t> reserved_;
  std::map<cloud::Scope, cloud::Turns> turns_;  // those of an account on its shard
};

/// Runs the coroutine `work()` where functions of that account are changed, alone.
template <class Work>
auto in_turn(Core& core, const cloud::Scope& scope, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.turns_of(scope).take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.shard_of(scope), std::ref(alone));
}

void register_function_operations(Core& core);
void register_code_operations(Core& core);
void register_version_operations(Core& core);
void register_layer_operations(Core& core);
void register_permission_operations(Core& core);
void register_setting_operations(Core& core);
void register_tag_operations(Core& core);
void register_url_operations(Core& core);
void register_invoke_operations(Core& core);
void register_mapping_operations(Core& core);
void register_unset_operations(Core& core);
void register_layer_policy_operations(Core& core);

}  // namespace signalbox::lambda

#include "services/lambda/core.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>

#include "services/lambda/fleet.h"
#include "services/lambda/mappings.h"
#include "services/lambda/rights.h"

namespace signalbox::lambda {
namespace {

/// Threads that unpack, start sandboxes and wait for the disk. They live as long as the server: the end of the thread
/// that started it is a sandbox's end.
constexpr std::size_t kThreads = 4;
/// How long a worker's credentials are good; no worker is kept for as long.
constexpr std::chrono::hours kCredentials{12};

/// URLs that are no more and are remembered, to tell who calls.
constexpr std::size_t kMaxFormerUrls = 10'000;

template <class Map, class Name>
auto find_in(const Map& map, const Name& name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : found->second;
}

template <class Name, class Value>
std::vector<Value> all_of(const std::map<Name, Value>& map, const cloud::Scope& scope) {
  std::vector<Value> out;
  for (auto at = map.lower_bound(Name{scope, ""}); at != map.end() && at->first.scope == scope; ++at) {
    out.push_back(at->second);
  }
  return out;
}

/// The part of a function URL that names it.
std::string url_id(const std::string& url) {
  const std::string_view path = std::string_view(url).substr(0, url.find_last_not_of('/') + 1);
  return std::string(path.substr(path.rfind('/') + 1));
}

template <class Visit>
void each_code(const Function& function, Visit visit) {
  const auto one = [&](const Version& version) {
    visit(version.code);
    for (const std::string& layer : version.layers) visit(layer);
  };
  one(*function.latest);
  for (const auto& [number, version] : function.versions) one(*version);
}

}  // namespace

struct Core::Threads {
  asio::thread_pool pool{kThreads};
};

Core::Core(const cloud::House& with, Options chosen)
    : house(with),
      options(std::move(chosen)),
      code(options.folder),
      fleet(std::make_unique<Fleet>(*this)),
      mappings(std::make_unique<Mappings>(*this)),
      threads_(std::make_unique<Threads>()) {}

Core::~Core() {
  fleet->drain();  // its timer is of the threads that go first
}

FunctionPtr Core::find(const FunctionName& name) const {
  const std::shared_lock lock(mutex_);
  return find_in(functions_, name);
}

std::vector<FunctionPtr> Core::functions_of(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  return all_of(functions_, scope);
}

LayerPtr Core::find_layer(const LayerName& name) const {
  const std::shared_lock lock(mutex_);
  return find_in(layers_, name);
}

std::vector<LayerPtr> Core::layers_of(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  return all_of(layers_, scope);
}

std::optional<FunctionReference> Core::find_url(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = urls_.find(id);
  return found == urls_.end() ? std::nullopt : std::optional(found->second);
}

bool Core::was_url(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  return former_urls_.contains(id);
}

void Core::put(FunctionPtr function) {
  const std::unique_lock lock(mutex_);
  FunctionPtr& place = functions_[function->name];
  if (place) {
    for (const auto& [qualifier, url] : place->urls) {
      urls_.erase(url_id(*url.function_url));
      if (former_urls_.size() >= kMaxFormerUrls) former_urls_.clear();
      if (!function->urls.contains(qualifier)) former_urls_.insert(url_id(*url.function_url));
    }
    reserved_[place->name.scope] -= place->reserved.value_or(0);
  }
  reserved_[function->name.scope] += function->reserved.value_or(0);
  for (const auto& [qualifier, url] : function->urls) urls_[url_id(*url.function_url)] = {function->name, qualifier};
  place = std::move(function);
}

void Core::erase(const FunctionName& name) {
  const std::unique_lock lock(mutex_);
  const auto found = functions_.find(name);
  if (found == functions_.end()) return;
  for (const auto& [qualifier, url] : found->second->urls) urls_.erase(url_id(*url.function_url));
  reserved_[name.scope] -= found->second->reserved.value_or(0);
  functions_.erase(found);
}

std::int32_t Core::reserved_of(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto found = reserved_.find(scope);
  return found == reserved_.end() ? 0 : found->second;
}

void Core::settle_code(std::string name, bool was_put) {
  asio::post(threads_->pool, [this, name = std::move(name), was_put] {
    code.settle(name, was_put, [this](const std::string& one) { return is_used(one); });
  });
}

void Core::put(LayerPtr layer) {
  const std::unique_lock lock(mutex_);
  layers_[layer->name] = std::move(layer);
}

void Core::erase(const LayerName& name) {
  const std::unique_lock lock(mutex_);
  layers_.erase(name);
}

std::set<std::string> Core::used_code() const {
  std::set<std::string> used;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, function] : functions_) {
    each_code(*function, [&](const std::string& one) { used.insert(one); });
  }
  for (const auto& [name, layer] : layers_) {
    for (const auto& [number, version] : layer->versions) used.insert(version.code);
  }
  return used;
}

bool Core::is_used(const std::string& package) const {
  return used_code().contains(package);
}

cloud::Turns& Core::turns_of(const cloud::Scope& scope) {
  const std::unique_lock lock(mutex_);
  return turns_[scope];
}

asio::any_io_executor Core::blocking_executor() {
  return threads_->pool.get_executor();
}

void Core::detach(cloud::Shard& shard, std::string_view name, asio::awaitable<void> work) {
  shard.spawn_waiting(name, std::move(work));
}

Result<std::vector<std::string>> Core::credentials_for(const FunctionName& function, const Version& version) const {
  cloud::RoleUse use = role_of(function, version.config.role.value_or(""));
  use.duration = kCredentials;
  const auto issued = house.sessions.assume(use);
  if (!issued) {
    return fail("AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.", 403);
  }
  return std::vector<std::string>{"AWS_ACCESS_KEY_ID=" + issued->access_key, "AWS_SECRET_ACCESS_KEY=" + issued->secret,
                                  "AWS_SESSION_TOKEN=" + issued->token};
}

void Core::worker_ended(const FunctionName& function, const std::shared_ptr<Worker>& worker) {
  fleet->ended(function, worker);
}

void Core::stop() {
  fleet->drain();
  threads_->pool.join();
  fleet->stop();
}

}  // namespace signalbox::lambda

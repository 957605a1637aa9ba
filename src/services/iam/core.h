// What IAM's operations share: reading an account, and changing it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "models/iam.h"
#include "services/iam/directory.h"
#include "services/iam/records.h"

namespace signalbox::iam {

namespace m = models::iam;
namespace asio = boost::asio;

struct Core {
  explicit Core(const cloud::House& with) : house(with), directory(with.store, with.clock) {}
  const cloud::House house;
  Directory directory;
  cloud::Turns turns;  // on shard 0: changes happen one at a time
};

/// An account as one operation sees it.
struct View {
  Core& core;
  const cloud::Call& call;
  AccountPtr before;
  const Account& account() const { return *before; }
};

/// What an operation changes: all of it in one commit, and shown to readers after that.
class Change {
 public:
  explicit Change(View view) : view_(std::move(view)) {}

  const View& view() const { return view_; }
  const Account& account() const { return *view_.before; }
  Core& core() const { return view_.core; }
  Time now() const { return view_.core.house.clock.now(); }

  /// Adds the entity or replaces the one of its name.
  template <class T>
  void put(T entity) {
    batch_.put(entity_key(account().id, T::kKind, entity.name), store::encode(entity, &core().house.sealer));
    steps_.push_back([shared = std::make_shared<const T>(std::move(entity))](Account& a) { show(a, shared); });
  }
  template <class T>
  void erase(const std::shared_ptr<const T>& entity) {
    batch_.erase(entity_key(account().id, T::kKind, entity->name));
    steps_.push_back([entity](Account& a) { hide(a, *entity); });
  }
  void set_alias(std::string alias) {
    alias.empty() ? batch_.erase(alias_key(account().id)) : batch_.put(alias_key(account().id), alias);
    steps_.push_back([alias = std::move(alias)](Account& a) { a.alias = alias; });
  }
  store::Batch& batch() { return batch_; }
  bool empty() const { return steps_.empty() && batch_.empty(); }
  AccountPtr after() const;

 private:
  View view_;
  store::Batch batch_;
  std::vector<std::function<void(Account&)>> steps_;
};

/// Runs `work` alone, then commits what it changes. Errors: its own, and the store's.
asio::awaitable<Result<void>> change(Core& core, const cloud::Call& call, std::function<Result<void>(Change&)> work);

template <class In, class Out>
void reads(Core& core, const wire::OperationOf<In, Out>& operation, Result<Out> (*read)(const View&, const In&)) {
  core.house.door.handle(operation, [&core, read](const cloud::Call& call, In in) -> asio::awaitable<Result<Out>> {
    co_return read(View{core, call, core.directory.account(call.scope.account)}, in);
  });
}

template <class In, class Out>
void changes(Core& core, const wire::OperationOf<In, Out>& operation, Result<Out> (*work)(Change&, const In&)) {
  core.house.door.handle(operation, [&core, work](const cloud::Call& call, In in) -> asio::awaitable<Result<Out>> {
    Result<Out> answer;
    Result<void> done = co_await change(core, call, [&answer, &in, work](Change& one) -> Result<void> {
      answer = work(one, in);
      if (!answer) return std::unexpected(answer.error());
      return {};
    });
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return answer;
  });
}

void register_user_operations(Core& core);
void register_access_key_operations(Core& core);
void register_group_operations(Core& core);
void register_role_operations(Core& core);
void register_inline_policy_operations(Core& core);
void register_policy_operations(Core& core);
void register_attachment_operations(Core& core);
void register_profile_operations(Core& core);
void register_tag_operations(Core& core);
void register_account_operations(Core& core);
void register_simulation_operations(Core& core);
void register_granting_operations(Core& core);
/// What of IAM's operations is allowed to whom.
void describe_access(Core& core);

}  // namespace signalbox::iam

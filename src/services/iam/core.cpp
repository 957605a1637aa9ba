#include "services/iam/core.h"

namespace signalbox::iam {

AccountPtr Change::after() const {
  auto changed = std::make_shared<Account>(account());
  for (const auto& step : steps_) step(*changed);
  return changed;
}

asio::awaitable<Result<void>> change(Core& core, const cloud::Call& call, std::function<Result<void>(Change&)> work) {
  auto alone = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await core.turns.take();
    Change one(View{core, call, core.directory.account(call.scope.account)});
    Result<void> done = work(one);
    if (!done || one.empty()) co_return done;
    AccountPtr after = one.after();
    done = co_await core.house.store.commit(std::move(one.batch()));
    if (done) core.directory.publish(std::move(after));
    co_return done;
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(alone));
}

}  // namespace signalbox::iam

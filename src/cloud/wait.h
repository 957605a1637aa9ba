// One coroutine's wait on its shard, until woken or until a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <list>
#include <memory>

#include "cloud/shards.h"

namespace signalbox::cloud {

/// Stands in a list as long as it lives: also a coroutine that is let go where it waits leaves no dangling entry.
template <class T>
class [[nodiscard]] Listed {
 public:
  Listed(std::list<T>& list, T entry) : list_(list), place_(list.insert(list.end(), entry)) {}
  ~Listed() { list_.erase(place_); }
  Listed(const Listed&) = delete;

 private:
  std::list<T>& list_;
  typename std::list<T>::iterator place_;
};

/// Used on its shard's thread only. One waiter at a time.
class Wait {
 public:
  explicit Wait(Shard& shard);
  ~Wait();
  Wait(const Wait&) = delete;

  /// Resumes when woken, and then gives true, or when the shard's clock reaches `due`. A wake that came before is not
  /// lost: it ends the next wait at once. By a clock that stands still nothing waits longer than until `due` would be
  /// if it ran: whoever waits is outside, where time goes on.
  asio::awaitable<bool> until(Time due);
  void wake();

 private:
  struct Timer;
  Shard& shard_;
  std::unique_ptr<Timer> timer_;
  bool woken_ = false;
};

}  // namespace signalbox::cloud

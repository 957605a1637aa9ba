// All trails, for whoever must know of each call which of them want its record.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/table.h"
#include "services/cloudtrail/trail.h"

namespace signalbox::cloudtrail {

/// Any thread.
class Trails {
 public:
  explicit Trails(Log& log);
  /// Reads what there is, and follows the store from then on.
  Result<void> follow(store::Store& store) { return table_.follow(store); }
  store::Key key(const TrailId& id) const { return table_.key(id); }

  /// Null when there is none of that name with that home.
  TrailPtr find(const cloud::Scope& home, std::string_view name) const;
  /// By its ARN.
  TrailPtr find_arn(std::string_view arn) const;
  /// Those of the account, by name and home.
  std::vector<TrailPtr> of(std::string_view account) const;
  std::vector<TrailPtr> all() const;

  /// Whether any trail that logs selects any data events of that type: one look, for the busiest calls.
  bool select_any(DataType type) const { return (data_types_.load(std::memory_order_relaxed) & bit(type)) != 0; }
  /// The trails that log and want the record of that call.
  std::vector<TrailPtr> wanting(const cloud::Scope& scope, bool is_global, const SelectedCall& call) const;

 private:
  static std::uint32_t bit(DataType type) { return std::uint32_t{1} << static_cast<unsigned>(type); }
  void look_at_types();

  cloud::Table<Trail> table_;
  std::atomic<std::uint32_t> data_types_{0};
};

}  // namespace signalbox::cloudtrail

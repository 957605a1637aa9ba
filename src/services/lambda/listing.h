// Listings in pages, with AWS's words for it: Marker, MaxItems, NextMarker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/paging.h"
#include "services/lambda/names.h"

namespace signalbox::lambda {

template <class Item>
struct Page {
  std::vector<Item> items;
  std::optional<std::string> next;
};

/// The items behind `marker`, of those that are given with the names they are listed by, in order. Errors:
/// InvalidParameterValueException for a marker that is none of this listing.
template <class Item>
Result<Page<Item>> page_of(std::string_view listing, std::vector<std::pair<std::string, Item>> all,
                           const std::optional<std::string>& marker, const std::optional<std::int32_t>& most) {
  constexpr std::int32_t kMost = 50;
  std::optional<std::string> after;
  if (marker && !marker->empty()) {
    after = cloud::read_page_token(listing, *marker);
    if (!after) return invalid("Invalid marker: " + *marker);
  }
  const auto limit = static_cast<std::size_t>(std::clamp(most.value_or(kMost), 1, kMost));
  Page<Item> page;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (after && all[i].first <= *after) continue;
    if (page.items.size() == limit) {
      page.next = cloud::make_page_token(listing, all[i - 1].first);
      break;
    }
    page.items.push_back(std::move(all[i].second));
  }
  return page;
}

/// A number as text that sorts as the number does.
std::string sortable(std::uint64_t number);

}  // namespace signalbox::lambda

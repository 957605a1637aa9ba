// Paths of the REST protocols: "/schedules/{Name}", where "{Key+}" takes several segments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::wire {

using Labels = std::vector<std::pair<std::string_view, std::string>>;  // name, decoded value

/// The values of the labels; empty optional when `path` (as sent, without its query) is not of the template, or has an
/// escape that is broken.
std::optional<Labels> match_uri(std::string_view uri, std::string_view path);

std::size_t label_count(std::string_view uri);

}  // namespace signalbox::wire

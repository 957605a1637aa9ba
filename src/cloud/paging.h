// Page tokens: opaque to clients, refused when they are not ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::cloud {

/// A token that says "go on after `last`" in the listing named `listing`.
std::string make_page_token(std::string_view listing, std::string_view last);
/// Where to go on; empty optional when the token is not one of that listing.
std::optional<std::string> read_page_token(std::string_view listing, std::string_view token);

}  // namespace signalbox::cloud

// What AWS calls its Regions in texts for people.
#pragma once

#include <string_view>
#include <vector>

namespace signalbox::cloud {

/// "US East (N. Virginia)" for us-east-1; the code itself for a Region that is not AWS's. The view lives as long as
/// `region` does.
std::string_view region_name(std::string_view region);

/// The codes of all Regions that have such a name, in order.
std::vector<std::string_view> region_codes();

}  // namespace signalbox::cloud

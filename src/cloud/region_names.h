// What AWS calls its Regions in texts for people.
#pragma once

#include <string_view>

namespace signalbox::cloud {

/// "US East (N. Virginia)" for us-east-1; the code itself for a Region that is not AWS's. The view lives as long as
/// `region` does.
std::string_view region_name(std::string_view region);

}  // namespace signalbox::cloud

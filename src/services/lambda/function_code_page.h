// Links by which packages are fetched: what GetFunction and GetLayerVersion answer as their location.
#pragma once

#include <string>

#include "services/lambda/core.h"

namespace signalbox::lambda {

/// A link to a package, good for ten minutes, for whoever has it.
std::string code_link(const Core& core, const cloud::Call& call, const std::string& code);

/// Puts up the page behind the links.
void add_code_page(Core& core);

}  // namespace signalbox::lambda

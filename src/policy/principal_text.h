// The principals that a policy's text names, put in other words: what a service does when it saves a policy, and when
// it shows one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::policy {

/// The policy with other words for some of those under "AWS" in Principal and NotPrincipal elements: `word(name)` says
/// which, or nothing for a name that stays. All else of the text is as it was. What is not a policy is given back.
std::string with_principals(std::string_view policy,
                            const std::function<std::optional<std::string>(const std::string& name)>& word);

}  // namespace signalbox::policy

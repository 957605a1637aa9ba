// The principals that a policy's text names, put in other words: what a service does when it saves a policy, and when
// it shows one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::policy {

/// Another word for a principal of that type ("AWS", "Service", "Federated", "CanonicalUser"); nothing where it stays.
using PrincipalWord = std::function<std::optional<std::string>(std::string_view type, const std::string& name)>;

/// The policy with other words for some of those in Principal and NotPrincipal elements. All else of the text is as it
/// was. What is not a policy is given back.
std::string with_principals(std::string_view policy, const PrincipalWord& word);

}  // namespace signalbox::policy

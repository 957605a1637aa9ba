// Condition context keys, and their values for a request.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/request.h"

namespace signalbox::policy {

/// The values of a key: those of the context, or one that follows from the request. Borrowed from the request.
class KeyValues {
 public:
  KeyValues() = default;
  explicit KeyValues(std::span<const std::string> many) : many_(many) {}
  explicit KeyValues(std::string_view one) : one_(one) {}
  std::size_t size() const { return one_ ? 1 : many_.size(); }
  bool empty() const { return size() == 0; }
  std::string_view operator[](std::size_t i) const { return one_ ? *one_ : std::string_view(many_[i]); }

 private:
  std::optional<std::string_view> one_;
  std::span<const std::string> many_;
};

/// A key's name, looked at once, when the policy is compiled.
class ContextKey {
 public:
  explicit ContextKey(std::string_view name);
  /// As the policy spells it.
  const std::string& name() const { return name_; }
  KeyValues values(const Request& request) const;

 private:
  enum class Derived : std::uint8_t {
    kNone,
    kPrincipalArn,
    kPrincipalAccount,
    kPrincipalType,
    kPrincipalTag,
    kPrincipalIsService,
    kPrincipalServiceName,
    kUserId,
    kUserName,
    kResourceAccount,
  };
  KeyValues derived(const Request& request) const;

  std::string name_;
  std::string lower_;
  Derived derived_ = Derived::kNone;
};

}  // namespace signalbox::policy

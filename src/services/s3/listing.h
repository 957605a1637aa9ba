// Pages of a bucket's keys: a page costs what is in it, however many keys there are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "services/s3/core.h"

namespace signalbox::s3 {

inline constexpr std::int32_t kMaxListed = 1000;
/// Most keys that one page looks at: where so many delete markers stand together, a page has less in it.
inline constexpr std::size_t kMaxLooked = 50'000;

struct ListQuery {
  std::string bucket;
  std::string prefix;
  std::string delimiter;
  std::string after;      // keys and common prefixes up to it are left out; "" for none
  bool from_key = false;  // `after` itself is a key to begin with
  std::int32_t most = kMaxListed;
};

struct Listed {
  bool truncated = false;
  std::string last;  // the last key or common prefix of the page, to go on after
};

/// Visits keys of the store's space `space` (s3.object, s3.upload) in order. `on_key` gets the key, the rest of the
/// record's key, the record, and how many entries the page has room for; it returns how many that would make, having
/// kept no more than there is room for.
using OnKey = std::function<std::int32_t(const std::string& key, store::KeyReader& rest, std::string_view value,
                                         std::int32_t room)>;
using OnPrefix = std::function<void(const std::string& prefix)>;
Result<Listed> list_keys(const Core& core, std::string_view space, const ListQuery& query, const OnKey& on_key,
                         const OnPrefix& on_prefix);

/// Checks max-keys and the like. Errors: InvalidArgument.
Result<std::int32_t> page_size(const std::optional<std::int32_t>& asked, std::string_view name);
/// Errors: InvalidArgument for an encoding-type that is none.
Result<void> check_encoding(const std::optional<std::string>& type);
/// As the request's encoding-type has it: as in a form, with '+' for spaces.
std::string encoded(const std::optional<std::string>& type, std::string text);

}  // namespace signalbox::s3

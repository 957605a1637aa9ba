// Deployment packages: zip archives, which anybody may have made with anything in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::lambda {

/// "Lambda quotas": a package unpacked, with its layers; and a bound of our own on its files, folders and links.
inline constexpr std::int64_t kMaxUnpacked = std::int64_t{250} * 1024 * 1024;
inline constexpr std::size_t kMaxFiles = 30'000;

/// Reads all of an archive and throws it away: whether unpack_zips() would take it. Errors:
/// InvalidParameterValueException saying what is wrong: no zip file, an entry outside (absolute paths, ".."), links
/// that lead out over whatever other links, too large, too many files, entries that are no files, folders or links,
/// compressions other than deflate.
Result<void> check_zip(std::string_view zip);

/// Unpacks into the folder `into`, which exists and is empty, one after another: what comes later counts. Folders get
/// the mode 0755, files 0755 where they were executable and 0644 otherwise. The same errors; code "StoreError" for what
/// the disk refuses.
Result<void> unpack_zips(const std::vector<std::string>& paths, const std::string& into);

}  // namespace signalbox::lambda

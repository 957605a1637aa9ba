// The key that seals secrets, and whether it is still the one that sealed those in the store.
#pragma once

#include <string>

#include "base/result.h"
#include "base/seal.h"
#include "store/store.h"

namespace signalbox::server {

/// Reads the key in the file at `path`; makes it where no secret was ever sealed. A file that is missing, or holds
/// another key than the store remembers, is an error (code "ConfigError") that says so: what the store has sealed could
/// not be read, and what is sealed from now on not with the right key once that is back.
Result<Sealer::Key> open_secrets(const std::string& path, const store::Store& store);

/// Has the store remember that secrets are sealed with that key: before the first of them is committed.
void remember_key(const Sealer::Key& key, store::Store& store);

}  // namespace signalbox::server

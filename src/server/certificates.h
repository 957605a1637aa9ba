// Certificates that the server makes for itself: an authority of its own, made once, and a certificate by it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace signalbox::server {

/// Files, all PEM. The keys are for their owner to read only.
struct Certificates {
  std::string authority;  // what clients are to trust
  std::string certificate;
  std::string key;
};

/// Reads what is in `folder`, and makes what is missing there, soon at its end, or for other names: `names` are host
/// names and IP addresses. Errors (code "TlsError") name the file.
Result<Certificates> own_certificates(const std::string& folder, const std::vector<std::string>& names, Time now);

/// The names of a server that listens on `address` and is reached at `public_url`, which may be "".
std::vector<std::string> certificate_names(const std::string& address, const std::string& public_url);

}  // namespace signalbox::server

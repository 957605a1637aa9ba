// The server's side of TLS: one certificate, TLS 1.2 and later, HTTP/2 or HTTP/1.1 as the client prefers (ALPN).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): as Asio has it
}

namespace signalbox::http {

/// What sessions share; never changed once it is made.
using TlsContext = boost::asio::ssl::context;

/// Reads a certificate with the chain behind it, and its key, both PEM. Errors (code "TlsError") name the file.
Result<std::shared_ptr<TlsContext>> read_tls(const std::string& certificate_file, const std::string& key_file);

}  // namespace signalbox::http

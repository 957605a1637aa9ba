// What pages in browsers may ask of a bucket ("Using cross-origin resource sharing (CORS)" in the Amazon S3 User
// Guide).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "services/s3/core.h"

namespace signalbox::s3 {

/// Errors: InvalidRequest, MalformedXML.
Result<void> check_cors(const model::CORSConfiguration& configuration);

/// The rule that lets pages of `origin` send such requests; null for none. `headers`, as in
/// Access-Control-Request-Headers: those that the request is to have.
const model::CORSRule* find_cors_rule(const model::CORSConfiguration& configuration, std::string_view origin,
                                      std::string_view method, std::string_view headers);

/// What the bucket that a page asks for says to that: its answer to a preflight, or what its answer carries. Empty
/// where the request is for no bucket that has rules.
std::optional<cloud::CorsVerdict> judge_page(const Core& core, const http::Request& request);

}  // namespace signalbox::s3

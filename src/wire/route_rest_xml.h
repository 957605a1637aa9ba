// Which operation a REST XML request asks for: by method, path, parameters and headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Of the operations whose method, path and parameters ("?acl", "?list-type=2") the request has, the one that asks for
/// most of what is there; the members that it requires in query and headers count (CopyObject's x-amz-copy-source).
/// Null when there is none.
const Operation* route_rest_xml(const Service& service, const http::Request& request);

/// Whether the path begins with a version, as those of S3 Control do ("/v20180820/tags/..."), beside the account's
/// header.
bool has_version_path(const http::Request& request);

/// The bucket that the Host header names, virtual-host style: bucket.s3.REGION.HOST, bucket.s3.HOST, bucket.localhost.
std::optional<std::string> bucket_of_host(std::string_view host);

}  // namespace signalbox::wire

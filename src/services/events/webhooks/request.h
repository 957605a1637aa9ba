// The HTTP request that brings an event to an API destination, and what its answer means.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/deliveries.h"
#include "http/client.h"
#include "services/events/webhooks/api_destination.h"
#include "services/events/webhooks/connection.h"

namespace signalbox::events {

/// `token` is the access token of an OAuth connection. Errors: ValidationException when the endpoint is no http:// or
/// https:// address. Parameters of the connection go before those of the target; headers that EventBridge keeps for
/// itself are left out ("API destinations", EventBridge User Guide).
Result<http::ClientRequest> webhook_request(const ApiDestination& destination, const Connection& connection,
                                            std::string_view token, const std::string& payload,
                                            const cloud::HttpParameters& parameters);

/// The request that asks an OAuth connection's endpoint for an access token (RFC 6749, 4.4). Errors: as
/// webhook_request.
Result<http::ClientRequest> token_request(const Connection& connection);

/// What came of an attempt. `now` is for a Retry-After that names a moment.
cloud::Attempt judge(const Result<http::ClientResponse>& answer, Time now);

/// True for answers that say the credentials were not taken (401, 407).
bool is_unauthorized(const Result<http::ClientResponse>& answer);

}  // namespace signalbox::events

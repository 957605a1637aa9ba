#include "cloud/gateway.h"

#include <algorithm>

#include "base/gzip.h"
#include "http/body.h"
#include "http/secure.h"
#include "wire/protocol.h"
#include "wire/route.h"
#include "wire/route_rest_xml.h"

namespace signalbox::cloud {
namespace {

/// Stands in for the service when a request names none that is known: its answers have no service's mark.
const wire::Service kNoService{};

/// What is longer, or has other than visible characters, is no trace header: it would be passed on to others.
std::string trace_header_of(const http::Request& request) {
  constexpr std::size_t kMax = 500;
  const std::string_view given = request.header("X-Amzn-Trace-Id");
  const bool good = given.size() <= kMax && std::ranges::all_of(given, [](char c) { return c >= ' ' && c <= '~'; });
  return good ? std::string(given) : "";
}

Call make_call(const http::Request& request, Identity&& identity, std::string request_id,
               http::Connection& connection) {
  Call call;
  call.scope = std::move(identity.scope);
  call.principal = std::move(identity.principal);
  call.signing = std::move(identity.signing);
  call.request_id = std::move(request_id);
  const std::string_view host = request.header("Host");
  call.endpoint = (http::is_secure(connection) ? "https://" : "http://") +
                  std::string(host.empty() ? std::string_view("localhost") : host);
  call.confidential = http::privacy_of(connection) != http::Privacy::kNone;
  call.source_address = std::string(request.remote_address);
  call.user_agent = std::string(request.header("User-Agent"));
  call.referer = std::string(request.header("Referer"));
  call.trace_header = trace_header_of(request);
  call.connection = &connection;
  return call;
}

/// A compressed body may not become longer than this: no operation that takes one needs as much.
constexpr std::size_t kMaxUnzipped = std::size_t{16} * 1024 * 1024;

/// Whether the body is compressed for one of the services that take that, and not content of its own.
bool is_zipped(const Door& door, const http::Request& request, std::string_view signing_service) {
  if (!http::same_name(request.header("Content-Encoding"), "gzip")) return false;
  return std::ranges::any_of(door.services(), [&](const wire::Service* service) {
    return service->takes_gzip && (signing_service.empty() || service->signing_name == signing_service);
  });
}

/// Whether nobody signed, and that is somebody for this operation.
bool may_be_anonymous(const Door& door, const wire::Operation& operation, const Result<Identity>& identity) {
  if (identity) return identity->principal.access_key.empty() && door.takes_anonymous(operation);
  if (identity.error().code != "MissingAuthenticationToken") return false;
  return door.takes_anonymous(operation) || door.is_open_to_all(operation);
}

/// A request to a bucket that its Host header names, as if the bucket stood in its path; empty for all others.
std::optional<std::string> path_style_target(const http::Request& request, std::string_view signing_service) {
  if (!signing_service.empty() && signing_service != "s3") return std::nullopt;
  if (wire::has_version_path(request)) return std::nullopt;  // there the host names an account
  if (signing_service.empty() && !request.header("X-Amz-Target").empty()) return std::nullopt;
  auto bucket = wire::bucket_of_host(request.header("Host"));
  if (!bucket) return std::nullopt;
  return "/" + *bucket + std::string(request.target);
}

/// A request as it is routed and decoded: with the bucket that its Host names in its path, and of S3's presigned URLs
/// the parameters that stand for headers among these. Keeps what its views point to.
struct Routable {
  http::Request request;
  std::optional<std::string> target;
  std::vector<std::pair<std::string, std::string>> headers;

  Routable(const http::Request& sent, std::string_view signing_service) : request(sent) {
    target = path_style_target(sent, signing_service);
    if (target) request.target = *target;
    if (signing_service != "s3" || !sent.header("Authorization").empty()) return;
    const auto claim = wire::read_claim(sent);
    if (!claim || !claim->presigned) return;
    headers = wire::headers_in_query(sent.query(), claim->version);
    for (const auto& [name, value] : headers) {
      if (sent.header(name).empty()) request.headers.emplace_back(name, value);
    }
  }
  Routable(const Routable&) = delete;
};

/// What arrives on a connection, without its frame.
class FramedBody final : public http::BodyReader {
 public:
  FramedBody(http::BodyReader& sent, wire::Payload payload) : sent_(sent), decoder_(std::move(payload)) {}

  asio::awaitable<Result<std::string_view>> read() override {
    content_.clear();
    while (content_.empty()) {
      const Result<std::string_view> piece = co_await sent_.read();
      if (!piece) co_return std::unexpected(piece.error());
      if (piece->empty()) {
        Result<void> whole = decoder_.finish();
        if (!whole) co_return std::unexpected(std::move(whole).error());
        ended_ = true;
        co_return std::string_view();
      }
      if (decoder_.payload().plain()) co_return *piece;
      Result<void> taken = decoder_.take(*piece, content_);
      if (!taken) co_return std::unexpected(std::move(taken).error());
    }
    co_return content_;
  }
  std::optional<std::uint64_t> length() const override {
    return decoder_.payload().chunked ? decoder_.payload().decoded_length : sent_.length();
  }
  const http::Fields& trailers() const override { return ended_ ? decoder_.trailers() : decoder_.payload().announced; }

 private:
  bool ended_ = false;
  http::BodyReader& sent_;
  wire::PayloadDecoder decoder_;
  std::string content_;
};

/// The body of a call to S3: from the connection, or from memory without its frame, which then also stands in
/// `decoded` for operations that do not stream.
Result<std::unique_ptr<http::BodyReader>> open_body(const wire::Operation& operation, http::Request& decoded,
                                                    std::string& content, const Identity& identity) {
  Result<wire::Payload> payload = identity.payload ? *identity.payload : wire::read_payload(decoded);
  if (!payload) return std::unexpected(std::move(payload).error());
  if (decoded.stream != nullptr) return std::make_unique<FramedBody>(*decoded.stream, *std::move(payload));
  wire::PayloadDecoder decoder(*std::move(payload));
  Result<void> done = decoder.take(decoded.body, content);
  if (done) done = decoder.finish();
  if (!done) return std::unexpected(std::move(done).error());
  if (operation.input->streams) return std::make_unique<http::MemoryBody>(std::move(content), decoder.trailers());
  decoded.body = content;
  return nullptr;
}

/// Of services whose operations are not told by their method.
bool is_named_as_reading(const wire::Operation& operation) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"Get", "List", "Describe"},
                             [&](std::string_view prefix) { return operation.name.starts_with(prefix); });
}

}  // namespace

wire::Routed Gateway::routed(const http::Request& head) const {
  const auto claim = wire::read_claim(head);
  const std::string_view signing_service = claim ? std::string_view(claim->service) : "";
  const Routable routable(head, signing_service);
  return wire::route(door_.services(), routable.request, signing_service);
}

bool Gateway::streams(const http::Request& head) const {
  const wire::Routed found = routed(head);
  return found.operation && (*found.operation)->input->streams;
}

Asked Gateway::asked(const http::Request& request) const {
  const wire::Routed found = routed(request);
  Asked asked;
  if (found.service != nullptr) asked.service = found.service->id;
  const bool is_rest =
      found.protocol == wire::ProtocolKind::kRestXml || found.protocol == wire::ProtocolKind::kRestJson;
  const bool gets = request.method == "GET" || request.method == "HEAD";
  asked.only_reads = gets && (is_rest || (found.operation && is_named_as_reading(**found.operation)));
  asked.is_link = found.operation && door_.is_open_to_all(**found.operation);
  return asked;
}

http::Response Gateway::too_large(const http::Request& head, std::size_t most) const {
  const wire::Routed found = routed(head);
  const wire::Service& service = found.service != nullptr ? *found.service : kNoService;
  Error error{"RequestEntityTooLargeException", "Request must be smaller than " + std::to_string(most) + " bytes", 413};
  switch (found.protocol) {
    case wire::ProtocolKind::kRestXml:
      error = {"MaxMessageLengthExceeded", "Your request was too big.", 400};  // what uploads has no bound here
      break;
    case wire::ProtocolKind::kQuery:
      error.code = "RequestEntityTooLarge";
      break;
    default:
      break;
  }
  if (found.operation && found.protocol != wire::ProtocolKind::kRestXml) {
    error.message += " for the " + std::string((*found.operation)->name) + " operation";
  }
  return wire::protocol(found.protocol).encode_error(service, error, random_.uuid());
}

asio::awaitable<http::Response> Gateway::answer(const http::Request& request, http::Connection& connection) {
  std::string request_id = random_.uuid();
  Result<Identity> identity = identification_.identify(request);
  const auto claim = identity ? std::nullopt : wire::read_claim(request);
  const std::string_view signing_service = identity ? std::string_view(identity->signing_service)
                                           : claim  ? std::string_view(claim->service)
                                                    : "";
  Routable routable(request, signing_service);
  http::Request& decoded = routable.request;
  if (identity && identity->body) decoded.body = *identity->body;
  std::optional<std::string> unzipped;
  const bool zipped = identity && is_zipped(door_, request, signing_service);
  if (zipped) unzipped = gunzip(decoded.body, kMaxUnzipped);
  if (unzipped) decoded.body = *unzipped;
  const wire::Routed routed = wire::route(door_.services(), decoded, signing_service);
  const wire::Protocol& protocol = wire::protocol(routed.protocol);
  const wire::Service& service = routed.service != nullptr ? *routed.service : kNoService;
  const bool is_xml = routed.protocol == wire::ProtocolKind::kRestXml;
  const auto refuse = [&](const Error& error) { return protocol.encode_error(service, error, request_id); };
  if (routed.operation && may_be_anonymous(door_, **routed.operation, identity)) {
    identity = Identification::anonymous();
  }
  if (!identity) co_return refuse(identity.error());
  if (routed.service != nullptr) {
    const Result<void> scoped = Identification::check_service(*identity, service.signing_name);
    if (!scoped) co_return refuse(scoped.error());
  }
  if (zipped && !unzipped) {
    co_return refuse({"SerializationException", "The body is not gzip, or too long when it is unpacked.", 400});
  }
  if (!routed.operation) co_return refuse(routed.operation.error());

  const wire::Operation& operation = **routed.operation;
  std::string content;
  std::unique_ptr<http::BodyReader> body;
  if (is_xml) {
    auto opened = open_body(operation, decoded, content, *identity);
    if (!opened) co_return refuse(opened.error());
    body = *std::move(opened);
  }
  Result<wire::AnyStructure> input = protocol.decode(operation, decoded);
  if (!input) co_return refuse(input.error());
  Call call = make_call(request, std::move(*identity), request_id, connection);
  Streams streams{body.get(), {}};
  if (is_xml) call.streams = &streams;
  Result<wire::AnyStructure> output = co_await door_.call(call, operation, std::move(*input));
  if (!output) {
    log_.debug("request refused", {{"service", std::string(service.id)},
                                   {"operation", std::string(operation.name)},
                                   {"code", output.error().code},
                                   {"message", output.error().message},
                                   {"request_id", request_id}});
    co_return refuse(output.error());
  }
  http::Response response = protocol.encode(operation, *output, request_id);
  response.stream = std::move(streams.response);
  co_return response;
}

}  // namespace signalbox::cloud

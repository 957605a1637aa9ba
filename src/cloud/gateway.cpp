#include "cloud/gateway.h"

#include <algorithm>

#include "base/gzip.h"
#include "http/body.h"
#include "wire/protocol.h"
#include "wire/route.h"
#include "wire/route_rest_xml.h"

namespace signalbox::cloud {
namespace {

/// Stands in for the service when a request names none that is known: its answers have no service's mark.
const wire::Service kNoService{};

Call make_call(const http::Request& request, Identity&& identity, std::string request_id,
               http::Connection& connection) {
  Call call;
  call.scope = std::move(identity.scope);
  call.principal = std::move(identity.principal);
  call.request_id = std::move(request_id);
  const std::string_view host = request.header("Host");
  call.endpoint = "http://" + std::string(host.empty() ? std::string_view("localhost") : host);
  call.source_address = std::string(request.remote_address);
  call.user_agent = std::string(request.header("User-Agent"));
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
  if (signing_service.empty() && !request.header("X-Amz-Target").empty()) return std::nullopt;
  auto bucket = wire::bucket_of_host(request.header("Host"));
  if (!bucket) return std::nullopt;
  return "/" + *bucket + std::string(request.target);
}

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

/// With the path that was asked for, where the protocol's errors say it.
Error about(const Error& error, const http::Request& request) {
  ErrorDetails details = error.details ? *error.details : ErrorDetails();
  details.elements.emplace_back("Resource", std::string(request.path()));
  Error told = error;
  told.details = std::make_shared<const ErrorDetails>(std::move(details));
  return told;
}

}  // namespace

bool Gateway::streams(const http::Request& head) const {
  const auto claim = wire::read_claim(head);
  const std::string_view signing_service = claim ? std::string_view(claim->service) : "";
  http::Request routable = head;
  const auto target = path_style_target(head, signing_service);
  if (target) routable.target = *target;
  const wire::Routed routed = wire::route(door_.services(), routable, signing_service);
  return routed.operation && (*routed.operation)->input->streams;
}

asio::awaitable<http::Response> Gateway::answer(const http::Request& request, http::Connection& connection) {
  std::string request_id = random_.uuid();
  Result<Identity> identity = identification_.identify(request);
  http::Request decoded = request;
  if (identity && identity->body) decoded.body = *identity->body;
  const auto claim = identity ? std::nullopt : wire::read_claim(request);
  const std::string_view signing_service = identity ? std::string_view(identity->signing_service)
                                           : claim  ? std::string_view(claim->service)
                                                    : "";
  const auto target = path_style_target(request, signing_service);
  if (target) decoded.target = *target;
  std::optional<std::string> unzipped;
  const bool zipped = identity && is_zipped(door_, request, signing_service);
  if (zipped) unzipped = gunzip(decoded.body, kMaxUnzipped);
  if (unzipped) decoded.body = *unzipped;
  const wire::Routed routed = wire::route(door_.services(), decoded, signing_service);
  const wire::Protocol& protocol = wire::protocol(routed.protocol);
  const wire::Service& service = routed.service != nullptr ? *routed.service : kNoService;
  const bool is_xml = routed.protocol == wire::ProtocolKind::kRestXml;
  const auto refuse = [&](const Error& error) {
    return protocol.encode_error(service, is_xml ? about(error, request) : error, request_id);
  };
  if (routed.operation && may_be_anonymous(door_, **routed.operation, identity)) {
    identity = Identification::anonymous();
  }
  if (!identity) co_return refuse(identity.error());
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

#include "services/events/webhooks/api_destination.h"

#include "store/record.h"

namespace signalbox::events {
namespace {

constexpr std::uint8_t kDestinationVersion = 1;

}  // namespace

std::string ApiDestination::arn() const {
  return cloud::make_arn("events", scope, "api-destination/" + name + "/" + id);
}

store::Key key_of(const ApiDestination& destination) {
  return store::Key(kApiDestinationSpace)
      .text(destination.scope.account)
      .text(destination.scope.region)
      .text(destination.name);
}

std::string encode(const ApiDestination& destination) {
  store::RecordWriter out(kDestinationVersion);
  out.text(destination.scope.account).text(destination.scope.region).text(destination.name).text(destination.id);
  out.optional_text(destination.description).text(destination.connection_arn).text(destination.endpoint);
  out.text(destination.method).integer(destination.rate);
  out.integer(destination.created.time_since_epoch().count());
  out.integer(destination.modified.time_since_epoch().count());
  return std::move(out).take();
}

std::optional<ApiDestination> decode_api_destination(std::string_view bytes) {
  store::RecordReader in(bytes, kDestinationVersion);
  ApiDestination destination;
  destination.scope.account = in.text();
  destination.scope.region = in.text();
  destination.name = in.text();
  destination.id = in.text();
  destination.description = in.optional_text();
  destination.connection_arn = in.text();
  destination.endpoint = in.text();
  destination.method = in.text();
  destination.rate = in.integer();
  destination.created = Time(Duration(in.integer()));
  destination.modified = Time(Duration(in.integer()));
  if (!in.complete()) return std::nullopt;
  return destination;
}

}  // namespace signalbox::events

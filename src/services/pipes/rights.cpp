#include "services/pipes/rights.h"

#include "cloud/delivery_rights.h"

namespace signalbox::pipes {
namespace {

constexpr const char* kPrincipal = "pipes.amazonaws.com";

cloud::DeliveryRight right_of(const Pipe& pipe, const std::string& resource) {
  return {kPrincipal, pipe.arn, pipe.record.request.role_arn.value_or(""), resource};
}

}  // namespace

asio::awaitable<Result<void>> may_read(Core& core, PipePtr pipe, ConfigPtr config) {
  const auto& house = core.house;
  const auto queue = {"sqs:ReceiveMessage", "sqs:DeleteMessage"};
  const auto stream = {"kinesis:GetRecords"};
  for (const char* action : config->from_stream ? std::vector<const char*>(stream) : std::vector<const char*>(queue)) {
    Result<void> may =
        co_await cloud::role_may(house.authority, house.sessions, right_of(*pipe, config->source), action);
    if (!may) co_return may;
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> may_enrich(Core& core, PipePtr pipe, ConfigPtr config) {
  co_return co_await cloud::may_deliver(core.house.authority, core.house.sessions,
                                        right_of(*pipe, config->enrichment->arn));
}

asio::awaitable<Result<void>> may_hand_over(Core& core, PipePtr pipe, ConfigPtr config) {
  co_return co_await cloud::may_deliver(core.house.authority, core.house.sessions, right_of(*pipe, config->target.arn));
}

}  // namespace signalbox::pipes

#include <algorithm>

#include "cloud/paging.h"
#include "cloud/tags.h"
#include "services/pipes/core.h"

namespace signalbox::pipes {
namespace {

using cloud::Call;
template <class T>
using Answer = asio::awaitable<Result<T>>;
using cloud::Tags;

/// AWS's quota of pipes of an account and Region.
constexpr std::size_t kMaxPipes = 1000;
constexpr std::int32_t kMaxPage = 100;

std::unexpected<Error> no_such_pipe(const std::string& name) {
  return fail(model::errors::kNotFoundException, "Pipe " + name + " does not exist.");
}

Result<void> put_tags(Tags& tags, const cloud::TagList& given) {
  constexpr cloud::TagRules kRules{
      [](const std::string& key) { return invalid("Tag keys must not start with aws: as " + key + " does."); },
      [] { return invalid("A pipe can have at most 50 tags."); }};
  return cloud::put_tags(tags, given, kRules);
}

/// What most operations answer. The state is what the call has begun; it is done by then.
template <class Out>
Out answer(const Pipe& pipe, const char* state) {
  Out out;
  out.arn = pipe.arn;
  out.name = pipe.name.name;
  out.desired_state =
      pipe.record.desired_running ? model::requested_pipe_state::kRUNNING : model::requested_pipe_state::kSTOPPED;
  out.current_state = state;
  out.creation_time = pipe.record.created;
  out.last_modified_time = pipe.record.modified;
  return out;
}

/// Runs `work(pipe)` where the pipe is owned, one change at a time.
template <class T, class Work>
Answer<T> in_turn(Core& core, PipeName name, Work work) {
  const PipePtr pipe = core.find(name);
  if (!pipe) co_return no_such_pipe(name.name);
  auto alone = [&]() -> Answer<T> {
    const auto turn = co_await pipe->changes.take();
    if (pipe->deleted) co_return no_such_pipe(name.name);
    co_return co_await work(pipe);
  };
  co_return co_await cloud::on(pipe->owner, std::ref(alone));
}

/// Commits the pipe with another record.
asio::awaitable<Result<void>> save(Core& core, PipePtr pipe, PipeRecord changed) {
  changed.modified = core.house.clock.now();
  store::Batch batch;
  batch.put(pipe_key(pipe->name), store::encode(changed));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (committed) pipe->record = std::move(changed);
  co_return committed;
}

Answer<model::CreatePipeResponse> create(Core& core, const Call& call, model::CreatePipeRequest request) {
  const PipeName name{call.scope, *request.name};
  Tags tags;
  if (auto tagged = put_tags(tags, cloud::tag_list(request.tags)); !tagged) {
    co_return std::unexpected(std::move(tagged).error());
  }
  auto config = compile_config(core.house, name, request, true);
  if (!config) co_return std::unexpected(std::move(config).error());
  if (core.pipes_of(call.scope).size() >= kMaxPipes) {
    co_return fail(model::errors::kServiceQuotaExceededException, "There are too many pipes.");
  }
  PipeRecord record;
  record.id = core.house.random.next();
  record.created = record.modified = core.house.clock.now();
  record.desired_running = request.desired_state.value_or("RUNNING") == model::requested_pipe_state::kRUNNING;
  record.request = std::move(request);
  auto there = [&]() -> Answer<model::CreatePipeResponse> {
    if (core.find(name)) co_return fail(model::errors::kConflictException, "Pipe " + name.name + " already exists.");
    const auto pipe = std::make_shared<Pipe>(name, record, core.house.shards.owner(name.arn()));
    pipe->config = *config;
    pipe->deleted = true;  // until it is durable
    core.put(pipe);
    const auto turn = co_await pipe->changes.take();
    store::Batch batch;
    batch.put(pipe_key(name), store::encode(record));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) {
      core.erase(name);
      co_return std::unexpected(std::move(committed).error());
    }
    pipe->deleted = false;
    co_await start(core, pipe);
    co_return answer<model::CreatePipeResponse>(*pipe, model::pipe_state::kCREATING);
  };
  co_return co_await cloud::on(core.house.shards.owner(name.arn()), std::ref(there));
}

Answer<model::DescribePipeResponse> describe(PipePtr pipe) {
  const model::CreatePipeRequest& request = pipe->record.request;
  auto out = answer<model::DescribePipeResponse>(*pipe, pipe->state());
  out.description = request.description;
  out.source = request.source;
  out.source_parameters = request.source_parameters;
  out.enrichment = request.enrichment;
  out.enrichment_parameters = request.enrichment_parameters;
  out.target = request.target;
  out.target_parameters = request.target_parameters;
  out.role_arn = request.role_arn;
  out.tags = request.tags.value_or(Tags());
  co_return out;
}

/// Takes from `from` what it has of what `to` has too.
template <class To, class From>
void merge(std::optional<To>& to, const std::optional<From>& from) {
  if (!from) return;
  if (!to) to.emplace();
  const auto take = [](auto& into, const auto& value) {
    if (value) into = value;
  };
  take(to->batch_size, from->batch_size);
  take(to->maximum_batching_window_in_seconds, from->maximum_batching_window_in_seconds);
  if constexpr (requires { from->maximum_retry_attempts; }) {
    take(to->dead_letter_config, from->dead_letter_config);
    take(to->on_partial_batch_item_failure, from->on_partial_batch_item_failure);
    take(to->maximum_record_age_in_seconds, from->maximum_record_age_in_seconds);
    take(to->maximum_retry_attempts, from->maximum_retry_attempts);
    take(to->parallelization_factor, from->parallelization_factor);
  }
}

Result<void> change(model::CreatePipeRequest& settings, const model::UpdatePipeRequest& update) {
  if (update.kms_key_identifier) return invalid("KmsKeyIdentifier is not supported yet.");
  settings.log_configuration = update.log_configuration;
  if (update.description) settings.description = update.description;
  if (update.role_arn) settings.role_arn = update.role_arn;
  if (update.enrichment) settings.enrichment = update.enrichment;
  if (update.enrichment && update.enrichment->empty()) settings.enrichment_parameters.reset();
  if (update.enrichment_parameters) settings.enrichment_parameters = update.enrichment_parameters;
  if (update.target && update.target != settings.target) settings.target_parameters.reset();
  if (update.target) settings.target = update.target;
  if (update.target_parameters) settings.target_parameters = update.target_parameters;
  if (!update.source_parameters) return {};
  const auto& given = *update.source_parameters;
  if (given.dynamo_db_stream_parameters || given.active_mq_broker_parameters || given.rabbit_mq_broker_parameters ||
      given.managed_streaming_kafka_parameters || given.self_managed_kafka_parameters) {
    return invalid("SourceParameters are of another source than " + *settings.source + ".");
  }
  if (!settings.source_parameters) settings.source_parameters.emplace();
  auto& source = *settings.source_parameters;
  if (given.filter_criteria) source.filter_criteria = given.filter_criteria;
  if (given.kinesis_stream_parameters && !source.kinesis_stream_parameters) {
    return invalid("SourceParameters.KinesisStreamParameters is not valid for " + *settings.source + ".");
  }
  merge(source.kinesis_stream_parameters, given.kinesis_stream_parameters);
  merge(source.sqs_queue_parameters, given.sqs_queue_parameters);
  return {};
}

Answer<model::UpdatePipeResponse> update(Core& core, PipePtr pipe, const model::UpdatePipeRequest& request) {
  PipeRecord changed = pipe->record;
  if (auto done = change(changed.request, request); !done) co_return std::unexpected(std::move(done).error());
  if (request.desired_state) changed.desired_running = *request.desired_state == model::requested_pipe_state::kRUNNING;
  auto config = compile_config(core.house, pipe->name, changed.request, true);
  if (!config) co_return std::unexpected(std::move(config).error());
  co_await stop(core, pipe);
  Result<void> saved = co_await save(core, pipe, std::move(changed));
  if (saved) pipe->config = *config;
  co_await start(core, pipe);
  if (!saved) co_return std::unexpected(std::move(saved).error());
  co_return answer<model::UpdatePipeResponse>(*pipe, model::pipe_state::kUPDATING);
}

Answer<model::DeletePipeResponse> remove(Core& core, PipePtr pipe) {
  co_await stop(core, pipe);
  store::Batch batch;
  batch.erase(pipe_key(pipe->name));
  const store::Key positions = store::Key(kPositionSpace).number(pipe->record.id);
  batch.erase_range(positions, positions.end());
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) {
    co_await start(core, pipe);
    co_return std::unexpected(std::move(committed).error());
  }
  pipe->deleted = true;
  core.erase(pipe->name);
  auto deleted = answer<model::DeletePipeResponse>(*pipe, model::pipe_state::kDELETING);
  deleted.desired_state = model::requested_pipe_state_describe_response::kDELETED;
  co_return deleted;
}

/// StartPipe and StopPipe.
template <class Out>
Answer<Out> run(Core& core, PipePtr pipe, bool running) {
  PipeRecord changed = pipe->record;
  changed.desired_running = running;
  if (!running) co_await stop(core, pipe);
  Result<void> saved = co_await save(core, pipe, std::move(changed));
  co_await start(core, pipe);
  if (!saved) co_return std::unexpected(std::move(saved).error());
  co_return answer<Out>(*pipe, running ? model::pipe_state::kSTARTING : model::pipe_state::kSTOPPING);
}

Answer<model::ListPipesResponse> list(Core& core, const Call& call, model::ListPipesRequest request) {
  std::string from;
  if (request.next_token) {
    const auto last = cloud::read_page_token("pipes", *request.next_token);
    if (!last) co_return invalid("The NextToken is not valid.");
    from = *last;
  }
  const auto most = static_cast<std::size_t>(request.limit.value_or(kMaxPage));
  model::ListPipesResponse out;
  auto& pipes = out.pipes.emplace();
  const auto all = core.pipes_of(call.scope);
  for (auto at = all.upper_bound(from); at != all.end(); ++at) {
    model::Pipe one;
    auto look = [&]() -> asio::awaitable<void> {
      one = answer<model::Pipe>(*at->second, at->second->state());
      one.source = at->second->record.request.source;
      one.target = at->second->record.request.target;
      one.enrichment = at->second->record.request.enrichment;
      co_return;
    };
    co_await cloud::on(at->second->owner, std::ref(look));
    if (!one.name->starts_with(request.name_prefix.value_or("")) ||
        !one.source->starts_with(request.source_prefix.value_or("")) ||
        !one.target->starts_with(request.target_prefix.value_or("")) ||
        (request.desired_state && one.desired_state != request.desired_state) ||
        (request.current_state && one.current_state != request.current_state)) {
      continue;
    }
    if (pipes.size() == most) {
      out.next_token = cloud::make_page_token("pipes", *pipes.back().name);
      break;
    }
    pipes.push_back(std::move(one));
  }
  co_return out;
}

/// The pipe that the ARN of a resource names.
Result<PipeName> name_of(const Call& call, const std::string& text) {
  constexpr std::string_view kResource = "pipe/";
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "pipes" || !arn->resource.starts_with(kResource) || arn->scope() != call.scope) {
    return fail(model::errors::kNotFoundException, "The resource " + text + " does not exist.");
  }
  return PipeName{call.scope, arn->resource.substr(kResource.size())};
}

Answer<Tags> change_tags(Core& core, const Call& call, std::string arn, cloud::TagChange change) {
  const auto name = name_of(call, arn);
  if (!name) co_return std::unexpected(name.error());
  auto work = [&](PipePtr pipe) -> Answer<Tags> {
    PipeRecord record = pipe->record;
    Tags tags = record.request.tags.value_or(Tags());
    if (!change) co_return tags;
    Result<void> changed = change(tags);
    if (!changed) co_return std::unexpected(std::move(changed).error());
    record.request.tags = tags;
    changed = co_await save(core, pipe, std::move(record));
    if (!changed) co_return std::unexpected(std::move(changed).error());
    co_return tags;
  };
  co_return co_await in_turn<Tags>(core, *name, std::ref(work));
}

}  // namespace

void register_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kCreatePipe, [&core](const Call& call, model::CreatePipeRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(model::kDescribePipe, [&core](const Call& call, model::DescribePipeRequest request) {
    return in_turn<model::DescribePipeResponse>(core, {call.scope, *request.name},
                                                [](PipePtr pipe) { return describe(std::move(pipe)); });
  });
  door.handle(model::kUpdatePipe, [&core](const Call& call, model::UpdatePipeRequest request) {
    const PipeName name{call.scope, *request.name};
    return in_turn<model::UpdatePipeResponse>(core, name, [&core, request = std::move(request)](PipePtr pipe) {
      return update(core, std::move(pipe), request);
    });
  });
  door.handle(model::kDeletePipe, [&core](const Call& call, model::DeletePipeRequest request) {
    return in_turn<model::DeletePipeResponse>(core, {call.scope, *request.name},
                                              [&core](PipePtr pipe) { return remove(core, std::move(pipe)); });
  });
  door.handle(model::kStartPipe, [&core](const Call& call, model::StartPipeRequest request) {
    return in_turn<model::StartPipeResponse>(core, {call.scope, *request.name}, [&core](PipePtr pipe) {
      return run<model::StartPipeResponse>(core, std::move(pipe), true);
    });
  });
  door.handle(model::kStopPipe, [&core](const Call& call, model::StopPipeRequest request) {
    return in_turn<model::StopPipeResponse>(core, {call.scope, *request.name}, [&core](PipePtr pipe) {
      return run<model::StopPipeResponse>(core, std::move(pipe), false);
    });
  });
  door.handle(model::kListPipes, [&core](const Call& call, model::ListPipesRequest request) {
    return list(core, call, std::move(request));
  });
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, model::kTagResource, model::kUntagResource, model::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::pipes

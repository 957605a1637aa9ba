// Saved queries: PutQueryDefinition and the like.
#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/core.h"
#include "services/logs/insights/query.h"
#include "store/fields.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's quota in an account and Region.
constexpr std::size_t kMaxDefinitions = 1000;

struct Definition {
  static constexpr std::uint8_t kVersion = 1;
  std::string id;
  std::string name;
  std::string text;
  std::string client_token;
  std::vector<std::string> groups;
  Millis modified = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("name", self.name)("text", self.text)("client_token", self.client_token);
    field("modified", self.modified)("groups", self.groups);
  }
};

store::Key definitions_key(const cloud::Scope& scope) {
  return store::Key("logs.query-definition").text(scope.account).text(scope.region);
}
store::Key definition_key(const cloud::Scope& scope, std::string_view id) {
  return definitions_key(scope).text(id);
}

Result<std::vector<Definition>> all_of(const Core& core, const cloud::Scope& scope) {
  std::vector<Definition> found;
  bool broken = false;
  const store::Key all = definitions_key(scope);
  Result<void> scanned = core.house.store.read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
    auto definition = store::decode<Definition>(value);
    broken = !definition;
    if (definition) found.push_back(*std::move(definition));
    return !broken;
  });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  if (broken) return unreadable("query definition");
  return found;
}

/// Runs `work()` where definitions are changed, alone.
template <class Work>
auto alone(Core& core, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.definition_turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(in_turn));
}

asio::awaitable<Result<m::PutQueryDefinitionResponse>> put_here(Core& core, const Call& call,
                                                                const m::PutQueryDefinitionRequest& request) {
  const auto all = all_of(core, call.scope);
  if (!all) co_return std::unexpected(all.error());
  Definition made;
  made.client_token = request.client_token.value_or("");
  for (const Definition& one : *all) {
    if (request.query_definition_id ? one.id == *request.query_definition_id
                                    : !made.client_token.empty() && one.client_token == made.client_token) {
      made.id = one.id;
    }
  }
  if (made.id.empty() && request.query_definition_id) {
    co_return fail("ResourceNotFoundException", "The specified query definition does not exist.");
  }
  if (made.id.empty() && all->size() >= kMaxDefinitions) {
    co_return fail("LimitExceededException", "Resource limit exceeded.");
  }
  if (made.id.empty()) made.id = core.house.random.uuid();
  made.name = *request.name;
  made.text = *request.query_string;
  made.groups = request.log_group_names.value_or(std::vector<std::string>());
  made.modified = millis_of(core.house.clock.now());
  store::Batch batch;
  batch.put(definition_key(call.scope, made.id), store::encode(made));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::PutQueryDefinitionResponse response;
  response.query_definition_id = made.id;
  co_return response;
}

asio::awaitable<Result<m::PutQueryDefinitionResponse>> put(Core& core, const Call& call,
                                                           m::PutQueryDefinitionRequest request) {
  if (request.parameters) co_return not_supported("parameters", "queries have none");
  if (request.query_language.value_or(m::query_language::kCWLI) != m::query_language::kCWLI) {
    co_return not_supported("queryLanguage " + *request.query_language, "queries are in CWLI");
  }
  if (const auto query = insights::Query::compile(*request.query_string, {}); !query) {
    co_return invalid(query.error().message);
  }
  auto work = [&] { return put_here(core, call, request); };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::DeleteQueryDefinitionResponse>> remove(Core& core, const Call& call,
                                                                 m::DeleteQueryDefinitionRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::DeleteQueryDefinitionResponse>> {
    const store::Key key = definition_key(call.scope, *request.query_definition_id);
    const auto there = core.house.store.get(key);
    if (!there) co_return std::unexpected(there.error());
    if (!*there) co_return fail("ResourceNotFoundException", "The specified query definition does not exist.");
    store::Batch batch;
    batch.erase(key);
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    m::DeleteQueryDefinitionResponse response;
    response.success = true;
    co_return response;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::DescribeQueryDefinitionsResponse>> describe(Core& core, const Call& call,
                                                                      m::DescribeQueryDefinitionsRequest request) {
  std::string last;
  if (request.next_token) {
    const auto read = cloud::read_page_token("query-definitions", *request.next_token);
    if (!read) co_return invalid("The specified nextToken is invalid.");
    last = *read;
  }
  auto all = all_of(core, call.scope);
  if (!all) co_return std::unexpected(std::move(all).error());
  m::DescribeQueryDefinitionsResponse response;
  auto& list = response.query_definitions.emplace();
  const auto most = static_cast<std::size_t>(request.max_results.value_or(kMaxDefinitions));
  for (Definition& one : *all) {
    if (one.id <= last || !one.name.starts_with(request.query_definition_name_prefix.value_or(""))) continue;
    if (list.size() == most) {
      response.next_token = cloud::make_page_token("query-definitions", *list.back().query_definition_id);
      break;
    }
    m::QueryDefinition& out = list.emplace_back();
    out.query_language = m::query_language::kCWLI;
    out.query_definition_id = std::move(one.id);
    out.name = std::move(one.name);
    out.query_string = std::move(one.text);
    out.last_modified = one.modified;
    out.log_group_names = std::move(one.groups);
  }
  co_return response;
}

}  // namespace

void register_query_definitions(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutQueryDefinition, [&core](const Call& call, m::PutQueryDefinitionRequest request) {
    return put(core, call, std::move(request));
  });
  door.handle(m::kDeleteQueryDefinition, [&core](const Call& call, m::DeleteQueryDefinitionRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeQueryDefinitions, [&core](const Call& call, m::DescribeQueryDefinitionsRequest request) {
    return describe(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs

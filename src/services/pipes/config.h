// A pipe's settings, checked and compiled once, never changed: an update makes new ones.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "models/pipes.h"
#include "pattern/pattern.h"
#include "services/pipes/input_template.h"

namespace signalbox::pipes {

namespace model = models::pipes;

struct PipeName {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const PipeName&) const = default;
  std::string arn() const { return cloud::make_arn("pipes", scope, "pipe/" + name); }
};

/// HTTP parameters of a target or an enrichment, which the event may fill.
struct HttpTemplate {
  std::vector<Parameter> path_values;
  std::map<std::string, Parameter, std::less<>> headers;
  std::map<std::string, Parameter, std::less<>> query;
  cloud::HttpParameters apply(json::Value event) const;
};

struct Target {
  std::string arn;
  cloud::EventTarget* kind = nullptr;
  InputTemplate input;
  Parameter partition_key;     // streams
  Parameter message_group_id;  // queues
  Parameter deduplication_id;
  Parameter source;  // event buses
  Parameter detail_type;
  Parameter time;
  std::vector<Parameter> resources;
  std::optional<HttpTemplate> http;  // API destinations
  bool function = false;             // all of a batch in one event
  bool waits = false;                // for the function's answer
};

struct Enrichment {
  std::string arn;
  bool function = false;  // else an API destination
  InputTemplate input;
  HttpTemplate http;
};

struct Config {
  Surroundings surroundings;  // without the time
  bool from_stream = false;
  std::string source;
  std::vector<pattern::Pattern> filters;  // none: all pass
  std::size_t batch_size = 1;
  Duration window{0};
  std::optional<Enrichment> enrichment;
  Target target;

  // Of streams.
  enum class Start { kTrimHorizon, kLatest, kAtTimestamp };
  Start start = Start::kTrimHorizon;
  Time start_time{};
  std::optional<Duration> max_age;
  std::optional<std::int64_t> max_retries;
  std::string dead_letter_arn;  // "" for none
};
using ConfigPtr = std::shared_ptr<const Config>;

/// Errors: ValidationException, NotFoundException, naming what is wrong or not supported. `check` also asks whether
/// what the pipe names exists now.
Result<ConfigPtr> compile_config(const cloud::House& house, const PipeName& pipe,
                                 const model::CreatePipeRequest& request, bool check);

std::unexpected<Error> invalid(std::string message);

}  // namespace signalbox::pipes

#include "json/json.h"
#include "services/lambda/function.h"
#include "store/record.h"
#include "wire/json_codec.h"

namespace signalbox::lambda {
namespace {

constexpr std::uint8_t kVersion = 1;

// Settings are kept in the words of the API, which are many and grow.
std::string text_of(const wire::Shape& shape, const void* value) {
  std::string text;
  json::Writer writer(text);
  wire::write_json(writer, shape, value);
  return text;
}
bool read_text(const wire::Shape& shape, std::string_view text, void* value) {
  json::Document document;
  const auto root = document.parse(text);
  return root && wire::read_json(shape, *root, value).has_value();
}

const wire::Shape& configuration_shape() {
  return *model::kGetFunctionConfiguration.operation->output;
}

template <class Map>
void write_map(store::RecordWriter& out, const Map& map, const wire::Shape& shape) {
  out.number(map.size());
  for (const auto& [name, value] : map) out.text(name).text(text_of(shape, &value));
}
template <class Map>
bool read_map(store::RecordReader& in, Map& map, const wire::Shape& shape) {
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    const std::string name = in.text();
    const std::string text = in.text();
    if (!in.ok() || !read_text(shape, text, &map[name])) return false;
  }
  return in.ok();
}

std::string seal_name(const FunctionName& name, std::string_view number) {
  return "lambda:" + name.arn(number);
}

}  // namespace

store::Key function_key(const FunctionName& name) {
  return store::Key(kFunctionSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}
store::Key version_key(const FunctionName& name, std::uint64_t number) {
  return store::Key(kVersionSpace).text(name.scope.account).text(name.scope.region).text(name.name).number(number);
}
store::Key layer_key(const LayerName& name) {
  return store::Key(kLayerSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}

std::optional<RecordName> read_record_key(std::string_view key, bool numbered) {
  store::KeyReader reader(key);
  reader.text();
  RecordName record;
  for (std::string* part : {&record.scope.account, &record.scope.region, &record.name}) {
    auto text = reader.text();
    if (!text) return std::nullopt;
    *part = *std::move(text);
  }
  if (numbered) {
    const auto number = reader.number();
    if (!number) return std::nullopt;
    record.number = *number;
  }
  if (!reader.done()) return std::nullopt;
  return record;
}

std::string encode(const Function& function) {
  store::RecordWriter out(kVersion);
  out.number(function.next_version);
  out.optional_integer(function.reserved ? std::optional<std::int64_t>(*function.reserved) : std::nullopt);
  out.number(function.tags.size());
  for (const auto& [key, value] : function.tags) out.text(key).text(value);
  write_map(out, function.aliases, *model::kGetAlias.operation->output);
  out.number(function.policies.size());
  for (const auto& [qualifier, policy] : function.policies) out.text(qualifier).text(policy.text).text("");
  write_map(out, function.urls, *model::kGetFunctionUrlConfig.operation->output);
  write_map(out, function.invoke_configs, *model::kGetFunctionEventInvokeConfig.operation->output);
  return std::move(out).take();
}

std::optional<Function> decode_function(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Function function;
  function.next_version = in.number();
  if (const auto reserved = in.optional_integer()) function.reserved = static_cast<std::int32_t>(*reserved);
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    const std::string key = in.text();
    function.tags[key] = in.text();
  }
  if (!read_map(in, function.aliases, *model::kGetAlias.operation->output)) return std::nullopt;
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    const std::string qualifier = in.text();
    Policy policy;
    policy.text = in.text();
    in.text();  // once a revision of its own
    auto document = policy::Document::parse(policy.text, policy::DocumentKind::kResource);
    if (!in.ok() || !document) return std::nullopt;
    policy.document = std::make_shared<const policy::Document>(*std::move(document));
    function.policies[qualifier] = std::move(policy);
  }
  if (!read_map(in, function.urls, *model::kGetFunctionUrlConfig.operation->output)) return std::nullopt;
  if (!read_map(in, function.invoke_configs, *model::kGetFunctionEventInvokeConfig.operation->output)) {
    return std::nullopt;
  }
  if (!in.complete()) return std::nullopt;
  return function;
}

std::string encode(const Version& version, const FunctionName& name, const Sealer& sealer) {
  model::FunctionConfiguration open = version.config;
  model::FunctionConfiguration secret;
  secret.environment = std::exchange(open.environment, std::nullopt);
  store::RecordWriter out(kVersion);
  out.text(version.number).text(text_of(configuration_shape(), &open));
  out.text(sealer.seal(text_of(configuration_shape(), &secret), seal_name(name, version.number)));
  out.text(version.code).number(version.layers.size());
  for (const std::string& layer : version.layers) out.text(layer);
  if (!version.published_from.empty()) out.text(version.published_from);
  return std::move(out).take();
}

std::optional<Version> decode_version(std::string_view bytes, const FunctionName& name, const Sealer& sealer) {
  store::RecordReader in(bytes, kVersion);
  Version version;
  version.number = in.text();
  const std::string open = in.text();
  const std::string sealed = in.text();
  version.code = in.text();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) version.layers.push_back(in.text());
  if (in.ok() && !in.complete()) version.published_from = in.text();
  if (!in.complete()) return std::nullopt;
  const auto secret = sealer.open(sealed, seal_name(name, version.number));
  if (!secret || !read_text(configuration_shape(), open, &version.config) ||
      !read_text(configuration_shape(), *secret, &version.config)) {
    return std::nullopt;
  }
  return version;
}

std::string encode(const Layer& layer) {
  store::RecordWriter out(kVersion);
  out.number(layer.next_version).number(layer.versions.size());
  for (const auto& [number, version] : layer.versions) {
    out.number(number).text(text_of(*model::kGetLayerVersion.operation->output, &version.description));
    out.text(version.code);
  }
  for (const auto& [number, version] : layer.versions) {
    if (!version.policy.empty()) out.number(number).text(version.policy).text(version.policy_revision);
  }
  return std::move(out).take();
}

std::optional<Layer> decode_layer(std::string_view bytes) {
  store::RecordReader in(bytes, kVersion);
  Layer layer;
  layer.next_version = in.number();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    LayerVersion& version = layer.versions[in.number()];
    const std::string text = in.text();
    version.code = in.text();
    if (!in.ok() || !read_text(*model::kGetLayerVersion.operation->output, text, &version.description)) {
      return std::nullopt;
    }
  }
  while (in.ok() && !in.complete()) {
    const auto found = layer.versions.find(in.number());
    if (found == layer.versions.end()) return std::nullopt;
    found->second.policy = in.text();
    found->second.policy_revision = in.text();
  }
  if (!in.complete()) return std::nullopt;
  return layer;
}

}  // namespace signalbox::lambda

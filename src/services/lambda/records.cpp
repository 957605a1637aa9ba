#include "services/lambda/function.h"
#include "store/record.h"

namespace signalbox::lambda {
namespace {

constexpr std::uint8_t kVersion = 1;

const wire::Shape& configuration_shape() {
  return *model::kGetFunctionConfiguration.operation->output;
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

bool Policy::restore() {
  auto parsed = policy::Document::parse(text, policy::DocumentKind::kResource);
  if (!parsed) return false;
  document = std::make_shared<const policy::Document>(*std::move(parsed));
  return true;
}

std::string encode(const Version& version, const FunctionName& name, const Sealer& sealer) {
  model::FunctionConfiguration open = version.config;
  model::FunctionConfiguration secret;
  secret.environment = std::exchange(open.environment, std::nullopt);
  store::RecordWriter out(kVersion);
  out.text(version.number).text(cloud::json_text_of(configuration_shape(), &open));
  out.text(sealer.seal(cloud::json_text_of(configuration_shape(), &secret), seal_name(name, version.number)));
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
  if (!secret || !cloud::read_json_text(configuration_shape(), open, &version.config) ||
      !cloud::read_json_text(configuration_shape(), *secret, &version.config)) {
    return std::nullopt;
  }
  return version;
}

std::string encode(const Layer& layer) {
  store::RecordWriter out(kVersion);
  out.number(layer.next_version).number(layer.versions.size());
  for (const auto& [number, version] : layer.versions) {
    out.number(number).text(cloud::json_text_of(*model::kGetLayerVersion.operation->output, &version.description));
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
    if (!in.ok() || !cloud::read_json_text(*model::kGetLayerVersion.operation->output, text, &version.description)) {
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

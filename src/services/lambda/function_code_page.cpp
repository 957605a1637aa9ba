#include "services/lambda/function_code_page.h"

#include "base/encoding.h"
#include "store/record.h"

namespace signalbox::lambda {
namespace {

constexpr std::string_view kPath = "/_signalbox/lambda-code/";
constexpr const char* kOwner = "lambda:code";
constexpr std::chrono::minutes kGood{10};

http::Response answer(int status, std::string_view type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::string(type)}};
  response.body = std::move(body);
  return response;
}

asio::awaitable<http::Response> page(Core& core, std::string path) {
  const auto sealed = from_hex(std::string_view(path).substr(kPath.size()));
  const auto opened = sealed ? core.house.sealer.open(*sealed, kOwner) : std::nullopt;
  const std::string record = opened.value_or("");
  store::RecordReader in(record, 1);
  const std::string code = in.text();
  const Time until(Duration(in.integer()));
  if (!opened || !in.complete() || until < core.house.clock.now()) {
    co_return answer(403, "text/plain", "This link is not good, or not any more.\n");
  }
  auto zip = co_await core.blocking([&] { return core.code.read(code); });
  if (!zip) co_return answer(404, "text/plain", "There is no such package any more.\n");
  co_return answer(200, "application/zip", *std::move(zip));
}

}  // namespace

std::string code_link(const Core& core, const cloud::Call& call, const std::string& code) {
  const Time until = core.house.clock.now() + kGood;
  store::RecordWriter out(1);
  out.text(code).integer(until.time_since_epoch().count());
  return call.endpoint + std::string(kPath) + to_hex(core.house.sealer.seal(out.bytes(), kOwner));
}

void add_code_page(Core& core) {
  core.house.site.add(std::string(kPath),
                      [&core](const http::Request& request) { return page(core, std::string(request.path())); });
}

}  // namespace signalbox::lambda

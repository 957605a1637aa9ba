#include "server/secrets.h"

#include <filesystem>

#include "store/key.h"

namespace signalbox::server {
namespace {

constexpr std::string_view kOwner = "signalbox.secrets-key";
constexpr std::string_view kContent = "This store's secrets are sealed with this key.";

std::string record_key() {
  return store::Key("secrets-key").bytes();
}

std::string way_out(const std::string& path) {
  return " Put the right one back at " + path +
         ", from a backup, or say where it is with --secrets-key. Without it those secrets (of connections, functions, "
         "platform applications, SNS's signatures) are lost: begin anew in another folder, with --data.";
}

}  // namespace

Result<Sealer::Key> open_secrets(const std::string& path, const store::Store& store) {
  const auto sealed = store.get(record_key());
  if (!sealed) return std::unexpected(sealed.error());
  std::error_code problem;
  if (*sealed && !std::filesystem::exists(path, problem)) {
    return fail("ConfigError",
                "The key file " + path + " is missing, and the store has secrets sealed with it." + way_out(path));
  }
  Result<Sealer::Key> key = Sealer::read_or_make_key(path);
  if (!key || !*sealed || Sealer(*key).open(**sealed, kOwner) == kContent) return key;
  return fail("ConfigError", "The key file " + path +
                                 " holds another key than the one that the store's secrets are sealed with." +
                                 way_out(path));
}

void remember_key(const Sealer::Key& key, store::Store& store) {
  const auto known = store.get(record_key());
  if (!known || *known) return;
  store::Batch batch;
  batch.put(record_key(), Sealer(key).seal(kContent, kOwner));
  store.commit_later(std::move(batch));
}

}  // namespace signalbox::server

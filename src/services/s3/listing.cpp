#include "services/s3/listing.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::s3 {
namespace {

/// The common prefix that stands for the key; "" where it stands for itself.
std::string_view common_prefix(const ListQuery& query, std::string_view key) {
  if (query.delimiter.empty()) return {};
  const auto at = key.find(query.delimiter, query.prefix.size());
  return at == std::string_view::npos ? std::string_view() : key.substr(0, at + query.delimiter.size());
}

/// The first text after all that begin with `prefix`; "" where there is none.
std::string behind(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

class Lister {
 public:
  Lister(const Core& core, std::string_view space, const ListQuery& query, const OnKey& on_key,
         const OnPrefix& on_prefix)
      : snapshot_(core.house.store.read()), space_(space), query_(query), on_key_(on_key), on_prefix_(on_prefix) {}

  Result<Listed> run() {
    if (query_.most == 0) return page_;
    std::string from = query_.prefix;
    if (!query_.after.empty() && query_.after >= from) {
      from = query_.after;
      // A common prefix that was listed already, with all that it stands for.
      const bool rolled = !query_.from_key && query_.after.size() > query_.prefix.size() &&
                          common_prefix(query_, query_.after) == query_.after;
      if (rolled) from = behind(query_.after);
      if (rolled && from.empty()) return page_;
    }
    for (bool more = true; more;) {
      Result<bool> jumped = scan(from);
      if (!jumped) return std::unexpected(std::move(jumped).error());
      more = *jumped && !page_.truncated;
      from = jump_;
      if (from.empty()) more = false;
    }
    return page_;
  }

 private:
  /// Visits keys from `from` on. True when it stopped at a common prefix, to go on at jump_.
  Result<bool> scan(const std::string& from) {
    const store::Key all = store::Key(space_).text(query_.bucket);
    // The beginning of a text's key is the key without the mark of the text's end.
    std::string begin = store::Key(space_).text(query_.bucket).text(from).bytes();
    begin.resize(begin.size() - 2);
    bool jumped = false;
    Result<void> done = snapshot_->scan(begin, all.end(), [&](std::string_view bytes, std::string_view value) {
      store::KeyReader reader(bytes);
      reader.text();
      reader.text();
      const std::string key = reader.text().value_or("");
      if (!key.starts_with(query_.prefix)) return false;
      if (!query_.after.empty() && key == query_.after && !query_.from_key) return true;
      if (++looked_ > kMaxLooked) {
        page_.last = key;
        return full();
      }
      const std::string prefix(common_prefix(query_, key));
      if (prefix.empty()) return take(key, reader, value);
      if (count_ >= query_.most) return full();
      on_prefix_(prefix);
      ++count_;
      page_.last = prefix;
      jump_ = behind(prefix);
      jumped = true;
      return false;
    });
    if (!done) return std::unexpected(std::move(done).error());
    return jumped;
  }

  bool take(const std::string& key, store::KeyReader& rest, std::string_view value) {
    const std::int32_t room = query_.most - count_;
    const std::int32_t made = on_key_(key, rest, value, room);
    if (made > 0 && room > 0) page_.last = key;
    count_ += std::min(made, room);
    if (made > room) return full();
    return true;
  }

  bool full() {
    page_.truncated = true;
    return false;
  }

  std::unique_ptr<store::Snapshot> snapshot_;
  const std::string_view space_;
  const ListQuery& query_;
  const OnKey& on_key_;
  const OnPrefix& on_prefix_;
  Listed page_;
  std::int32_t count_ = 0;
  std::size_t looked_ = 0;
  std::string jump_;
};

}  // namespace

Result<Listed> list_keys(const Core& core, std::string_view space, const ListQuery& query, const OnKey& on_key,
                         const OnPrefix& on_prefix) {
  return Lister(core, space, query, on_key, on_prefix).run();
}

Result<std::int32_t> page_size(const std::optional<std::int32_t>& asked, std::string_view name) {
  if (asked && *asked < 0) {
    return invalid_argument("Argument " + std::string(name) + " must be an integer between 0 and 2147483647", name,
                            std::to_string(*asked));
  }
  return std::min(asked.value_or(kMaxListed), kMaxListed);
}

Result<void> check_encoding(const std::optional<std::string>& type) {
  if (!type || *type == "url") return {};
  return invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", *type);
}

std::string encoded(const std::optional<std::string>& type, std::string text) {
  if (!type) return text;
  std::string out = percent_encode(text, true);
  for (std::size_t at = out.find("%20"); at != std::string::npos; at = out.find("%20", at)) out.replace(at, 3, "+");
  return out;
}

}  // namespace signalbox::s3

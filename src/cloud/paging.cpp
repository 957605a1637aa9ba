#include "cloud/paging.h"

#include "base/encoding.h"

namespace signalbox::cloud {

std::string make_page_token(std::string_view listing, std::string_view last) {
  std::string plain(listing);
  plain.push_back('\0');
  plain.append(last);
  return to_base64(plain);
}

std::optional<std::string> read_page_token(std::string_view listing, std::string_view token) {
  auto plain = from_base64(token);
  if (!plain || plain->size() <= listing.size() || !plain->starts_with(listing)) return std::nullopt;
  if ((*plain)[listing.size()] != '\0') return std::nullopt;
  return plain->substr(listing.size() + 1);
}

}  // namespace signalbox::cloud

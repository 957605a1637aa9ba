// User-defined metadata that is not ASCII stands in headers as RFC 2047 has it: =?UTF-8?Q?...?= or =?UTF-8?B?...?=.

#include <algorithm>

#include "base/encoding.h"
#include "policy/glob.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

constexpr std::string_view kBegin = "=?";
constexpr std::string_view kEnd = "?=";

/// Of the encoding "Q"; empty for what is not.
std::optional<std::string> from_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string to_q(std::string_view text) {
  std::string out(kBegin);
  out += "UTF-8?Q?";
  for (const char c : text) {
    const bool plain = c > ' ' && c < '\x7f' && c != '=' && c != '?' && c != '_';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      out += '=';
      std::string hex = to_hex(std::string_view(&c, 1));
      std::ranges::transform(hex, hex.begin(), [](char d) { return d >= 'a' ? static_cast<char>(d & ~32) : d; });
      out += hex;
    }
  }
  return out.append(kEnd);
}

/// The word that `text` begins with, decoded; `text` goes on behind it. Empty, and nothing taken, for what is none.
std::optional<std::string> take_word(std::string_view& text) {
  if (!text.starts_with(kBegin)) return std::nullopt;
  const auto charset = text.find('?', kBegin.size());
  if (charset == std::string_view::npos || charset + 2 >= text.size() || text[charset + 2] != '?') return std::nullopt;
  const auto end = text.find(kEnd, charset + 3);
  if (end == std::string_view::npos) return std::nullopt;
  if (!policy::equal_folded(text.substr(kBegin.size(), charset - kBegin.size()), "utf-8")) return std::nullopt;
  const char encoding = static_cast<char>(text[charset + 1] | 32);
  const std::string_view content = text.substr(charset + 3, end - charset - 3);
  auto decoded = encoding == 'q'   ? from_q(content)
                 : encoding == 'b' ? from_base64(content)
                                   : std::optional<std::string>();
  if (decoded) text.remove_prefix(end + kEnd.size());
  return decoded;
}

std::string decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (auto word = take_word(text)) {
      out += *word;
      // White space between two encoded words belongs to neither.
      const auto next = text.find_first_not_of(" \t");
      if (next != std::string_view::npos && text.substr(next).starts_with(kBegin)) text.remove_prefix(next);
      continue;
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

Texts decoded_metadata(const Texts& sent) {
  Texts kept;
  for (const auto& [name, value] : sent) kept[name] = value.contains(kBegin) ? decoded(value) : value;
  return kept;
}

Texts encoded_metadata(const Texts& kept) {
  Texts told;
  for (const auto& [name, value] : kept) {
    const bool plain = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < '\x7f'; });
    told[name] = plain ? value : to_q(value);
  }
  return told;
}

}  // namespace signalbox::s3

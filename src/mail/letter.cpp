#include "mail/letter.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"
#include "base/time_text.h"

namespace signalbox::mail {
namespace {

constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kLine = 76;
/// Bytes of a header's word before they are encoded: in base64, with the marks around it, they stay within a line.
constexpr std::size_t kWord = 42;

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 127; });
}

/// A header's text: as it is when it is ASCII, else in encoded words (RFC 2047).
std::string header_text(std::string_view text) {
  if (is_plain(text) && text.find("=?") == std::string_view::npos) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kWord, text.size());
    // A character stays in one word.
    while (size > 1 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    out.append(out.empty() ? "" : "\r\n ").append("=?UTF-8?B?").append(to_base64(text.substr(0, size))).append("?=");
    text.remove_prefix(size);
  }
  return out;
}

std::string phrase(std::string_view name) {
  if (!is_plain(name)) return header_text(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out.append("\"");
}

/// Quoted-printable (RFC 2045), lines ended by CRLF.
std::string quoted_printable(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  const auto add = [&](std::string_view piece) {
    if (column + piece.size() >= kLine) {
      out.append("=\r\n");
      column = 0;
    }
    out.append(piece);
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      out.append("\r\n");
      column = 0;
      continue;
    }
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = (c > ' ' && c < 127 && c != '=') || ((c == ' ' || c == '\t') && !at_end);
    if (plain) {
      add(std::string_view(&text[i], 1));
    } else {
      const char escaped[] = {'=', kHex[c >> 4U], kHex[c & 15U]};
      add(std::string_view(escaped, 3));
    }
  }
  return out;
}

std::string decode_quoted_printable(std::string_view text, bool in_header) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_header && text[i] == '_') {
      out.push_back(' ');
    } else if (text[i] != '=') {
      out.push_back(text[i]);
    } else if (text.substr(i).starts_with("=\r\n")) {
      i += 2;
    } else if (text.substr(i).starts_with("=\n")) {
      i += 1;
    } else if (const auto byte = from_hex(text.substr(i + 1, 2)); byte && byte->size() == 1) {
      out.append(*byte);
      i += 2;
    } else {
      out.push_back('=');
    }
  }
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string packed;
  std::ranges::copy_if(text, std::back_inserter(packed), [](unsigned char c) { return std::isspace(c) == 0; });
  return from_base64(packed).value_or(std::string(text));
}

/// Decodes the encoded words of a header.
std::string decode_words(std::string_view text) {
  std::string out;
  bool after_word = false;
  while (!text.empty()) {
    const auto begin = text.find("=?");
    const auto charset_end = begin == std::string_view::npos ? begin : text.find('?', begin + 2);
    const auto end = charset_end == std::string_view::npos ? charset_end : text.find("?=", charset_end + 3);
    if (end == std::string_view::npos) break;
    const std::string_view before = text.substr(0, begin);
    if (!after_word || before.find_first_not_of(" \t") != std::string_view::npos) out.append(before);
    const std::string_view content = text.substr(charset_end + 3, end - charset_end - 3);
    const bool base64 = text[charset_end + 1] == 'B' || text[charset_end + 1] == 'b';
    out.append(base64 ? decode_base64(content) : decode_quoted_printable(content, true));
    text.remove_prefix(end + 2);
    after_word = true;
  }
  return out.append(text);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Takes the next header, its folded lines joined, off `text`. False at the empty line before the body, taken too.
bool take_header(std::string_view& text, std::string& line) {
  line.clear();
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    const bool folded = one.starts_with(' ') || one.starts_with('\t');
    if (!line.empty() && !folded) return true;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (one.empty()) return false;
    line.append(line.empty() ? one
                             : " " + std::string(one.substr(one.find_first_not_of(" \t") == std::string_view::npos
                                                                ? one.size()
                                                                : one.find_first_not_of(" \t"))));
  }
  return !line.empty();
}

}  // namespace

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  return text.size() <= kMaxAddress && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && std::ranges::all_of(text, [](unsigned char c) {
           return c > ' ' && c < 127 && c != '<' && c != '>' && c != '"' && c != ',' && c != ';' && c != '\\';
         });
}

std::string text_of(const Letter& letter, Time sent) {
  std::string date = to_http_date(sent);
  date.replace(date.size() - 3, 3, "+0000");
  std::string out = "Date: " + date + "\r\n";
  out += "From: " + (letter.from_name.empty() ? "" : phrase(letter.from_name) + " ") + "<" + letter.from + ">\r\n";
  out += "To: <" + letter.to + ">\r\n";
  out += "Subject: " + header_text(letter.subject) + "\r\n";
  out += "Message-ID: <" + letter.id + letter.from.substr(letter.from.find('@')) + ">\r\n";
  for (const auto& [name, value] : letter.headers) out += name + ": " + header_text(value) + "\r\n";
  out += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n";
  out += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  return out + quoted_printable(letter.body) + "\r\n";
}

std::string_view Received::header(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [key, value] : headers) {
    if (lower(key) == wanted) return value;
  }
  return "";
}

Received read(std::string_view text) {
  Received mail;
  std::string line;
  while (take_header(text, line)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(" \t", colon + 1);
    mail.headers.emplace_back(line.substr(0, colon),
                              value == std::string::npos ? "" : decode_words(std::string_view(line).substr(value)));
  }
  const std::string encoding = lower(mail.header("Content-Transfer-Encoding"));
  if (encoding == "quoted-printable") {
    mail.body = decode_quoted_printable(text, false);
  } else {
    mail.body = encoding == "base64" ? decode_base64(text) : std::string(text);
  }
  std::erase(mail.body, '\r');
  return mail;
}

}  // namespace signalbox::mail

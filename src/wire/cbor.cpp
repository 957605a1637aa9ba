#include "wire/cbor.h"

#include <bit>
#include <cmath>

namespace signalbox::wire {
namespace {

constexpr unsigned kIndefinite = 31;

/// A half-precision number (RFC 8949, appendix D).
double from_half(std::uint64_t bits) {
  const auto exponent = static_cast<int>((bits >> 10U) & 0x1FU);
  const auto mantissa = static_cast<double>(bits & 0x3FFU);
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? INFINITY : NAN;
  }
  return (bits & 0x8000U) != 0 ? -value : value;
}

}  // namespace

std::uint64_t CborReader::number(std::size_t bytes) {
  if (rest_.size() < bytes) {
    ok_ = false;
    return 0;
  }
  std::uint64_t value = 0;
  for (const char byte : rest_.substr(0, bytes)) value = value << 8U | static_cast<std::uint8_t>(byte);
  rest_.remove_prefix(bytes);
  return value;
}

CborReader::Head CborReader::head() {
  Head head;
  if (!ok_ || rest_.empty() || ++items_ > kMaxItems) {
    ok_ = false;
    return head;
  }
  const auto initial = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  const unsigned major = initial >> 5U;
  const unsigned information = initial & 0x1FU;
  std::size_t bytes = 0;
  if (information < 24) {
    head.value = information;
  } else if (information < 28) {
    bytes = std::size_t{1} << (information - 24);
    head.value = number(bytes);
  } else if (information == kIndefinite && (major == 7 || (major >= 2 && major <= 5))) {
    head.indefinite = true;
  } else {
    ok_ = false;
  }
  if (major < 7) {
    head.kind = static_cast<Kind>(major);
    return head;
  }
  if (head.indefinite) return head;  // a break
  head.kind = bytes > 1 ? Kind::kFloat : Kind::kSimple;
  if (bytes == 2) head.number = from_half(head.value);
  if (bytes == 4) head.number = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.value)));
  if (bytes == 8) head.number = std::bit_cast<double>(head.value);
  return head;
}

bool CborReader::more(const Head& container, std::uint64_t& left) {
  if (!ok_) return false;
  if (!container.indefinite) return left-- != 0;
  if (rest_.empty()) {
    ok_ = false;
    return false;
  }
  if (static_cast<std::uint8_t>(rest_.front()) != 0xFF) return true;
  rest_.remove_prefix(1);
  return false;
}

std::string CborReader::string(const Head& head) {
  std::string value;
  const auto append = [&](std::uint64_t length) {
    if (!ok_ || length > rest_.size()) {
      ok_ = false;
      return;
    }
    value.append(rest_.substr(0, length));
    rest_.remove_prefix(length);
  };
  if (!head.indefinite) {
    append(head.value);
    return value;
  }
  std::uint64_t unused = 0;
  while (more(head, unused)) {
    const Head chunk = this->head();
    if (chunk.kind != head.kind || chunk.indefinite) ok_ = false;
    append(chunk.value);
  }
  return value;
}

bool CborReader::skip_items(const Head& head, int depth) {
  if (!ok_ || depth > kMaxDepth || head.kind == Kind::kBreak) {
    ok_ = false;
    return false;
  }
  if (head.kind == Kind::kBytes || head.kind == Kind::kText) {
    string(head);
  } else if (head.kind == Kind::kTag) {
    skip_items(this->head(), depth + 1);
  } else if (head.kind == Kind::kArray || head.kind == Kind::kMap) {
    std::uint64_t left = head.value;
    while (more(head, left)) {
      if (!skip_items(this->head(), depth + 1)) return false;
      if (head.kind == Kind::kMap && !skip_items(this->head(), depth + 1)) return false;
    }
  }
  return ok_;
}

void CborReader::skip(const Head& head) {
  skip_items(head, 0);
}

void CborWriter::big_endian(std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
}

void CborWriter::head(unsigned major, std::uint64_t value) {
  const auto initial = [&](unsigned information) { out_.push_back(static_cast<char>(major << 5U | information)); };
  if (value < 24) {
    initial(static_cast<unsigned>(value));
  } else if (value <= 0xFF) {
    initial(24);
    big_endian(value, 1);
  } else if (value <= 0xFFFF) {
    initial(25);
    big_endian(value, 2);
  } else if (value <= 0xFFFFFFFF) {
    initial(26);
    big_endian(value, 4);
  } else {
    initial(27);
    big_endian(value, 8);
  }
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  out_.append(value);
}

void CborWriter::bytes(std::string_view value) {
  head(2, value.size());
  out_.append(value);
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) {
    head(0, static_cast<std::uint64_t>(value));
  } else {
    head(1, static_cast<std::uint64_t>(-(value + 1)));
  }
}

void CborWriter::number(double value) {
  out_.push_back(static_cast<char>(0xfb));
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

}  // namespace signalbox::wire

// Which addresses outgoing requests may go to: the special-purpose ranges of the IANA registries ("IANA IPv4
// Special-Purpose Address Registry", "IANA IPv6 Special-Purpose Address Registry"; RFC 6890), by what is in them.
#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <vector>

#include "http/client.h"

namespace signalbox::http {
namespace {

enum class Kept {
  kAlways,  // no request goes there
  kPublic   // none where only public addresses may be reached
};

struct Range {
  const char* prefix;
  unsigned bits;
  Kept kept;
};

constexpr Range kRanges4[] = {
    {"0.0.0.0", 8, Kept::kAlways},        // this network
    {"10.0.0.0", 8, Kept::kPublic},       // private use
    {"100.64.0.0", 10, Kept::kPublic},    // shared address space
    {"127.0.0.0", 8, Kept::kPublic},      // loopback
    {"169.254.0.0", 16, Kept::kAlways},   // link-local: instance metadata
    {"172.16.0.0", 12, Kept::kPublic},    // private use
    {"192.0.0.0", 24, Kept::kPublic},     // IETF protocol assignments
    {"192.0.2.0", 24, Kept::kPublic},     // documentation
    {"192.31.196.0", 24, Kept::kPublic},  // AS112
    {"192.52.193.0", 24, Kept::kPublic},  // AMT
    {"192.88.99.0", 24, Kept::kPublic},   // 6to4 relays
    {"192.168.0.0", 16, Kept::kPublic},   // private use
    {"192.175.48.0", 24, Kept::kPublic},  // AS112
    {"198.18.0.0", 15, Kept::kPublic},    // benchmarking
    {"198.51.100.0", 24, Kept::kPublic},  // documentation
    {"203.0.113.0", 24, Kept::kPublic},   // documentation
    {"224.0.0.0", 4, Kept::kAlways},      // multicast
    {"240.0.0.0", 4, Kept::kAlways},      // reserved, broadcast
};

constexpr Range kRanges6[] = {
    {"::", 128, Kept::kAlways},             // unspecified
    {"::1", 128, Kept::kPublic},            // loopback
    {"64:ff9b::", 32, Kept::kAlways},       // IPv4 behind NAT64, global and local
    {"100::", 63, Kept::kPublic},           // discard-only, dummy prefix
    {"2001::", 23, Kept::kPublic},          // IETF protocol assignments: Teredo, benchmarking, AMT, ORCHID ...
    {"2001:db8::", 32, Kept::kPublic},      // documentation
    {"2002::", 16, Kept::kPublic},          // 6to4
    {"2620:4f:8000::", 48, Kept::kPublic},  // AS112
    {"3fff::", 20, Kept::kPublic},          // documentation
    {"5f00::", 16, Kept::kPublic},          // segment routing
    {"fc00::", 7, Kept::kPublic},           // unique local
    {"fd00:ec2::", 32, Kept::kAlways},      // instance metadata, among those
    {"fe80::", 10, Kept::kAlways},          // link-local
    {"fec0::", 10, Kept::kAlways},          // site-local, no more in use
    {"ff00::", 8, Kept::kAlways},           // multicast
};

template <class Bytes>
bool begins_with(const Bytes& address, const Bytes& prefix, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(prefix.begin(), prefix.begin() + whole, address.begin())) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits % 8);
  return ((address[whole] ^ prefix[whole]) & mask) == 0;
}

bool permitted_v4(const asio::ip::address_v4& address, Reach reach) {
  return std::ranges::none_of(kRanges4, [&](const Range& range) {
    return begins_with(address.to_bytes(), asio::ip::make_address_v4(range.prefix).to_bytes(), range.bits) &&
           (range.kept == Kept::kAlways || reach == Reach::kPublic);
  });
}

asio::ip::address_v4 v4_at(const asio::ip::address_v6::bytes_type& bytes, std::size_t at, unsigned char flip = 0) {
  asio::ip::address_v4::bytes_type out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(bytes[at + i] ^ flip);
  return asio::ip::address_v4(out);
}

/// The IPv4 addresses that traffic to a v6 address comes to or by: mapped ones and those of tunnels. (NAT64's are kept
/// from always.)
std::vector<asio::ip::address_v4> embedded(const asio::ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  if (address.is_v4_mapped()) return {v4_at(bytes, 12)};
  const bool compatible = std::all_of(bytes.begin(), bytes.begin() + 12, [](unsigned char b) { return b == 0; });
  if (compatible && !address.is_unspecified() && !address.is_loopback()) return {v4_at(bytes, 12)};
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return {v4_at(bytes, 2)};  // 6to4
  const bool teredo = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0;
  if (teredo) return {v4_at(bytes, 4), v4_at(bytes, 12, 0xFF)};  // the server's, and the client's in disguise
  const bool isatap = (bytes[8] & 0xFDU) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
  if (isatap) return {v4_at(bytes, 12)};
  return {};
}

bool permitted_v6(const asio::ip::address_v6& address, Reach reach) {
  if (!std::ranges::all_of(embedded(address), [&](const auto& inner) { return permitted_v4(inner, reach); })) {
    return false;
  }
  if (address.is_v4_mapped()) return true;  // a connection to it is one to the IPv4 address
  // What is not allocated as global unicast (2000::/3) is no public address either.
  if (reach == Reach::kPublic && (address.to_bytes()[0] & 0xE0U) != 0x20) return false;
  return std::ranges::none_of(kRanges6, [&](const Range& range) {
    return begins_with(address.to_bytes(), asio::ip::make_address_v6(range.prefix).to_bytes(), range.bits) &&
           (range.kept == Kept::kAlways || reach == Reach::kPublic);
  });
}

}  // namespace

bool permitted(std::string_view text, Reach reach) {
  boost::system::error_code wrong;
  const auto address = asio::ip::make_address(text, wrong);
  if (wrong) return false;
  return address.is_v4() ? permitted_v4(address.to_v4(), reach) : permitted_v6(address.to_v6(), reach);
}

}  // namespace signalbox::http

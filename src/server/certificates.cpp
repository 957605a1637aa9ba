#include "server/certificates.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "cloud/region_names.h"
#include "http/client.h"

namespace signalbox::server {
namespace {

constexpr int kAuthorityDays = 3650;
/// What browsers take at most.
constexpr int kCertificateDays = 397;
constexpr std::chrono::hours kRenewBefore{24 * 30};
/// Certificates begin a little earlier, for clients whose clocks are behind.
constexpr std::chrono::hours kBackdate{1};
constexpr long kVersion3 = 2;
constexpr std::size_t kSerialBytes = 16;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

std::unexpected<Error> tls_error(std::string why) {
  return fail("TlsError", std::move(why));
}

std::time_t seconds_of(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(name, no_address);
    out += (out.empty() ? "" : ",") + std::string(no_address ? "DNS:" : "IP:") + name;
  }
  return out;
}

struct Made {
  Key key;
  Certificate certificate;
};

/// By itself when there is no issuer, as an authority then; else for `names`.
std::optional<Made> make(const std::string& common_name, const Made* issuer, const std::vector<std::string>& names,
                         Time now) {
  Made made{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* const certificate = made.certificate.get();
  std::array<unsigned char, kSerialBytes> serial{};
  if (!made.key || certificate == nullptr || RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) {
    return std::nullopt;
  }
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U);  // positive, and all its bytes count
  BIGNUM* const number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_set_version(certificate, kVersion3);
  const int days = issuer == nullptr ? kAuthorityDays : kCertificateDays;
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds_of(now - kBackdate));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds_of(now + std::chrono::hours(24) * days));
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("Signalbox"), -1, -1,
                             0);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()),
                             -1, -1, 0);
  X509* const signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, made.key.get());
  bool fine = add_extension(certificate, signer, NID_subject_key_identifier, "hash") &&
              add_extension(certificate, signer, NID_authority_key_identifier, "keyid");
  if (issuer == nullptr) {
    fine = fine && add_extension(certificate, signer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    fine = fine && add_extension(certificate, signer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, signer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, signer, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, signer, NID_subject_alt_name, names_text(names));
  }
  EVP_PKEY* const signing = issuer == nullptr ? made.key.get() : issuer->key.get();
  if (!fine || X509_sign(certificate, signing, EVP_sha256()) == 0) return std::nullopt;
  return made;
}

/// Into a new file that takes the old one's place at once.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool fine =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  fine = fine && std::rename(draft.c_str(), path.c_str()) == 0;
  if (!fine) return tls_error(path + " cannot be written: " + std::strerror(errno) + ".");
  return {};
}

template <class Write>
std::string pem(const Write& write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return "";
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// The key goes first: a certificate without its key would be of no use.
Result<void> write(const Made& made, const std::string& certificate_file, const std::string& key_file) {
  Result<void> written =
      write_file(key_file, pem([&](BIO* out) {
                   return PEM_write_bio_PrivateKey(out, made.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                 }),
                 S_IRUSR | S_IWUSR);
  if (!written) return written;
  return write_file(certificate_file, pem([&](BIO* out) { return PEM_write_bio_X509(out, made.certificate.get()); }),
                    S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
}

/// Empty where there is none, or no pair that belongs together.
std::optional<Made> read(const std::string& certificate_file, const std::string& key_file) {
  const Bio certificate(BIO_new_file(certificate_file.c_str(), "r"));
  const Bio key(BIO_new_file(key_file.c_str(), "r"));
  if (!certificate || !key) return std::nullopt;
  Made made{Key(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr)),
            Certificate(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr))};
  if (!made.key || !made.certificate || X509_check_private_key(made.certificate.get(), made.key.get()) != 1) {
    return std::nullopt;
  }
  return made;
}

bool lasts(const Certificate& certificate, Time now) {
  std::time_t soon = seconds_of(now + kRenewBefore);
  std::time_t present = seconds_of(now);
  return X509_cmp_time(X509_get0_notAfter(certificate.get()), &soon) > 0 &&
         X509_cmp_time(X509_get0_notBefore(certificate.get()), &present) < 0;
}

/// As it stands in the certificate: "DNS:localhost", "IP:" and the address's bytes.
std::string text_of(const GENERAL_NAME& name) {
  const bool is_address = name.type == GEN_IPADD;
  if (!is_address && name.type != GEN_DNS) return "";
  const ASN1_STRING* const value = is_address ? name.d.iPAddress : name.d.dNSName;
  return (is_address ? "IP:" : "DNS:") + std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                                     static_cast<std::size_t>(ASN1_STRING_length(value)));
}

std::string text_of(const std::string& name) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(name, no_address);
  if (no_address) return "DNS:" + name;
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return "IP:" + std::string(bytes.begin(), bytes.end());
  }
  const auto bytes = address.to_v6().to_bytes();
  return "IP:" + std::string(bytes.begin(), bytes.end());
}

/// Whether all the names stand in it. What clients match wildcards with is not asked: OpenSSL takes none of a single
/// label.
bool is_for(const Certificate& certificate, const std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> held(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> there;
  for (int i = 0; held && i < sk_GENERAL_NAME_num(held.get()); ++i) {
    there.push_back(text_of(*sk_GENERAL_NAME_value(held.get(), i)));
  }
  return std::ranges::all_of(
      names, [&](const std::string& name) { return std::ranges::find(there, text_of(name)) != there.end(); });
}

}  // namespace

std::vector<std::string> certificate_names(const std::string& address, const std::string& public_url) {
  std::vector<std::string> names = {"localhost", "*.localhost", "*.s3.localhost", "127.0.0.1", "::1"};
  // A star stands for one label: the Regions before it are to be named.
  for (const std::string_view region : cloud::region_codes()) {
    for (const char* service : {"s3", "lambda-url"}) {
      names.push_back("*." + std::string(service) + "." + std::string(region) + ".localhost");
    }
  }
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (address != "0.0.0.0" && address != "::") add(address);
  if (const auto url = http::Url::parse(public_url)) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(url->host, no_address);
    add(url->host);
    if (no_address) add("*." + url->host);  // buckets and function URLs have names of their own below it
  } else {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0) add(host.data());
  }
  return names;
}

Result<Certificates> own_certificates(const std::string& folder, const std::vector<std::string>& names, Time now) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return tls_error(folder + " cannot be made: " + problem.message() + ".");
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);
  const Certificates files{folder + "/ca.pem", folder + "/server.pem", folder + "/server.key"};
  const std::string authority_key = folder + "/ca.key";
  auto authority = read(files.authority, authority_key);
  const bool authority_stays = authority && lasts(authority->certificate, now);
  if (!authority_stays) {
    // Clients trust what is there: only its owner may take it away.
    if (!authority && std::filesystem::exists(files.authority)) {
      return tls_error(files.authority + " and " + authority_key +
                       " do not belong together. Take both away to have a new authority made.");
    }
    authority =
        make("Signalbox authority of " + std::filesystem::absolute(folder).string().substr(0, 32), nullptr, {}, now);
    if (!authority) return tls_error("OpenSSL could not make a certificate.");
    Result<void> written = write(*authority, files.authority, authority_key);
    if (!written) return std::unexpected(std::move(written).error());
  }
  const auto present = read(files.certificate, files.key);
  if (authority_stays && present && lasts(present->certificate, now) && is_for(present->certificate, names) &&
      X509_check_issued(authority->certificate.get(), present->certificate.get()) == X509_V_OK) {
    return files;
  }
  const auto made = make(names.front(), &*authority, names, now);
  if (!made) return tls_error("OpenSSL could not make a certificate for " + names_text(names) + ".");
  Result<void> written = write(*made, files.certificate, files.key);
  if (!written) return std::unexpected(std::move(written).error());
  return files;
}

}  // namespace signalbox::server

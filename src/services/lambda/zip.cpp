#include "services/lambda/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <memory>
#include <utility>

#include "services/lambda/package_folder.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kBlock = std::size_t{64} * 1024;
constexpr unsigned kExecutable = 0111;

using Reader = std::unique_ptr<archive, int (*)(archive*)>;

/// How much has been read of all archives that belong together.
struct Amount {
  std::int64_t bytes = 0;
  std::size_t entries = 0;
};

std::unexpected<Error> unreadable(archive* from, const char* otherwise) {
  const char* const why = archive_error_string(from);
  return unusable_package(why != nullptr ? why : otherwise);
}

Result<void> copy(archive* from, PackageSink& sink, Amount& amount) {
  std::string block(kBlock, '\0');
  for (;;) {
    const la_ssize_t read = archive_read_data(from, block.data(), block.size());
    if (read == 0) return sink.end_file();
    if (read < 0) return unreadable(from, "broken data.");
    amount.bytes += read;
    if (amount.bytes > kMaxUnpacked) {
      return fail("InvalidParameterValueException",
                  "Unzipped size must be smaller than " + std::to_string(kMaxUnpacked) + " bytes");
    }
    Result<void> written = sink.write(std::string_view(block).substr(0, static_cast<std::size_t>(read)));
    if (!written) return written;
  }
}

/// Only what AWS takes: other compressions may ask for any amount of memory. "ZIP 2.0 (deflation)".
bool is_known_compression(archive* from) {
  const char* const name = archive_format_name(from);
  const std::string_view format = name != nullptr ? name : "";
  return format.find('(') == std::string_view::npos || format.ends_with("(deflation)") ||
         format.ends_with("(uncompressed)");
}

Result<void> take_entry(archive* from, archive_entry* entry, PackageSink& sink, Amount& amount) {
  // Names that are no text of this server's locale are bytes all the same.
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  if (name == nullptr) return unusable_package("the name of an entry cannot be read.");
  Result<std::string> within = package_path(name);
  if (!within) return std::unexpected(std::move(within).error());
  const std::string& path = *within;
  if (archive_entry_hardlink(entry) != nullptr) return unusable_package(path + " is a hard link.");
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFDIR || path == ".") return sink.folder(path);
  if (!is_known_compression(from)) return unusable_package(path + " is compressed in a way other than deflate.");
  if (type == AE_IFLNK) {
    const char* to = archive_entry_symlink_utf8(entry);
    if (to == nullptr) to = archive_entry_symlink(entry);
    return sink.link(path, to != nullptr ? to : "");
  }
  if (type != AE_IFREG) return unusable_package(path + " is no file, folder or link.");
  Result<void> begun = sink.begin_file(path, (archive_entry_perm(entry) & kExecutable) != 0);
  return begun ? copy(from, sink, amount) : begun;
}

Result<void> read_all(archive* from, PackageSink& sink, Amount& amount) {
  const std::size_t before = amount.entries;
  for (;;) {
    archive_entry* entry = nullptr;
    const int got = archive_read_next_header(from, &entry);
    if (got == ARCHIVE_EOF) break;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return unreadable(from, "it is no zip file.");
    if (++amount.entries > kMaxFiles) {
      return unusable_package("it has more than " + std::to_string(kMaxFiles) + " entries.");
    }
    Result<void> taken = take_entry(from, entry, sink, amount);
    if (!taken) return taken;
  }
  if (amount.entries == before) {
    return fail("InvalidParameterValueException", "Uploaded file must be a non-empty zip");
  }
  return {};
}

/// Has this thread read names as UTF-8 while it is there: libarchive takes names that say they are from the thread's
/// locale only, and this server has none.
class Utf8Names {
 public:
  Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})), before_(::uselocale(locale_)) {}
  ~Utf8Names() {
    ::uselocale(before_);
    if (locale_ != locale_t{}) ::freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;

 private:
  locale_t locale_;
  locale_t before_;
};

Reader new_reader() {
  Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_zip(reader.get());
  return reader;
}

}  // namespace

Result<void> check_zip(std::string_view zip) {
  const Utf8Names names;
  const Reader reader = new_reader();
  if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) {
    return unusable_package("");
  }
  PackageCheck check;
  Amount amount;
  Result<void> read = read_all(reader.get(), check, amount);
  return read ? check.finish() : read;
}

Result<void> unpack_zips(const std::vector<std::string>& paths, const std::string& into) {
  const Utf8Names names;
  PackageFolder folder(into);
  Amount amount;
  for (const std::string& path : paths) {
    const Reader reader = new_reader();
    if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
      return fail("StoreError", "Cannot read " + path + ".", 500);
    }
    Result<void> read = read_all(reader.get(), folder, amount);
    if (!read) return read;
  }
  return folder.finish();
}

}  // namespace signalbox::lambda

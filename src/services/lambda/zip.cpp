#include "services/lambda/zip.h"

#include <minizip/unzip.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "services/lambda/package_folder.h"

namespace signalbox::lambda {
namespace {

constexpr std::size_t kBlock = std::size_t{64} * 1024;
/// More is no place that a link leads to (PATH_MAX).
constexpr std::size_t kMaxLink = 4096;
constexpr unsigned kExecutable = 0111;
constexpr std::string_view kEndOfDirectory = "PK\5\6";

/// Of an entry (the format's description, APPNOTE.TXT, 4.4): whose attributes it has, its flags, how it is compressed.
constexpr uLong kUnix = 3;
constexpr uLong kDarwin = 19;
constexpr uLong kEncrypted = 1;
constexpr uLong kStored = 0;
constexpr uLong kDosFolder = 0x10;
/// Info-ZIP's Unicode Path: a version, the CRC of the name that it stands for, and the name in UTF-8 ("4.6.9").
constexpr unsigned kUnicodePath = 0x7075;
constexpr std::size_t kUnicodePathHead = 5;

using Reader = std::unique_ptr<void, int (*)(unzFile)>;

/// How much has been read of all archives that belong together.
struct Amount {
  std::int64_t bytes = 0;
  std::size_t entries = 0;
};

std::unexpected<Error> broken() {
  return unusable_package("broken data.");
}

std::unexpected<Error> empty() {
  return fail("InvalidParameterValueException", "Uploaded file must be a non-empty zip");
}

/// An archive in memory, as minizip reads it.
struct Memory {
  std::string_view bytes;
  std::size_t at = 0;

  static Memory& of(voidpf stream) { return *static_cast<Memory*>(stream); }
  static voidpf open(voidpf memory, const void*, int) { return memory; }
  static uLong read(voidpf, voidpf stream, void* into, uLong size) {
    Memory& memory = of(stream);
    const std::size_t given = std::min<std::size_t>(size, memory.bytes.size() - memory.at);
    if (given > 0) std::memcpy(into, memory.bytes.data() + memory.at, given);
    memory.at += given;
    return given;
  }
  static uLong write(voidpf, voidpf, const void*, uLong) { return 0; }
  static ZPOS64_T tell(voidpf, voidpf stream) { return of(stream).at; }
  static long seek(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
    Memory& memory = of(stream);
    const std::size_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                             : origin == ZLIB_FILEFUNC_SEEK_CUR ? memory.at
                                                                : memory.bytes.size();
    const std::size_t to = from + offset;  // back where that wraps around
    if (to > memory.bytes.size()) return -1;
    memory.at = to;
    return 0;
  }
  static int close(voidpf, voidpf) { return 0; }
  static int error(voidpf, voidpf) { return 0; }
};

Reader open_memory(Memory& memory) {
  zlib_filefunc64_def functions{Memory::open, Memory::read,  Memory::write, Memory::tell,
                                Memory::seek, Memory::close, Memory::error, &memory};
  return {unzOpen2_64("", &functions), unzClose};
}

unsigned little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  unsigned value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// What an entry's central directory says of it.
struct Entry {
  unz_file_info64 info{};
  std::string name;   // its bytes, in whatever encoding
  unsigned mode = 0;  // of Unix; 0 where it was made elsewhere

  bool is_folder() const {
    return name.ends_with('/') || S_ISDIR(mode) || (mode == 0 && (info.external_fa & kDosFolder) != 0);
  }
};

/// The name in an entry's extra fields, where it is this name's.
void take_unicode_path(std::string_view extra, std::string& name) {
  while (extra.size() >= 4) {
    const unsigned id = little_endian(extra, 0, 2);
    const std::size_t size = little_endian(extra, 2, 2);
    if (size > extra.size() - 4) return;
    const std::string_view field = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (id != kUnicodePath || size <= kUnicodePathHead || field[0] != 1) continue;
    const uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(name.data()), static_cast<uInt>(name.size()));
    if (little_endian(field, 1, 4) == crc) name = field.substr(kUnicodePathHead);
    return;
  }
}

Result<Entry> entry_at(unzFile from) {
  Entry entry;
  std::string extra;
  const auto read = [&] {  // as much of both as there is room for
    return unzGetCurrentFileInfo64(from, &entry.info, entry.name.data(), entry.name.size(), extra.data(), extra.size(),
                                   nullptr, 0) == UNZ_OK;
  };
  if (!read()) return broken();
  entry.name.resize(entry.info.size_filename);
  extra.resize(entry.info.size_file_extra);
  if (!read()) return broken();
  take_unicode_path(extra, entry.name);
  const uLong system = entry.info.version >> 8;
  if (system == kUnix || system == kDarwin) entry.mode = static_cast<unsigned>(entry.info.external_fa >> 16);
  return entry;
}

/// Gives what is in the current entry to `take`, block by block, to its end.
template <class Take>
Result<void> read_entry(unzFile from, const Entry& entry, const Take& take) {
  if (unzOpenCurrentFile(from) != UNZ_OK) return broken();
  std::string block(std::clamp<ZPOS64_T>(entry.info.uncompressed_size, 1, kBlock), '\0');
  ZPOS64_T taken = 0;
  Result<void> done;
  while (done) {
    const int read = unzReadCurrentFile(from, block.data(), static_cast<unsigned>(block.size()));
    if (read < 0) done = broken();
    if (read <= 0) break;
    taken += static_cast<ZPOS64_T>(read);
    done = take(std::string_view(block).substr(0, static_cast<std::size_t>(read)));
  }
  const bool whole = unzCloseCurrentFile(from) == UNZ_OK && taken == entry.info.uncompressed_size;
  return !done || whole ? done : Result<void>(broken());
}

Result<void> copy(unzFile from, const Entry& entry, PackageSink& sink, Amount& amount) {
  Result<void> read = read_entry(from, entry, [&](std::string_view block) -> Result<void> {
    amount.bytes += static_cast<std::int64_t>(block.size());
    if (amount.bytes <= kMaxUnpacked) return sink.write(block);
    return fail("InvalidParameterValueException",
                "Unzipped size must be smaller than " + std::to_string(kMaxUnpacked) + " bytes");
  });
  return read ? sink.end_file() : read;
}

Result<void> take_link(unzFile from, const Entry& entry, const std::string& path, PackageSink& sink) {
  std::string to;
  if (entry.info.uncompressed_size > kMaxLink) return sink.link(path, "");
  Result<void> read = read_entry(from, entry, [&](std::string_view block) -> Result<void> {
    to += block;
    return {};
  });
  return read ? sink.link(path, to) : read;
}

Result<void> take_entry(unzFile from, PackageSink& sink, Amount& amount) {
  const Result<Entry> entry = entry_at(from);
  if (!entry) return std::unexpected(entry.error());
  Result<std::string> within = package_path(entry->name);
  if (!within) return std::unexpected(std::move(within).error());
  const std::string& path = *within;
  if (entry->is_folder() || path == ".") return sink.folder(path);
  if ((entry->info.flag & kEncrypted) != 0) return unusable_package(path + " is encrypted.");
  // Only what AWS takes: other compressions may ask for any amount of memory.
  if (entry->info.compression_method != kStored && entry->info.compression_method != Z_DEFLATED) {
    return unusable_package(path + " is compressed in a way other than deflate.");
  }
  if (S_ISLNK(entry->mode)) return take_link(from, *entry, path, sink);
  if ((entry->mode & S_IFMT) != 0 && !S_ISREG(entry->mode)) {
    return unusable_package(path + " is no file, folder or link.");
  }
  Result<void> begun = sink.begin_file(path, (entry->mode & kExecutable) != 0);
  return begun ? copy(from, *entry, sink, amount) : begun;
}

Result<void> read_all(unzFile from, PackageSink& sink, Amount& amount) {
  unz_global_info64 archive{};
  if (from == nullptr || unzGetGlobalInfo64(from, &archive) != UNZ_OK) return unusable_package("");
  if (archive.number_entry == 0) return empty();
  if (archive.number_entry > kMaxFiles - std::min(amount.entries, kMaxFiles)) {
    return unusable_package("it has more than " + std::to_string(kMaxFiles) + " entries.");
  }
  amount.entries += archive.number_entry;
  for (ZPOS64_T i = 0; i < archive.number_entry; ++i) {
    if ((i == 0 ? unzGoToFirstFile(from) : unzGoToNextFile(from)) != UNZ_OK) return broken();
    Result<void> taken = take_entry(from, sink, amount);
    if (!taken) return taken;
  }
  return {};
}

}  // namespace

Result<void> check_zip(std::string_view zip) {
  if (zip.starts_with(kEndOfDirectory)) return empty();  // to minizip that is no zip file
  Memory memory{zip};
  const Reader reader = open_memory(memory);
  PackageCheck check;
  Amount amount;
  Result<void> read = read_all(reader.get(), check, amount);
  return read ? check.finish() : read;
}

Result<void> unpack_zips(const std::vector<std::string>& paths, const std::string& into) {
  PackageFolder folder(into);
  Amount amount;
  for (const std::string& path : paths) {
    const Reader reader(unzOpen64(path.c_str()), unzClose);
    if (reader == nullptr && ::access(path.c_str(), R_OK) != 0) {
      return fail("StoreError", "Cannot read " + path + ".", 500);
    }
    Result<void> read = read_all(reader.get(), folder, amount);
    if (!read) return read;
  }
  return folder.finish();
}

}  // namespace signalbox::lambda

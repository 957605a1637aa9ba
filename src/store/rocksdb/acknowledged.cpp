#include "store/rocksdb/acknowledged.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/checksum.h"
#include "base/encoding.h"

namespace signalbox::store {
namespace {

constexpr std::string_view kName = "ACKNOWLEDGED";
constexpr std::string_view kMagic = "signalbox-acknowledged-1";
/// The file always has this size: a write in place needs no room on the disk, and stays within one sector.
constexpr std::size_t kSize = 256;

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id.empty() ? "unknown" : id;
}

std::string check_sum(std::string_view text) {
  return to_hex(sha256(text)).substr(0, 16);
}

std::string log_name(const std::string& directory, std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "/%06llu.log", static_cast<unsigned long long>(number));
  return directory + name;
}

/// Whether files of a database are in the folder.
bool has_data(const std::string& directory) {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(directory, problem)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("MANIFEST-") || name.ends_with(".sst") || name.ends_with(".log")) return true;
  }
  return false;
}

}  // namespace

Acknowledged::Acknowledged(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + "/" + std::string(kName)) {}

Acknowledged::~Acknowledged() {
  if (file_ >= 0) ::close(file_);
}

std::string Acknowledged::text_of(const Mark& mark) {
  std::string text(kMagic);
  text += " " + std::to_string(mark.sequence) + " " + std::to_string(mark.log_number) + " " +
          std::to_string(mark.log_bytes) + " " + (mark.survives_power_loss ? "sync" : "flush") + " " + mark.boot + " ";
  text += check_sum(text);
  text.resize(kSize - 1, ' ');
  return text + "\n";
}

std::optional<Acknowledged::Mark> Acknowledged::read(const std::string& text) {
  std::istringstream in(text);
  std::string magic;
  std::string kind;
  std::string sum;
  Mark mark;
  if (!(in >> magic >> mark.sequence >> mark.log_number >> mark.log_bytes >> kind >> mark.boot >> sum)) {
    return std::nullopt;
  }
  mark.survives_power_loss = kind == "sync";
  if (magic != kMagic || text != text_of(mark)) return std::nullopt;
  return mark;
}

std::optional<std::string> Acknowledged::contents() const {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::optional<Acknowledged::Mark> Acknowledged::valid() const {
  const auto text = contents();
  auto mark = text ? read(*text) : std::nullopt;
  // What was only with the operating system is gone with it, and rightly so.
  if (mark && !mark->survives_power_loss && mark->boot != boot_id()) return std::nullopt;
  return mark;
}

Result<void> Acknowledged::refuse(const std::string& what) const {
  return fail("StoreError", "The data in " + directory_ + " is not whole: " + what +
                                " Put the folder back from a backup. To go on with what is left, and lose what was "
                                "acknowledged and is not there, remove " +
                                path_ + " and start again.");
}

Result<void> Acknowledged::check_files(const rocksdb::Options& options) const {
  std::error_code problem;
  const auto text = contents();
  if (text && !read(*text)) {
    return fail("StoreError", "The note of what was acknowledged, " + path_ +
                                  ", is damaged, so that nobody can tell whether the data in " + directory_ +
                                  " is whole. Put the folder back from a backup, or remove the note to go on with what "
                                  "is there.");
  }
  const auto mark = valid();
  const bool known = mark && mark->sequence > 0;
  if (!std::filesystem::exists(directory_ + "/CURRENT", problem)) {
    // RocksDB would begin an empty database over what is left.
    if (known || has_data(directory_)) {
      return fail("StoreError", "The data in " + directory_ +
                                    " is not whole: its file CURRENT is missing. Put the folder back from a backup, or "
                                    "write the name of its newest MANIFEST file and a line end into CURRENT.");
    }
    return {};
  }
  if (!known) return {};
  const auto size = std::filesystem::file_size(log_name(directory_, mark->log_number), problem);
  if (!problem && size >= mark->log_bytes) return {};
  // Its content may stand in tables since. Looked at without a change: opening for writing drops logs that are read.
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, directory_, &opened);
  if (!status.ok()) return {};  // what is wrong there, opening it for writing tells
  const std::unique_ptr<rocksdb::DB> db(opened);
  return check(*db);
}

Result<void> Acknowledged::check(const rocksdb::DB& db) const {
  const auto mark = valid();
  const std::uint64_t newest = db.GetLatestSequenceNumber();
  if (!mark || newest >= mark->sequence) return {};
  return refuse("its log of writes ends at change " + std::to_string(newest) + ", and change " +
                std::to_string(mark->sequence) + " was acknowledged; a file named *.log was cut or is missing.");
}

Result<void> Acknowledged::begin(rocksdb::DB& db, Durability durability) {
  if (durability == Durability::kMemory) {  // promises nothing until it is closed
    ::unlink(path_.c_str());
    return {};
  }
  mark_.survives_power_loss = durability == Durability::kSync;
  mark_.boot = boot_id();
  // What is there is written in place, which needs no room; a new one has its name only when it is whole.
  file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  const bool is_new = file_ < 0;
  const std::string unfinished = path_ + ".new";
  if (is_new) file_ = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file_ >= 0 && note(db) && ::fsync(file_) == 0;
  if (!written || (is_new && ::rename(unfinished.c_str(), path_.c_str()) != 0)) {
    return fail("StoreError", "The file " + path_ + " cannot be written: " + std::strerror(errno) + ".");
  }
  return {};
}

bool Acknowledged::note(rocksdb::DB& db) {
  if (file_ < 0) return true;
  mark_.sequence = db.GetLatestSequenceNumber();
  std::unique_ptr<rocksdb::LogFile> log;
  if (db.GetCurrentWalFile(&log).ok() && log) {
    mark_.log_number = log->LogNumber();
    mark_.log_bytes = log->SizeFileBytes();
  }
  const std::string text = text_of(mark_);
  return ::pwrite(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace signalbox::store

#include "services/lambda/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace signalbox::lambda {
namespace {

struct Entry {
  std::string path;
  unsigned type = AE_IFREG;
  std::string content;  // or where a link leads
  unsigned mode = 0644;
};

std::string make_zip(const std::vector<Entry>& entries) {
  std::string out(std::size_t{8} * 1024 * 1024, '\0');
  std::size_t used = 0;
  archive* to = archive_write_new();
  archive_write_set_format_zip(to);
  archive_write_open_memory(to, out.data(), out.size(), &used);
  for (const Entry& one : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, one.path.c_str());
    archive_entry_set_filetype(entry, one.type);
    archive_entry_set_perm(entry, one.mode);
    if (one.type == AE_IFLNK) {
      archive_entry_set_symlink(entry, one.content.c_str());
    } else {
      archive_entry_set_size(entry, static_cast<la_int64_t>(one.content.size()));
    }
    archive_write_header(to, entry);
    if (one.type == AE_IFREG) archive_write_data(to, one.content.data(), one.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(to);
  archive_write_free(to);
  out.resize(used);
  return out;
}

std::string refusal(const std::vector<Entry>& entries) {
  const auto checked = check_zip(make_zip(entries));
  return checked ? "" : checked.error().message;
}

TEST(Zip, RefusesWhatLeadsOutOrIsTooMuch) {
  EXPECT_EQ(refusal({{"a.py", AE_IFREG, "x"}}), "");
  EXPECT_EQ(refusal({{"a/b", AE_IFREG, "x"}, {"l", AE_IFLNK, "a/b"}, {"a/up", AE_IFLNK, "../l"}}), "");
  for (const char* path : {"../a", "a/../../b", "/etc/x"}) {
    EXPECT_NE(refusal({{path, AE_IFREG, "x"}}).find("leads out"), std::string::npos) << path;
  }
  for (const char* to : {"/etc/passwd", "..", "a/../../x"}) {
    EXPECT_NE(refusal({{"l", AE_IFLNK, to}}).find("link out"), std::string::npos) << to;
  }
  std::vector<Entry> many(kMaxFiles + 1, {"a", AE_IFREG, ""});
  EXPECT_NE(refusal(many).find("entries"), std::string::npos);
  EXPECT_FALSE(check_zip("no zip"));
  EXPECT_FALSE(check_zip(""));
  EXPECT_EQ(refusal({}), "Uploaded file must be a non-empty zip");
}

TEST(Zip, TakesNoBrokenBytes) {
  const std::string good = make_zip({{"a/b.py", AE_IFREG, "print(1)\n"}, {"l", AE_IFLNK, "a/b.py"}});
  for (std::size_t cut = 0; cut < good.size(); cut += 3) static_cast<void>(check_zip(good.substr(0, cut)));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string broken = good;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    static_cast<void>(check_zip(broken));
  }
}

TEST(Zip, UnpacksFilesModesAndLinks) {
  char place[] = "/tmp/signalbox-zip-XXXXXX";
  const std::filesystem::path root = ::mkdtemp(place);
  const std::string zip =
      make_zip({{"bin/run", AE_IFREG, "#!", 0700}, {"d", AE_IFDIR, "", 0755}, {"l", AE_IFLNK, "bin/run"}});
  std::ofstream(root / "z.zip", std::ios::binary) << zip;
  std::filesystem::create_directory(root / "out");
  const auto done = unpack_zip(root / "z.zip", root / "out");
  ASSERT_TRUE(done) << done.error().message;
  struct stat info{};
  ASSERT_EQ(::stat((root / "out/bin/run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0755U);
  EXPECT_TRUE(std::filesystem::is_directory(root / "out/d"));
  EXPECT_EQ(std::filesystem::read_symlink(root / "out/l"), "bin/run");
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace signalbox::lambda

#include "services/lambda/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

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

/// A folder for one test, with what is unpacked in "out".
class Unpacked {
 public:
  explicit Unpacked(const std::vector<std::vector<Entry>>& packages) {
    std::vector<std::string> zips;
    for (const auto& entries : packages) {
      zips.push_back(root_ / (std::to_string(zips.size()) + ".zip"));
      std::ofstream(zips.back(), std::ios::binary) << make_zip(entries);
    }
    std::filesystem::create_directories(root_ / "a/b/out");
    done = unpack_zips(zips, root_ / "a/b/out");
  }
  ~Unpacked() { std::filesystem::remove_all(root_); }
  std::filesystem::path at(const std::string& path) const { return root_ / "a/b/out" / path; }
  std::string text(const std::string& path) const {
    std::ifstream file(at(path));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// What is in the folders above, but for the way down.
  std::size_t outside() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      const std::string path = entry.path().lexically_relative(root_);
      count += path != "a" && path != "a/b" && !path.starts_with("a/b/out") && !path.ends_with(".zip") ? 1 : 0;
    }
    return count;
  }
  Result<void> done;

 private:
  static std::filesystem::path make() {
    char place[] = "/tmp/signalbox-zip-XXXXXX";
    return ::mkdtemp(place);
  }
  const std::filesystem::path root_ = make();
};

TEST(Zip, UnpacksFilesModesAndLinks) {
  const Unpacked out({{{"bin/run", AE_IFREG, "#!", 0700}, {"d", AE_IFDIR, "", 0700}, {"l", AE_IFLNK, "bin/run"}}});
  ASSERT_TRUE(out.done) << out.done.error().message;
  struct stat info{};
  ASSERT_EQ(::stat(out.at("bin/run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0755U);
  ASSERT_EQ(::stat(out.at("d").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0755U);
  EXPECT_EQ(std::filesystem::read_symlink(out.at("l")), "bin/run");
}

TEST(Zip, KeepsLinksAsTheyAre) {
  // Wherever they lead, alone or together: the sandbox has a root of its own.
  const std::vector<Entry> links = {{"abs", AE_IFLNK, "/usr/bin/python3"},
                                    {"up", AE_IFLNK, "../../x"},
                                    {"p/q/z", AE_IFLNK, "../.."},
                                    {"p/q/w", AE_IFLNK, "z/../.."}};
  const Unpacked out({links});
  ASSERT_TRUE(out.done) << out.done.error().message;
  for (const Entry& link : links) EXPECT_EQ(std::filesystem::read_symlink(out.at(link.path)), link.content);
  EXPECT_EQ(out.outside(), 0U);
  EXPECT_EQ(refusal({{"a", AE_IFLNK, "b"}, {"b", AE_IFLNK, "a"}}), "");
  EXPECT_NE(refusal({{"d", AE_IFDIR, ""}, {"d", AE_IFLNK, "x"}}).find("a link and a folder"), std::string::npos);
  EXPECT_NE(refusal({{"d/e", AE_IFREG, ""}, {"d", AE_IFREG, "x"}}).find("a file and a folder"), std::string::npos);
  EXPECT_NE(refusal({{"l", AE_IFLNK, std::string(2000, 'x')}}).find("nowhere"), std::string::npos);
}

TEST(Zip, BoundsWhatNamesMake) {
  std::string deep = "x";
  for (int i = 0; i < 200; ++i) deep += "/x";
  EXPECT_NE(refusal({{deep, AE_IFREG, ""}}).find("folders"), std::string::npos);
  EXPECT_NE(refusal({{std::string(300, 'x'), AE_IFREG, ""}}).find("255 bytes"), std::string::npos);
  // Folders that nobody listed count as well.
  std::vector<Entry> many;
  for (int i = 0; i < 1000; ++i) {
    std::string path = std::to_string(i);
    for (int depth = 0; depth < 40; ++depth) path += "/d";
    many.push_back({path + "/f", AE_IFREG, ""});
  }
  EXPECT_NE(refusal(many).find("entries"), std::string::npos);
}

TEST(Zip, WhatComesLaterIsNeverWrittenThroughALink) {
  // In one package, and in two layers one over the other.
  const std::vector<Entry> links = {{"p/q/z", AE_IFLNK, "../.."}, {"p/q/w", AE_IFLNK, "z/../.."}};
  const std::vector<Entry> files = {{"p/q/w/planted", AE_IFREG, "hello"}};
  std::vector<Entry> both = links;
  both.insert(both.end(), files.begin(), files.end());
  const std::vector<std::vector<Entry>> one_package = {both};
  const std::vector<std::vector<Entry>> two_packages = {links, files};
  for (const auto& packages : {one_package, two_packages}) {
    const Unpacked out(packages);
    ASSERT_TRUE(out.done) << out.done.error().message;
    EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(out.at("p/q/w"))));
    EXPECT_EQ(out.text("p/q/w/planted"), "hello");
    EXPECT_FALSE(std::filesystem::exists(out.at("p/planted")));
    EXPECT_EQ(out.outside(), 0U);
  }
}

TEST(Zip, LayersTogetherAreBoundedAsOne) {
  // A later file over an earlier one, and over a link.
  const Unpacked over(
      {{{"f", AE_IFREG, "old"}, {"l", AE_IFLNK, "f"}}, {{"f", AE_IFREG, "new"}, {"l", AE_IFREG, "own"}}});
  ASSERT_TRUE(over.done) << over.done.error().message;
  EXPECT_EQ(over.text("f"), "new");
  EXPECT_EQ(over.text("l"), "own");
  const std::string large(std::size_t{3} * 1024 * 1024, '\0');
  const std::vector<Entry> third(30, {"f", AE_IFREG, large});
  const Unpacked many({third, third, third});
  ASSERT_FALSE(many.done);
  EXPECT_NE(many.done.error().message.find("Unzipped size"), std::string::npos);
}

TEST(Zip, NamesAreUtf8InAnyLocale) {
  const Unpacked out({{{"ä/ö.py", AE_IFREG, "x"}}});
  ASSERT_TRUE(out.done) << out.done.error().message;
  EXPECT_EQ(out.text("ä/ö.py"), "x");
}

}  // namespace
}  // namespace signalbox::lambda

#include "services/lambda/zip.h"

#include <gtest/gtest.h>
#include <minizip/zip.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace signalbox::lambda {
namespace {

struct Entry {
  std::string path;
  unsigned type = S_IFREG;
  std::string content = {};  // or where a link leads
  unsigned mode = 0644;
  std::string extra = {};  // fields of its directory
};

/// A zip file as Unix programs make them; names are said to be UTF-8.
std::string make_zip(const std::vector<Entry>& entries) {
  constexpr unsigned long kUtf8 = 1UL << 11;
  constexpr unsigned long kUnix = 3UL << 8;
  char path[] = "/tmp/signalbox-zip-XXXXXX";
  ::close(::mkstemp(path));
  const zipFile to = zipOpen64(path, APPEND_STATUS_CREATE);
  for (const Entry& one : entries) {
    zip_fileinfo info{};
    info.external_fa = static_cast<uLong>(one.type | one.mode) << 16;
    zipOpenNewFileInZip4_64(to, one.path.c_str(), &info, nullptr, 0, one.extra.data(),
                            static_cast<unsigned>(one.extra.size()), nullptr, Z_DEFLATED, 1, 0, -MAX_WBITS,
                            DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, kUnix, kUtf8, 0);
    zipWriteInFileInZip(to, one.content.data(), static_cast<unsigned>(one.content.size()));
    zipCloseFileInZip(to);
  }
  zipClose(to, nullptr);
  std::ifstream file(path, std::ios::binary);
  std::string out{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return out;
}

/// The same zip file with other bytes in its names.
std::string renamed(std::string zip, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = zip.find(from, at)) != std::string::npos;) zip.replace(at, from.size(), to);
  return zip;
}

/// The same zip file with each of its entries so many times in its directory.
std::string repeated(const std::string& zip, std::uint16_t times) {
  constexpr std::size_t kEndSize = 22;
  const std::size_t end = zip.size() - kEndSize;
  std::uint32_t directory = 0;
  std::memcpy(&directory, zip.data() + end + 16, sizeof(directory));
  std::string out = zip.substr(0, directory);
  for (int i = 0; i < times; ++i) out.append(zip, directory, end - directory);
  const auto size = static_cast<std::uint32_t>(out.size() - directory);
  const std::size_t at = out.size();
  out.append(zip, end);
  std::memcpy(out.data() + at + 8, &times, sizeof(times));
  std::memcpy(out.data() + at + 10, &times, sizeof(times));
  std::memcpy(out.data() + at + 12, &size, sizeof(size));
  return out;
}

std::string refusal(const std::vector<Entry>& entries) {
  const auto checked = check_zip(make_zip(entries));
  return checked ? "" : checked.error().message;
}

TEST(Zip, RefusesWhatLeadsOutOrIsTooMuch) {
  EXPECT_EQ(refusal({{"a.py", S_IFREG, "x"}}), "");
  EXPECT_EQ(refusal({{"a/b", S_IFREG, "x"}, {"l", S_IFLNK, "a/b"}, {"a/up", S_IFLNK, "../l"}}), "");
  for (const char* path : {"../a", "a/../../b", "/etc/x"}) {
    EXPECT_NE(refusal({{path, S_IFREG, "x"}}).find("leads out"), std::string::npos) << path;
  }
  const std::string one = make_zip({{"a", S_IFREG, ""}});
  EXPECT_TRUE(check_zip(repeated(one, kMaxFiles)));
  const auto many = check_zip(repeated(one, kMaxFiles + 1));
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().message.find("entries"), std::string::npos);
  EXPECT_FALSE(check_zip("no zip"));
  EXPECT_FALSE(check_zip(""));
  EXPECT_EQ(refusal({}), "Uploaded file must be a non-empty zip");
}

TEST(Zip, TakesNoBrokenBytes) {
  const std::string good = make_zip({{"a/b.py", S_IFREG, "print(1)\n"}, {"l", S_IFLNK, "a/b.py"}});
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
  const Unpacked out({{{"bin/run", S_IFREG, "#!", 0700}, {"d", S_IFDIR, "", 0700}, {"l", S_IFLNK, "bin/run"}}});
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
  const std::vector<Entry> links = {{"abs", S_IFLNK, "/usr/bin/python3"},
                                    {"up", S_IFLNK, "../../x"},
                                    {"p/q/z", S_IFLNK, "../.."},
                                    {"p/q/w", S_IFLNK, "z/../.."}};
  const Unpacked out({links});
  ASSERT_TRUE(out.done) << out.done.error().message;
  for (const Entry& link : links) EXPECT_EQ(std::filesystem::read_symlink(out.at(link.path)), link.content);
  EXPECT_EQ(out.outside(), 0U);
  EXPECT_EQ(refusal({{"a", S_IFLNK, "b"}, {"b", S_IFLNK, "a"}}), "");
  EXPECT_NE(refusal({{"d", S_IFDIR, ""}, {"d", S_IFLNK, "x"}}).find("a link and a folder"), std::string::npos);
  EXPECT_NE(refusal({{"d/e", S_IFREG, ""}, {"d", S_IFREG, "x"}}).find("a file and a folder"), std::string::npos);
  EXPECT_NE(refusal({{"l", S_IFLNK, std::string(2000, 'x')}}).find("nowhere"), std::string::npos);
}

TEST(Zip, BoundsWhatNamesMake) {
  std::string deep = "x";
  for (int i = 0; i < 200; ++i) deep += "/x";
  EXPECT_NE(refusal({{deep, S_IFREG, ""}}).find("folders"), std::string::npos);
  EXPECT_NE(refusal({{std::string(300, 'x'), S_IFREG, ""}}).find("255 bytes"), std::string::npos);
  // Folders that nobody listed count as well.
  std::vector<Entry> many;
  for (int i = 0; i < 1000; ++i) {
    std::string path = std::to_string(i);
    for (int depth = 0; depth < 40; ++depth) path += "/d";
    many.push_back({path + "/f", S_IFREG, ""});
  }
  EXPECT_NE(refusal(many).find("entries"), std::string::npos);
}

TEST(Zip, WhatComesLaterIsNeverWrittenThroughALink) {
  // In one package, and in two layers one over the other.
  const std::vector<Entry> links = {{"p/q/z", S_IFLNK, "../.."}, {"p/q/w", S_IFLNK, "z/../.."}};
  const std::vector<Entry> files = {{"p/q/w/planted", S_IFREG, "hello"}};
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
  const Unpacked over({{{"f", S_IFREG, "old"}, {"l", S_IFLNK, "f"}}, {{"f", S_IFREG, "new"}, {"l", S_IFREG, "own"}}});
  ASSERT_TRUE(over.done) << over.done.error().message;
  EXPECT_EQ(over.text("f"), "new");
  EXPECT_EQ(over.text("l"), "own");
  const std::string large(std::size_t{3} * 1024 * 1024, '\0');
  const std::vector<Entry> third(30, {"f", S_IFREG, large});
  const Unpacked many({third, third, third});
  ASSERT_FALSE(many.done);
  EXPECT_NE(many.done.error().message.find("Unzipped size"), std::string::npos);
}

TEST(Zip, NamesAreKeptAsTheyAre) {
  // One name composed and decomposed: two files, as on any file system of Linux.
  const std::string composed = "\xc3\xa4.py";
  const std::string decomposed = "a\xcc\x88.py";
  const Unpacked out({{{composed, S_IFREG, "1"}, {decomposed, S_IFREG, "2"}, {"\xc3\xb6/\xff", S_IFREG, "3"}}});
  ASSERT_TRUE(out.done) << out.done.error().message;
  EXPECT_EQ(out.text(composed), "1");
  EXPECT_EQ(out.text(decomposed), "2");
  EXPECT_EQ(out.text("\xc3\xb6/\xff"), "3");
}

std::string little_endian(unsigned long value, int bytes) {
  std::string out;
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xff);
  return out;
}

/// Info-ZIP's Unicode Path, behind a field of times as `zip` writes it.
std::string unicode_path(const std::string& of, const std::string& path) {
  const uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(of.data()), static_cast<uInt>(of.size()));
  const std::string field = "\1" + little_endian(crc, 4) + path;
  return "UT" + little_endian(5, 2) + "\3abcd" + little_endian(0x7075, 2) + little_endian(field.size(), 2) + field;
}

TEST(Zip, TakesNamesFromExtraFields) {
  const Unpacked out({{{"plain", S_IFREG, "1", 0644, "UT" + little_endian(5, 2) + "\3abcd"},
                       {"a#U00e4", S_IFREG, "2", 0644, unicode_path("a#U00e4", "a\xc3\xa4")},
                       {"own", S_IFREG, "3", 0644, unicode_path("another", "not that")},
                       {"cut", S_IFREG, "4", 0644, "up" + little_endian(500, 2) + "xyz"}}});
  ASSERT_TRUE(out.done) << out.done.error().message;
  EXPECT_EQ(out.text("plain"), "1");
  EXPECT_EQ(out.text("a\xc3\xa4"), "2");
  EXPECT_EQ(out.text("own"), "3");
  EXPECT_EQ(out.text("cut"), "4");
  for (const std::string path : {"../x", "/x", "a\\b"}) {
    EXPECT_NE(refusal({{"x", S_IFREG, "", 0644, unicode_path("x", path)}}), "") << path;
  }
  EXPECT_NE(refusal({{"x", S_IFREG, "", 0644, unicode_path("x", std::string("a\0b", 3))}}).find("a zero byte"),
            std::string::npos);
}

TEST(Zip, RefusesZeroBytesInNames) {
  const std::string zip = make_zip({{"a!b", S_IFREG, "x"}});
  ASSERT_TRUE(check_zip(zip));
  const auto checked = check_zip(renamed(zip, "a!b", std::string("a\0b", 3)));
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("a zero byte"), std::string::npos);
}

}  // namespace
}  // namespace signalbox::lambda

// Deployment packages: what is refused does no harm, and what is taken is unpacked into its folder and nowhere else,
// wherever its links lead.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "check.h"
#include "services/lambda/zip.h"

namespace {

namespace fs = std::filesystem;
using namespace signalbox;

/// A place of this process's own, with folders above the one that is unpacked into.
const fs::path& place() {
  static const fs::path made = [] {
    std::string name = "/dev/shm/signalbox-zip-fuzz-XXXXXX";
    return fs::path(::mkdtemp(name.data()));
  }();
  return made;
}

void unpack(std::string_view bytes) {
  const int file = ::memfd_create("zip", 0);
  FUZZ_CHECK(file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const fs::path into = place() / "a/b/into";
  fs::create_directories(into);
  const auto done = lambda::unpack_zips({"/proc/self/fd/" + std::to_string(file)}, into);
  ::close(file);
  FUZZ_CHECK(done || done.error().code == "StoreError");
  // Two folders above, and nothing beside them.
  for (const fs::path& above : {place(), place() / "a", place() / "a/b"}) {
    FUZZ_CHECK(std::distance(fs::directory_iterator(above), fs::directory_iterator()) == 1);
  }
  fs::remove_all(place() / "a");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (lambda::check_zip(bytes)) unpack(bytes);
  return 0;
}

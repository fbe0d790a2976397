#include "mehr/linux/data_dir.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mehr::linux_port {
namespace {

std::string cannot_make(const std::string& path, int error) {
  return fmt::format("cannot make the data directory {}: {}; choose one that you may write to",
                     path, std::strerror(error));
}

}  // namespace

OrMessage<void> prepare_data_dir(const std::string& path) {
  if (path.empty()) return tl::unexpected(std::string("the data directory has no name"));
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // A parent that exists may refuse mkdir with another error, such as EROFS.
      const int error = errno;
      struct stat there {};
      if (::stat(part.c_str(), &there) != 0) return tl::unexpected(cannot_make(path, error));
    }
    if (end == std::string::npos) break;
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return tl::unexpected(cannot_make(path, errno));
  if (!S_ISDIR(info.st_mode)) {
    return tl::unexpected(
        fmt::format("{} is not a directory; choose another data directory", path));
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return tl::unexpected(fmt::format(
        "cannot write to the data directory {}: {}; change its owner or mode, or choose "
        "another",
        path, std::strerror(errno)));
  }
  return {};
}

}  // namespace mehr::linux_port

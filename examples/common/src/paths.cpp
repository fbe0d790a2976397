#include "mehr/common/paths.h"

#include <cstdlib>

namespace mehr::common {

std::string default_data_dir() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return std::string(data) + "/mehr";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.local/share/mehr";
  }
  return "mehr";
}

std::string resolve(const std::string& directory, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  return directory + "/" + path;
}

}  // namespace mehr::common

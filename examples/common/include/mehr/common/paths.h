// Where a daemon and its command line meet when nobody says otherwise.
//
// Place: examples/common. Reads the environment; call it before threads start.
#pragma once

#include <string>

namespace mehr::common {

/// Name of the API socket inside a data directory.
inline constexpr const char* kSocketName = "mehrd.sock";

/// $XDG_DATA_HOME/mehr, else $HOME/.local/share/mehr, else ./mehr.
[[nodiscard]] std::string default_data_dir();
/// @p path as seen from @p directory: unchanged when it begins with '/'.
[[nodiscard]] std::string resolve(const std::string& directory, const std::string& path);

}  // namespace mehr::common

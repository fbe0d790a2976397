// Files that come with the library. Private to ports/sim.
#pragma once

#include <optional>
#include <string_view>

namespace mehr::sim {

/// The text of the topology that a built-in scenario finds beside itself, at "built-in/NAME".
[[nodiscard]] std::optional<std::string_view> built_in_file(std::string_view path);

}  // namespace mehr::sim

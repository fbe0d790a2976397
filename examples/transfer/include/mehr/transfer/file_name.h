// Which file names may travel.
//
// Place: examples/transfer. A name is 1 to 255 bytes of well-formed UTF-8 that names an entry of
// one directory: no '/', no '\', no control character, neither "." nor "..". Both ends check.
#pragma once

#include <string_view>

#include "mehr/core/result.h"

namespace mehr::transfer {

inline constexpr std::size_t kMaxFileName = 255;

/// Success, or Errc::bad_value / Errc::too_big with the reason.
[[nodiscard]] Status check_file_name(std::string_view name);

}  // namespace mehr::transfer

// Media as files describe them. Private to ports/sim.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "input_value.h"
#include "mehr/sim/media.h"

namespace mehr::sim {

/// "tcp", "ethernet", "wifi", "ble", "serial" and "lora", as Media makes them.
[[nodiscard]] std::span<const std::string_view> built_in_media_names();
[[nodiscard]] std::optional<Media> built_in_media(std::string_view name);

/// The medium called @p key: a table, or the name of a built-in one.
[[nodiscard]] Media read_media(const InputValue& value, const std::string& key);
/// What read_media reads back as @p media under @p key.
[[nodiscard]] nlohmann::ordered_json to_json(const Media& media, const std::string& key);

}  // namespace mehr::sim

// The daemon's state as JSON, for the API. Place: examples/mehrd; reads, changes nothing.
#pragma once

#include "api.h"

namespace mehr::daemon {

[[nodiscard]] Json status_view(const ApiParts& parts);
[[nodiscard]] Json id_view(const ApiParts& parts);
[[nodiscard]] Json peers_view(const ApiParts& parts);
[[nodiscard]] Json routes_view(const ApiParts& parts);
[[nodiscard]] Json transfers_view(const ApiParts& parts);
[[nodiscard]] Json inbox_view(const ApiParts& parts);
[[nodiscard]] Json transfer_view(const transfer::TransferStatus& status, Millis now);

}  // namespace mehr::daemon

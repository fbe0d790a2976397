// The daemon's state as JSON, for the API. Place: examples/mehrd; reads, changes nothing.
#pragma once

#include "api.h"

namespace mehr::daemon {

[[nodiscard]] Json status_view(const ApiParts& parts);
[[nodiscard]] Json id_view(const ApiParts& parts);
[[nodiscard]] Json peers_view(const ApiParts& parts);
[[nodiscard]] Json links_view(const ApiParts& parts);
[[nodiscard]] Json routes_view(const ApiParts& parts);
[[nodiscard]] Json interfaces_view(const ApiParts& parts);
/// What is relayed for Reticulum peers: addresses, paths, counters; null addresses when nothing is.
[[nodiscard]] Json reticulum_view(const ApiParts& parts);
/// The way that is taken, if there is one, and all others.
[[nodiscard]] Json path_view(const ApiParts& parts, const PathQuestion& question);
/// What probing found out; null when nothing.
[[nodiscard]] Json probe_view(const ApiParts& parts, const NodeId& node);
/// Keys that advisories are held about, and what is concluded.
[[nodiscard]] Json advisories_view(const ApiParts& parts);
/// How far others can be relied on.
[[nodiscard]] Json reputation_view(const ApiParts& parts);
/// Counters of onions.
[[nodiscard]] Json onion_view(const ApiParts& parts);
[[nodiscard]] Json transfers_view(const ApiParts& parts);
[[nodiscard]] Json inbox_view(const ApiParts& parts);
[[nodiscard]] Json transfer_view(const transfer::TransferStatus& status, Millis now);

}  // namespace mehr::daemon

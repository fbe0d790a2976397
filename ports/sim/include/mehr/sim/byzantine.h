// The usual ways to misbehave, each a few lines over Behaviour.
//
// Place: ports/sim. A byzantine node holds its own keys and links like everybody; what it does to
// packets between L1 and L0 is all that differs. Chance comes from the node's own stream of it.
// drops: loses half of what it should relay. delays: holds packets back for up to 5 s. replays:
// sends packets it has seen again, old ones too. corrupts: turns bits of what it relays.
// lies-about-cost: says that every path through it is free and short. floods-announces: announces
// identities it makes up, ten a second. floods-forged: a hundred a second, with wrong signatures.
// forges: announces others with wrong signatures, and sends packets of made-up senders to
// everybody. fills-filters: says in gossip that it holds everything. cries-congestion: says that
// all its queues are full. squats: reserves what it never uses.
#pragma once

#include <memory>
#include <string_view>

#include "mehr/sim/tap.h"

namespace mehr::sim {

/// Null for a name that behaviour_names() does not list. @p seed and @p node name its chance.
[[nodiscard]] std::unique_ptr<Behaviour> make_behaviour(std::string_view name, std::uint64_t seed,
                                                        NodeIndex node);

}  // namespace mehr::sim

// What happens to one datagram on its way to one receiver.
//
// Place: private to ports/sim, shared by all channels that lose frames. Drawn in one fixed order:
// loss, jitter, reordering, corruption, duplication; what cannot happen draws nothing.
#pragma once

#include "mehr/core/bytes.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/media.h"

namespace mehr::sim {

struct Fate {
  bool is_lost = false;
  bool is_held_back = false;
  bool is_corrupted = false;
  bool is_doubled = false;
  Duration late{0};         ///< beyond Media::delay
  Duration double_late{0};  ///< of the second copy
};

/// Whether a frame's fate takes any draw at all.
[[nodiscard]] bool has_chance(const Media& media);
[[nodiscard]] Fate draw_fate(const Media& media, Chance& chance);
/// Turns one to four different bits of @p frame, which must not be empty.
void turn_bits(MutableBytes frame, Chance& chance);
/// Takes every fault away; rate, delay and jitter stay.
void take_faults_away(Media& media);

}  // namespace mehr::sim

#include "channel_fate.h"

#include <gsl/assert>

namespace mehr::sim {

bool has_chance(const Media& media) {
  return media.jitter > Duration{0} || media.loss_rate > 0 || media.corruption_rate > 0 ||
         media.duplication_rate > 0 || media.reordering_rate > 0;
}

Fate draw_fate(const Media& media, Chance& chance) {
  const auto jitter = [&] {
    return media.jitter > Duration{0} ? chance.between(Duration{0}, media.jitter) : Duration{0};
  };
  Fate fate;
  fate.is_lost = chance.happens(media.loss_rate);
  if (fate.is_lost) return fate;
  fate.late = jitter();
  fate.is_held_back = chance.happens(media.reordering_rate);
  if (fate.is_held_back) fate.late += media.delay + jitter();
  fate.is_corrupted = chance.happens(media.corruption_rate);
  fate.is_doubled = chance.happens(media.duplication_rate);
  if (fate.is_doubled) fate.double_late = jitter();
  return fate;
}

void turn_bits(MutableBytes frame, Chance& chance) {
  Expects(!frame.empty());
  std::array<std::uint64_t, 4> turned{};
  const std::size_t wanted = 1 + chance.below(turned.size());
  for (std::size_t have = 0; have < wanted;) {
    const std::uint64_t bit = chance.below(frame.size() * 8);
    const auto end = turned.begin() + static_cast<std::ptrdiff_t>(have);
    if (std::find(turned.begin(), end, bit) != end) continue;
    turned[have++] = bit;
    frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ (1U << (bit % 8)));
  }
}

void take_faults_away(Media& media) {
  media.loss_rate = 0;
  media.corruption_rate = 0;
  media.duplication_rate = 0;
  media.reordering_rate = 0;
}

}  // namespace mehr::sim

#include "mehr/l0/air_split.h"

namespace mehr::l0 {

namespace {

constexpr std::uint8_t kSplit = 0x01;
constexpr std::uint8_t kSequence = 0xF0;

MutableBytes air_frame(std::uint8_t header, ByteView payload, MutableBytes out) {
  out[0] = header;
  copy_bytes(payload, out.subspan(1));
  return out.first(payload.size() + 1);
}

}  // namespace

Result<AirFrames> air_split(ByteView body, std::uint8_t random,
                            std::span<std::uint8_t, 2 * kAirFrame> out) {
  if (body.empty()) return fail(Errc::bad_value, "a radio frame needs at least one byte of body");
  if (body.size() > kAirBodyLimit) return fail(Errc::too_big, "two radio frames hold 508 bytes");
  const auto sequence = static_cast<std::uint8_t>(random & kSequence);
  if (body.size() <= kAirPayload) return AirFrames{air_frame(sequence, body, out), {}};
  const auto header = static_cast<std::uint8_t>(sequence | kSplit);
  return AirFrames{air_frame(header, body.first(kAirPayload), out.first(kAirFrame)),
                   air_frame(header, body.subspan(kAirPayload), out.last(kAirFrame))};
}

MutableBytes AirJoiner::join(MutableBytes frame, Millis now) {
  if (frame.size() < 2 || frame.size() > kAirFrame) {
    ++counters_.ignored;
    return {};
  }
  // Bits 1-3 carry nothing; RNode firmware does not look at them either.
  const auto header = static_cast<std::uint8_t>(frame.front() & (kSequence | kSplit));
  const MutableBytes payload = frame.subspan(1);
  if ((header & kSplit) == 0) {
    lose_held_half();
    ++counters_.bodies;
    return payload;
  }
  if (is_second_half(header, now)) {
    copy_bytes(payload, MutableBytes(body_).subspan(kAirPayload));
    holding_ = false;
    ++counters_.bodies;
    return MutableBytes(body_).first(kAirPayload + payload.size());
  }
  lose_held_half();
  if (payload.size() < kAirPayload) {
    // Only a full frame needs a second one, so this is the rest of a body whose start was missed.
    ++counters_.lost_halves;
    return {};
  }
  copy_bytes(payload, body_);
  held_header_ = header;
  held_since_ = now;
  holding_ = true;
  return {};
}

bool AirJoiner::is_second_half(std::uint8_t header, Millis now) const {
  return holding_ && header == held_header_ && now - held_since_ <= hold_;
}

void AirJoiner::lose_held_half() {
  if (holding_) ++counters_.lost_halves;
  holding_ = false;
}

}  // namespace mehr::l0

// The LoRa air split: any radio frames at any time, and what is split is joined. spec: L0/2
// Input: records of length byte, age byte (in 1/16 s) and that many bytes of radio frame; the whole
// input, cut to 508 bytes, is also used as a body.
#include "mehr/l0/air_split.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  const auto require = [](bool held) {
    if (!held) std::abort();
  };
  const ByteView all(data, size);
  AirJoiner joiner(Millis::seconds(4));
  Millis now;
  for (ByteView left = all; left.size() >= 2;) {
    now = now + Millis{std::uint64_t{left[1]} * 62};
    const std::size_t length = std::min<std::size_t>(left[0], left.size() - 2);
    Bytes frame(left.begin() + 2, left.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    left = left.subspan(2 + length);
    require(joiner.join(frame, now).size() <= kAirBodyLimit);
  }

  const ByteView body = all.first(std::min(size, kAirBodyLimit));
  std::array<std::uint8_t, 2 * kAirFrame> out{};
  const auto frames = air_split(body, size > 0 ? data[0] : std::uint8_t{0}, out);
  require(frames.has_value() == !body.empty());
  if (!frames) return 0;
  AirJoiner fresh(Millis{0});
  MutableBytes back = fresh.join(frames->first, Millis{0});
  if (!frames->second.empty()) back = fresh.join(frames->second, Millis{0});
  require(same_bytes(back, body));
  return 0;
}

#include "mehr/sim/media.h"

#include <gsl/assert>
#include <utility>

#include "mehr/sim/lora.h"

namespace mehr::sim {
namespace {

using namespace std::chrono_literals;

bool is_share(double value) { return value >= 0 && value <= 1; }

}  // namespace

const char* name_of(MediaKind kind) {
  switch (kind) {
    case MediaKind::stream:
      return "stream";
    case MediaKind::datagram:
      return "datagram";
    case MediaKind::ble:
      return "ble";
    case MediaKind::serial:
      return "serial";
    case MediaKind::lora:
      break;
  }
  return "lora";
}

Media Media::tcp() { return {}; }

Media Media::ethernet() {
  Media m;
  m.name = "ethernet";
  m.kind = MediaKind::datagram;
  m.rate = {1'000'000'000};
  m.delay = 200us;
  m.mtu = {1500};
  m.shared = true;
  return m;
}

Media Media::wifi() {
  Media m;
  m.name = "wifi";
  m.kind = MediaKind::datagram;
  m.rate = {50'000'000};
  m.delay = 2ms;
  m.jitter = 3ms;
  m.loss_rate = 0.01;
  m.mtu = {1500};
  m.shared = true;
  m.range_m = 100;
  return m;
}

Media Media::ble() {
  Media m;
  m.name = "ble";
  m.kind = MediaKind::ble;
  m.rate = {1'000'000};
  m.delay = 15ms;
  m.jitter = 15ms;  // the connection interval: a frame waits for the next event
  m.mtu = {484};
  m.range_m = 30;
  m.queue_bytes = std::size_t{32} * 1024;
  return m;
}

Media Media::serial() {
  Media m;
  m.name = "serial";
  m.kind = MediaKind::serial;
  m.rate = {57'600};
  m.delay = 10ms;
  m.mtu = {484};
  m.half_duplex = true;
  m.queue_bytes = std::size_t{16} * 1024;
  return m;
}

Media Media::lora() {
  Media m;
  m.name = "lora";
  m.kind = MediaKind::lora;
  m.rate = lora_rate(m.lora_radio);
  m.delay = 5ms;
  m.mtu = {484};
  m.half_duplex = true;
  m.scans = true;
  m.shared = true;
  m.queue_bytes = std::size_t{4} * 1024;  // 11 s of airtime
  return m;
}

Media Media::named(std::string as) const {
  Media m = *this;
  m.name = std::move(as);
  return m;
}

Media Media::with_rate(BitsPerSecond r) const {
  Media m = *this;
  m.rate = r;
  return m;
}

Media Media::with_delay(Duration d, Duration extra) const {
  Expects(d >= Duration{0} && extra >= Duration{0});
  Media m = *this;
  m.delay = d;
  m.jitter = extra;
  return m;
}

Media Media::with_mtu(Mtu size) const {
  Expects(size.bytes > 0);
  Media m = *this;
  m.mtu = size;
  return m;
}

Media Media::with_range(double metres) const {
  Expects(metres >= 0);
  Media m = *this;
  m.range_m = metres;
  return m;
}

Media Media::with_queue(std::size_t bytes) const {
  Media m = *this;
  m.queue_bytes = bytes;
  return m;
}

Media Media::loss(double rate_of_frames) const {
  Expects(is_share(rate_of_frames));
  Media m = *this;
  m.loss_rate = rate_of_frames;
  return m;
}

Media Media::corruption(double rate_of_frames) const {
  Expects(is_share(rate_of_frames));
  Media m = *this;
  m.corruption_rate = rate_of_frames;
  return m;
}

Media Media::duplication(double rate_of_frames) const {
  Expects(is_share(rate_of_frames));
  Media m = *this;
  m.duplication_rate = rate_of_frames;
  return m;
}

Media Media::reordering(double rate_of_frames) const {
  Expects(is_share(rate_of_frames));
  Media m = *this;
  m.reordering_rate = rate_of_frames;
  return m;
}

Media Media::duty_cycle(double share) const {
  Expects(is_share(share));
  Media m = *this;
  m.lora_radio.duty_cycle = share;
  return m;
}

Media Media::spreading(unsigned factor) const {
  Media m = *this;
  m.lora_radio.spreading_factor = factor;
  Expects(lora_check(m.lora_radio));
  if (m.kind == MediaKind::lora) m.rate = lora_rate(m.lora_radio);
  return m;
}

double Media::comfortable_range_m() const {
  if (kind == MediaKind::lora) return lora_comfortable_range_m(lora_radio);
  return range_m > 0 ? range_m * 0.7 : 100;
}

}  // namespace mehr::sim

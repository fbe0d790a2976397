// What a medium is like: its rate, its delays, and how it fails.
//
// Place: ports/sim vocabulary, plain values with defaults from the field. spec: L0/7
// Each kind is modelled as a chain of queues (channel.h, lora.h): send queue -> rate -> propagation
// -> faults -> receiver.
// Bounds: `queue_bytes` waits at most in one sender's queue, except that an empty queue takes one
// frame of any size the MTU allows. Beyond it `send` answers Errc::full, and `writable` comes when
// half of it or less is left. Failure: a setter's value out of range is a broken contract.
#pragma once

#include <cstdint>
#include <string>

#include "mehr/core/units.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

enum class MediaKind : std::uint8_t {
  stream,    ///< TCP-like: ordered and whole; loss becomes delay; a long cut breaks the connection
  datagram,  ///< Ethernet, WiFi, UDP: frames are lost, doubled, overtaken
  ble,       ///< point-to-point, small frames, connection events
  serial,    ///< point-to-point, half-duplex, slow
  lora,      ///< shared half-duplex radio: airtime, collisions, capture, duty cycle
};
/// "stream", "datagram", ...: as scenario files spell it.
[[nodiscard]] const char* name_of(MediaKind kind);

/// The rules of the air. spec: hardware, regional limits
enum class Region : std::uint8_t {
  unlimited,
  eu868,  ///< 1 % duty cycle over any hour, each transmitter
  us915,  ///< 400 ms dwell time per transmission
};

/// How a LoRa radio is set. Airtime as in Semtech AN1200.13.
struct LoraRadio {
  unsigned spreading_factor = 8;         ///< 7..12
  std::uint32_t bandwidth_hz = 125'000;  ///< 125, 250 or 500 kHz
  unsigned coding_rate = 5;              ///< 4/5..4/8: the denominator
  unsigned preamble_symbols = 8;
  double tx_power_dbm = 14;
  double path_loss_exponent = 2.9;
  double reference_loss_db = 40;  ///< at 1 m
  double capture_db = 6;          ///< how much stronger a frame must be to survive another
  Region region = Region::eu868;
  double duty_cycle = 0.01;  ///< share of any hour; 1 = no limit. `eu868` keeps it <= 0.01
  bool listen_before_talk = true;
};

struct Media {
  std::string name = "tcp";  ///< for people and reports
  MediaKind kind = MediaKind::stream;
  BitsPerSecond rate{100'000'000};
  Duration delay = std::chrono::milliseconds(10);  ///< propagation, one way
  Duration jitter{0};           ///< drawn anew per frame from [0, jitter]; overtakes on `datagram`
  double loss_rate = 0;         ///< per frame
  double corruption_rate = 0;   ///< per frame: up to 4 bits are turned; never on a stream
  double duplication_rate = 0;  ///< per frame: a second copy comes; never on a stream
  double reordering_rate =
      0;          ///< per frame: held back for another `delay` + `jitter`; not a stream
  Mtu mtu{4096};  ///< message bytes one link frame can carry. spec: L0/6
  bool half_duplex = false;
  bool scans = false;   ///< LoRa that listens: a busy channel is answered, not waited out
  bool shared = false;  ///< one segment with many nodes, else lines between two
  double range_m = 0;   ///< who hears whom; 0 = everybody. Not for streams. LoRa: by signal
  std::size_t queue_bytes = 256 * 1024;
  LoraRadio lora_radio;

  static Media tcp();       ///< 100 Mbps, 10 ms
  static Media ethernet();  ///< 1 Gbps, 0.2 ms, datagrams, MTU 1,500, shared
  static Media wifi();      ///< 50 Mbps, 2 ms + jitter, 1 % loss, MTU 1,500, shared, 100 m
  static Media ble();       ///< 1 Mbps, 15 ms + jitter, MTU 484, 30 m
  static Media serial();    ///< 57,600 bps, 10 ms, half-duplex, MTU 484
  static Media lora();      ///< SF8, 125 kHz, 4/5, 14 dBm, EU868, MTU 484

  // `Media::lora().loss(0.2).duty_cycle(0.01)`
  [[nodiscard]] Media named(std::string as) const;
  [[nodiscard]] Media with_rate(BitsPerSecond r) const;
  [[nodiscard]] Media with_delay(Duration d, Duration extra = Duration{0}) const;
  [[nodiscard]] Media with_mtu(Mtu m) const;
  [[nodiscard]] Media with_range(double metres) const;
  [[nodiscard]] Media with_queue(std::size_t bytes) const;
  [[nodiscard]] Media loss(double rate_of_frames) const;
  [[nodiscard]] Media corruption(double rate_of_frames) const;
  [[nodiscard]] Media duplication(double rate_of_frames) const;
  [[nodiscard]] Media reordering(double rate_of_frames) const;
  [[nodiscard]] Media duty_cycle(double share) const;
  [[nodiscard]] Media spreading(unsigned factor) const;

  /// Distance at which neighbours still hear each other well: used to lay out generated topologies.
  [[nodiscard]] double comfortable_range_m() const;
};

}  // namespace mehr::sim

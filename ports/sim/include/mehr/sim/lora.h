// LoRa as a shared, half-duplex radio channel, and the arithmetic of its signals.
//
// Place: ports/sim; one kind of Channel (channel.h). Every node has one Medium, opened at boot and
// never closed; a radio has no addresses, so Remote is zero both ways. A link frame of up to 508
// bytes goes as one or two radio frames, back to back (l0/air_split.h), as a port on a bare chip
// sends it: MTU 484, half-duplex, no stream.
// Machine of a speaker: idle -> (send) -> resting while the hour's airtime is used up -> backing
// off if the air was busy less than a slot ago -> sensing for 2 symbols -> speaking -> idle.
// Sensing notices what has been on the air for a symbol: backing off for 1 to 8 slots of 32
// symbols, doubling to 64. A frame is never given up. Deadlines: one event per speaker.
// With `Media::scans` the waiting is the node's: idle -> (send, air free, airtime left) -> speaking
// -> a gap of 1 to 8 slots -> idle, writable. Nothing queues: while somebody is heard `send`
// answers Errc::busy, and outside idle or without airtime Errc::full. spec: L1/10.1
// Machine of a receiver, per radio frame: it is lost if the receiver speaks meanwhile. Of two that
// overlap, the first survives if it is at least `capture_db` stronger; the second survives if it
// is that much stronger and came while the first one's preamble was still on, or while the
// receiver could not follow the first. Otherwise both are lost. This holds for each pair of those
// that overlap. What is too weak to be received disturbs down to `capture_db` below sensitivity.
// Time: signals travel in none; a frame reaches its host `Media::delay` after its last symbol.
// Rules of the air: no window of one hour, wherever it begins, holds more of a transmitter's
// airtime than the duty cycle's share, restarts included; eu868 allows 1 % at most. us915 refuses
// radio frames over 400 ms: at 125 kHz full frames need SF7 (399.6 ms), SF8 carries 137 bytes.
// Faults of Media come on top, per link frame and receiver; every such draw has its own stream.
// Bounds: `queue_bytes` per node, then Errc::full and later `writable`. Losses are recorded only
// for receivers that would have heard the frame.
// Failure: a frame that no rule will ever let out is refused with Errc::too_big; a radio that
// lora_check refuses is a broken contract. Threads: one.
#pragma once

#include <cstddef>
#include <memory>

#include "mehr/core/result.h"
#include "mehr/sim/channel.h"
#include "mehr/sim/media.h"

namespace mehr::sim {

/// Whether a radio can be set so; the error says what would be right.
[[nodiscard]] Status lora_check(const LoraRadio& radio);

// ---- Airtime: Semtech AN1200.13, explicit header, CRC on, low data rate optimisation when a
// symbol lasts longer than 16 ms. Exact for the bandwidths that lora_check allows.

[[nodiscard]] Duration lora_symbol(const LoraRadio& radio);
/// The programmed preamble and the 4.25 symbols that the chip adds.
[[nodiscard]] Duration lora_preamble(const LoraRadio& radio);
/// One radio frame of @p frame_bytes (1 to 255), air split header included.
[[nodiscard]] Duration lora_airtime(const LoraRadio& radio, std::size_t frame_bytes);
/// A link frame of @p frame_bytes (1 to 508): one or two radio frames.
[[nodiscard]] Duration lora_link_airtime(const LoraRadio& radio, std::size_t frame_bytes);
/// Bits of full link frames per second of speaking, rounded down.
[[nodiscard]] BitsPerSecond lora_rate(const LoraRadio& radio);
/// How long a transmitter may speak in any hour.
[[nodiscard]] Duration lora_hourly_budget(const LoraRadio& radio);
/// How long one radio frame may last; Duration::max() where nothing limits it.
[[nodiscard]] Duration lora_dwell_limit(const LoraRadio& radio);

// ---- Signals: log-distance path loss, reference_loss_db at 1 m and nearer.

[[nodiscard]] double lora_received_dbm(const LoraRadio& radio, double metres);
/// The weakest signal that is received: Semtech's figures for the SX1276, HF band.
[[nodiscard]] double lora_sensitivity_dbm(const LoraRadio& radio);
/// What a receiver with a noise figure of 6 dB hears when nobody speaks.
[[nodiscard]] double lora_noise_dbm(const LoraRadio& radio);
/// Where a signal is just received.
[[nodiscard]] double lora_range_m(const LoraRadio& radio);
/// Where it is 6 dB stronger than that. At the usual exponents a neighbour at this distance is
/// heard well, and one twice as far is not.
[[nodiscard]] double lora_comfortable_range_m(const LoraRadio& radio);

/// The channel that @p media describes, without nodes yet.
[[nodiscard]] std::unique_ptr<Channel> make_lora_channel(const Media& media, ChannelId id,
                                                         const Surroundings& around);

}  // namespace mehr::sim

// What carries frames: a TCP connection, a radio channel, a serial line. spec: L0/4, L0/7
//
// Place: core seam below L0. A port implements Medium; L0's `Links` receives.
// Shapes: a frame is one whole link frame (or clear packet), unframed and unescaped; byte streams
// are cut into frames by the port with the codecs of l0/hdlc.h or l0/kiss.h.
// Bounds: a medium owns a bounded send queue; beyond it `send` answers Errc::full and the medium
// promises one `on_writable` when there is room again: that is how backpressure travels up.
// A half-duplex medium that `scans` listens before each frame and speaks at once or not at all: it
// answers Errc::busy while others speak, promises nothing, and whoever asked tries again after a
// backoff of its own. spec: L1/10.1
// Threads: the node's. `send` never calls the receiver back.
#pragma once

#include <cstdint>
#include <optional>

#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"

namespace mehr {

/// Who is at the other end of a datagram medium, opaque to the layers; all zero means everyone, and
/// on a point-to-point medium the one other end. Given back to `Medium::send` as received.
using Remote = FixedBytes<20, struct RemoteTag>;
/// What rate limits count by: the source's host, without its port. spec: L0/5.7
using SourceKey = FixedBytes<16, struct SourceKeyTag>;
/// An interface of the node: all connections of one listener or dialler, or one radio.
struct InterfaceId {
  std::uint16_t index = 0;
  constexpr auto operator<=>(const InterfaceId&) const = default;
};

/// Which frames an interface accepts. spec: L0/4
enum class InterfaceMode : std::uint8_t {
  native,  ///< link frames; clear packets dropped
  rns,     ///< clear packets only
  dual,    ///< both, judged per frame
};

struct MediumInfo {
  InterfaceId interface;
  InterfaceMode mode = InterfaceMode::native;
  bool stream = true;        ///< point-to-point, ordered, loss-free; else datagrams. spec: L0/5.7
  bool half_duplex = false;  ///< a shared channel, one speaker at a time
  bool scans = false;        ///< half-duplex: `send` may find the channel busy
  BitsPerSecond bandwidth{1'000'000'000};  ///< nominal
  Millis latency{50};                      ///< nominal, one way
  Mtu mtu{4096};                           ///< message bytes one frame can carry
  std::uint64_t cost = 0;                  ///< uMHR per byte, of whoever pays for the medium
};

/// What is known of one received frame.
struct FrameInfo {
  Remote from;       ///< zero on point-to-point media
  SourceKey source;  ///< zero where the medium has no addresses
  std::optional<int> rssi_dbm;
  std::optional<int> snr_db;
};

class Medium {
 public:
  virtual ~Medium() = default;
  /// Constant for the life of the medium; borrowed from it.
  [[nodiscard]] virtual const MediumInfo& info() const = 0;
  /// Queues one frame, borrowed until return. Errc::full: nothing queued, `on_writable` will come.
  /// Errc::busy: nothing queued, the channel is in use. Errc::io: the medium is closing.
  virtual Status send(const Remote& to, ByteView frame) = 0;
  /// Ends a point-to-point medium after what is queued has left; no effect on shared ones.
  virtual void close() = 0;

  /// The receiver's own handle for this medium, so that it needs no search; ports leave it alone.
  std::uint32_t receiver_handle = 0;
};

/// L0's side of a Medium. The medium calls these from its event loop, never from within `send` or
/// `close`.
class MediumReceiver {
 public:
  virtual ~MediumReceiver() = default;
  /// One frame; the receiver may overwrite the bytes, which are the medium's after return.
  virtual void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) = 0;
  /// Room again after Errc::full.
  virtual void on_writable(Medium& medium) = 0;
  /// The medium is gone: no call with it after this returns.
  virtual void on_closed(Medium& medium) = 0;
};

}  // namespace mehr

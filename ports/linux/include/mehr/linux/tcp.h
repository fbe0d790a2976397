// TCP as a medium: one interface of listeners, dialled targets and the connections of both.
//
// Place: ports/linux, below L0; each connection is a stream `Medium` framed with l0/hdlc.h.
// spec: L0/4, L0/7. Seam: `MediumHost`.
// Machine of a connection: connecting -> open -> flushing (close asked) -> draining (all written,
// FIN sent) -> gone. A read or write error, or the peer's FIN, ends it from any state; `linger`
// after the close it ends in any case.
// Machine of a target: resolving -> connecting (each address in turn, `connect_timeout` each) ->
// connected -> waiting -> resolving ... The wait starts at `redial_first`, doubles to `redial_max`,
// loses up to a quarter by chance, and starts over once a connection lasted `stable_after` or its
// peer was authenticated.
// Machine of a single dial: connecting -> [only_connect: over] -> shaking hands -> over, all within
// its limit. It is over with success once `authenticated` names its connection, without success
// when that ends before.
// Sending: frames are escaped straight into 64 KiB blocks, written once per loop turn, or at once
// from `flush_at` bytes on. At `send_high_water` queued bytes `send` answers Errc::full; at
// `send_low_water` comes `on_writable`. From a peer that has taken nothing for 1 s while its queue
// is over high water only one read is made per 100 ms: it cannot make us work for answers without
// room, and two ends that wait for each other still come loose.
// Receiving: one read of at most 256 KiB per connection and turn, into the loop's buffer.
// Bounds: `max_connections`; further ones are accepted, closed and counted. Dialled targets are the
// configuration's and always have room. Per connection: send_high_water plus one frame, and one
// HDLC buffer. Without a free descriptor nobody is accepted: whoever connects waits in the system's
// backlog, four tries a second are counted and one a minute is logged.
// Failure: sentences for whoever starts it, counters for what strangers do.
// Threads: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/core/random.h"
#include "mehr/linux/endpoint.h"
#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"

namespace mehr::linux_port {

struct TcpConfig {
  InterfaceId interface;
  InterfaceMode mode = InterfaceMode::native;
  BitsPerSecond bandwidth{1'000'000'000};  ///< nominal, told to L0
  Millis latency{50};                      ///< nominal, one way
  Mtu mtu{4096};
  std::uint64_t cost = 0;  ///< uMHR per byte

  std::size_t max_connections = 512;
  std::size_t send_high_water = 1024 * 1024;  ///< bytes queued per connection
  std::size_t send_low_water = 256 * 1024;
  std::size_t flush_at = 256 * 1024;

  Millis connect_timeout = Millis::seconds(5);  // spec: L0/7
  Millis redial_first = Millis::seconds(5);
  Millis redial_max = Millis::seconds(300);
  Millis stable_after = Millis::seconds(15);
  Millis linger = Millis::seconds(2);  ///< longest life after Medium::close
};

/// A peer to keep connected to.
struct DialTarget {
  Endpoint where;
  std::optional<NodeId> expected;  ///< who must answer, if known
};

/// One attempt to reach one address.
struct OneDial {
  SourceKey host;
  std::uint16_t port = 0;
  std::optional<NodeId> expected;  ///< who must answer, if known
  bool only_connect = false;       ///< hang up as soon as somebody accepts; the host never hears
  Millis limit = Millis::seconds(5);
};
/// Told once when a single dial is over; @p reached: see the machine above.
using DialOver = std::function<void(bool reached)>;

/// What passed over one connection since it opened. Bytes are those on the stream.
struct ConnectionCounters {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t full = 0;        ///< sends refused with Errc::full
  std::uint64_t bad_frames = 0;  ///< dropped by the HDLC decoder
  std::uint64_t pauses = 0;      ///< times reading stopped because the peer does not read

  ConnectionCounters& operator+=(const ConnectionCounters& o) {
    bytes_in += o.bytes_in;
    bytes_out += o.bytes_out;
    frames_in += o.frames_in;
    frames_out += o.frames_out;
    full += o.full;
    bad_frames += o.bad_frames;
    pauses += o.pauses;
    return *this;
  }
};

/// Over the life of the interface; the traffic of connections that are gone is included.
struct TcpCounters {
  ConnectionCounters traffic;
  std::uint64_t accepted = 0;
  std::uint64_t connected = 0;        ///< dialled with success
  std::uint64_t over_limit = 0;       ///< accepted and closed at `max_connections`
  std::uint64_t refused = 0;          ///< connections that the host did not take
  std::uint64_t accept_failures = 0;  ///< tries that failed, such as for want of descriptors
  std::uint64_t dial_failures = 0;
  std::uint64_t redials = 0;  ///< attempts after the first
};

enum class ConnectionState : std::uint8_t { connecting, open, flushing, draining };

struct ConnectionInfo {
  const Medium* medium = nullptr;  ///< to tell connections apart; may be gone after this turn
  std::string peer;                ///< address and port
  SourceKey host;                  ///< the same as bytes
  std::uint16_t port = 0;
  bool dialled = false;
  ConnectionState state = ConnectionState::open;
  std::optional<NodeId> peer_id;  ///< as told by `authenticated`
  Millis since;
  std::size_t queued = 0;  ///< bytes waiting to be written
  ConnectionCounters counters;
};

enum class TargetState : std::uint8_t { resolving, connecting, connected, waiting };

struct TargetInfo {
  DialTarget target;
  TargetState state = TargetState::waiting;
  Millis next_attempt = Millis::never();  ///< while waiting
  std::uint64_t attempts = 0;
  std::string last_error;  ///< empty while all is well
};

class TcpInterface {
 public:
  /// All borrowed for the life of the interface; it goes before the loop does.
  TcpInterface(Loop& loop, MediumHost& host, Random& random, TcpConfig config, LogSink log = {});
  /// Ends every connection at once, without a word to the host.
  ~TcpInterface();
  TcpInterface(const TcpInterface&) = delete;
  TcpInterface& operator=(const TcpInterface&) = delete;

  /// Listens too on @p where (port 0: any free one) and answers where it really listens.
  OrMessage<Endpoint> listen(const Endpoint& where);
  /// Dials @p target from now on, again and again.
  void dial(DialTarget target);
  /// Dials once. @p over is called on a later turn of the loop, or from `authenticated`; not at all
  /// after `shut_down` or the interface's end.
  void dial_once(const OneDial& dial, DialOver over);
  /// The peer of @p medium, one of ours or not, has proven who it is.
  void authenticated(const Medium& medium, std::optional<NodeId> peer = {});
  /// Stops listening and dialling and closes every connection; the host hears of each one's end.
  void shut_down();

  [[nodiscard]] const TcpConfig& config() const;
  [[nodiscard]] TcpCounters counters() const;
  [[nodiscard]] std::vector<ConnectionInfo> connections() const;
  /// The connection that @p medium is, if it is one of ours.
  [[nodiscard]] std::optional<ConnectionInfo> connection_of(const Medium& medium) const;
  [[nodiscard]] std::vector<TargetInfo> targets() const;
  [[nodiscard]] std::size_t connection_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mehr::linux_port

// Every capacity of a node in one place.
//
// Place: core. Read once, at construction: tables, queues and caches are sized by it and never grow
// past it. Each member says what goes when the table is full. spec: README/2.7
// Memory: `total_bytes` is what a stack of L0 to L2 promises never to exceed, under whatever load,
// from whatever stranger. The constants behind it were measured on 64-bit Linux (libstdc++,
// OpenSSL) and rounded up by five to ten in a hundred; a test of ports/sim holds stacks of all
// sizes to them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mehr {

struct Limits {
  // L0 -------------------------------------------------------------------------------------------
  std::size_t links = 1024;           ///< open and half-open together; full: INIT dropped
  std::size_t half_open_links = 64;   ///< full: INIT dropped, a stream closed. spec: L0/5.7
  std::size_t inits_per_second = 10;  ///< per source address; over it: dropped. spec: L0/5.7
  std::size_t init_sources = 1024;    ///< source addresses remembered; full: least recent goes
  std::size_t media = 1024;           ///< attached media (a TCP connection is one); full: refused

  // L1 -------------------------------------------------------------------------------------------
  std::uint16_t packet_bytes = 4096;  ///< longest packet; links that carry more are used up to that
  std::size_t routes = 16384;         ///< destinations; full: see routing_table.h
  std::size_t candidates = 4;         ///< links remembered per destination; full: worst goes
  std::size_t packet_ids = 500'000;   ///< per generation, two of them; full: generations turn early
  std::size_t evicted_routes = 4096;  ///< evictions remembered for 24 h; full: oldest goes
  std::size_t announce_checks = 500;  ///< signatures checked per link and second; over it: dropped
  std::size_t reverse_paths = 65'536;   ///< packets whose way back is remembered; full: oldest goes
  std::size_t path_tags = 1024;         ///< questions for ways remembered; full: oldest goes
  std::size_t queue_bytes = 4'194'304;  ///< packets and messages that wait, of all links together
  std::size_t queue_block = 512;        ///< piece of it that a message takes at least
  std::size_t queue_flows = 16;         ///< upstreams a link tells apart, 32 at most
  std::size_t gossip_exchanges = 64;    ///< rounds that compare at once; full: a round waits
  std::size_t refused_items = 4096;     ///< gossip not wanted here; full: oldest goes
  std::size_t probed = 64;              ///< destinations with probe results; full: oldest goes
  std::size_t probe_notes = 256;        ///< probes of others under way; full: nearest its end goes
  std::size_t reservations = 256;       ///< under way; full: refused

  // L2 -------------------------------------------------------------------------------------------
  std::size_t envelope_replays = 65'536;  ///< accepted envelopes remembered; full: oldest goes
  std::size_t streams = 1024;             ///< registered caller-sealed streams; full: refused
  std::size_t peer_keys = 4096;  ///< keys used or proven end to end; full: least recent goes
  std::size_t segment_bytes =
      4'194'304;                       ///< of messages in pieces, and as much again of those that
                                       ///< wait for their signer's key; full: the oldest goes
  std::size_t segment_sets = 256;      ///< messages in pieces at once; full: the oldest goes
  std::size_t onion_replays = 16'384;  ///< peeled layers remembered for 1 h; full: oldest goes
  std::size_t advisories = 4096;       ///< of keys, and commitments; full: see advisory_store.h
  std::size_t reputations = 4096;      ///< peers judged; full: the least recently judged goes
  std::size_t referrals = 1024;        ///< second-hand judgements; full: the oldest goes

  /// A server, desktop or single-board computer.
  static constexpr Limits standard() { return {}; }
  /// A small node with room for a village: a gateway board, a node of a test or of a simulation.
  static constexpr Limits small() {
    Limits l;
    l.links = 16;
    l.half_open_links = 4;
    l.init_sources = 16;
    l.media = 4;
    l.routes = 128;
    l.candidates = 2;
    l.packet_ids = 256;
    l.evicted_routes = 128;
    l.announce_checks = 20;
    l.reverse_paths = 256;
    l.path_tags = 64;
    l.queue_bytes = 262'144;
    l.queue_block = 256;
    l.queue_flows = 4;
    l.gossip_exchanges = 4;
    l.refused_items = 128;
    l.probed = 4;
    l.probe_notes = 16;
    l.reservations = 16;
    l.envelope_replays = 1024;
    l.streams = 4;
    l.peer_keys = 32;
    l.segment_bytes = 98'304;  // the longest message, with what its pieces cost
    l.segment_sets = 8;
    l.onion_replays = 256;
    l.advisories = 32;
    l.reputations = 32;
    l.referrals = 16;
    return l;
  }
  /// A radio board: the same code in tens of kilobytes.
  static constexpr Limits minimal() {
    Limits l;
    l.links = 4;
    l.half_open_links = 2;
    l.init_sources = 4;
    l.media = 2;
    l.packet_bytes = 484;
    l.routes = 16;
    l.candidates = 2;
    l.packet_ids = 32;
    l.evicted_routes = 8;
    l.announce_checks = 20;
    l.reverse_paths = 32;
    l.path_tags = 8;
    l.queue_bytes = 4096;
    l.queue_block = 128;
    l.queue_flows = 2;
    l.gossip_exchanges = 2;
    l.refused_items = 16;
    l.probed = 2;
    l.probe_notes = 4;
    l.reservations = 2;
    l.envelope_replays = 64;
    l.streams = 2;
    l.peer_keys = 8;
    l.segment_bytes = 8192;
    l.segment_sets = 2;
    l.onion_replays = 64;
    l.advisories = 8;
    l.reputations = 8;
    l.referrals = 4;
    return l;
  }

  /// Bytes a stack takes when it is made: every table, at its full size.
  [[nodiscard]] constexpr std::size_t bytes_at_start() const {
    constexpr std::size_t kStack = 40'960;     // the objects themselves, three datagram buffers
    constexpr std::size_t kLinkPlace = 2'560;  // L0's link with its handshake; a power of two
    constexpr std::size_t kLink = 2'088;       // L1's view of it, its queues' heads, two indices
    constexpr std::size_t kFlow = 92;          // an upstream at the queue of a link
    constexpr std::size_t kMedium = 32;
    constexpr std::size_t kInitSource = 48;
    constexpr std::size_t kRoute = 820;  // of it 424 the announce, to pass on
    constexpr std::size_t kCandidate = 72;
    constexpr std::size_t kPacketId = 57;  // two generations of 4/3 places
    constexpr std::size_t kEvicted = 128;
    constexpr std::size_t kReversePath = 25;
    constexpr std::size_t kReverseIndex = 17;  // a power of two
    constexpr std::size_t kPathTag = 148;
    constexpr std::size_t kQueueRecord = 42;  // of a piece of the queues
    constexpr std::size_t kExchange = 202;
    constexpr std::size_t kRefused = 118;
    constexpr std::size_t kProbed = 236;
    constexpr std::size_t kProbeNote = 129;
    constexpr std::size_t kReservation = 1'100;  // two thirds of it the messages on their way
    constexpr std::size_t kReplay = 52;
    constexpr std::size_t kStream = 32;
    constexpr std::size_t kPeerKey = 192;  // and a prekey
    constexpr std::size_t kAdvisory = 280;
    constexpr std::size_t kReputation = 60;
    // Announces and changed ways that wait, a bit each per link and destination, advisories
    // likewise, and how often each announce was sent, two bits.
    const std::size_t waiting = links * (2 * ((routes + 63) / 64) + (advisories + 63) / 64) * 8;
    const std::size_t sends = routes * ((links + 3) / 4);
    const std::size_t blocks = std::max<std::size_t>(16, queue_bytes / queue_block);
    return kStack + std::bit_ceil(std::max<std::size_t>(links, 2)) * kLinkPlace +
           links * (kLink + queue_flows * kFlow) + media * kMedium + init_sources * kInitSource +
           routes * kRoute + routes * candidates * kCandidate + waiting + sends +
           packet_ids * kPacketId + evicted_routes * kEvicted + reverse_paths * kReversePath +
           std::bit_ceil(reverse_paths) * kReverseIndex + path_tags * kPathTag +
           blocks * (queue_block + kQueueRecord) + gossip_exchanges * kExchange +
           refused_items * kRefused + probed * kProbed + probe_notes * kProbeNote +
           reservations * kReservation + envelope_replays * kReplay + streams * kStream +
           peer_keys * kPeerKey + advisories * kAdvisory + reputations * kReputation;
  }
  /// The most it ever holds: cipher contexts of two keys per link, handlers of streams with what
  /// they hold up to 64 bytes, messages of the node to itself. Not counted are what callers hang in
  /// besides, and the copies that people ask for (`Links::status`, `Network::routes`).
  [[nodiscard]] constexpr std::size_t total_bytes() const {
    constexpr std::size_t kCiphers = 4'992;  // while a link changes its key
    constexpr std::size_t kStreamHandler = 128;
    constexpr std::size_t kOwnMessages = 135'168;  // 16 under delivery, 16 more that they cause
    constexpr std::size_t kSegmentSet = 192;
    constexpr std::size_t kLongestMessage = 65'536;
    constexpr std::size_t kOnionReplay = 52;  // from the first onion on
    constexpr std::size_t kReferral = 128;    // asked, and answered
    const std::size_t longest_in = std::min(segment_bytes, kLongestMessage);  // joined, then opened
    return bytes_at_start() + links * kCiphers + streams * kStreamHandler + kOwnMessages +
           2 * segment_bytes + segment_sets * kSegmentSet + 2 * longest_in + 2 * kLongestMessage +
           onion_replays * kOnionReplay + referrals * kReferral;
  }
};

}  // namespace mehr

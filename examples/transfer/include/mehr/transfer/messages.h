// What the two ends of a transfer say to each other, byte for byte.
//
// Place: examples/transfer; the description for people is its README.md. Control messages travel
// sealed by L2 with a proven sender on Protocol{kInteractive, kControlPort} (spec: L6/2 S8, L2/4);
// data and acknowledgements are sealed here and travel as caller-sealed streams on kBulk.
// Shapes: little-endian, fields in the order of `wire`. Both stream datagrams are a clear header,
// then ChaCha20-Poly1305 under nonce = 4 zero bytes, u64 packet number; aad = stream id, header.
// The sealing end draws the key of its direction and never uses a packet number twice, so a
// repeated chunk, a changed file or a restarted receiver never repeats a nonce.
// Failure: decoding refuses unknown versions, bad enums, wrong lengths and bad names; whoever gets
// such bytes drops them and counts. `decode` of Offer and Ack borrows name and bitmap from its
// input.
#pragma once

#include <cstdint>
#include <string_view>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/core/ids.h"
#include "mehr/core/messenger.h"

namespace mehr::transfer {

inline constexpr std::uint16_t kControlPort = kProvenPort | 0x0100;
inline constexpr Protocol kControl{context::kInteractive, kControlPort};
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::uint8_t kOffer = 1, kAnswer = 2, kDone = 3, kCancel = 4;

inline constexpr std::uint16_t kMinChunk = 64;      ///< bytes; smaller chunks are all overhead
inline constexpr std::uint16_t kMaxChunk = 32'768;  ///< bytes
inline constexpr std::uint16_t kMaxWindow = 2048;   ///< chunks, so a bitmap has at most 256 bytes

/// A ChaCha20-Poly1305 key inside a sealed message. Wiped by whoever decodes or encodes it.
using WireKey = FixedBytes<32, struct WireKeyTag>;

enum class Verdict : std::uint8_t {
  accepted = 0,
  refused = 1,
  busy = 2,
  too_large = 3,
  no_space = 4
};
constexpr bool is_valid(Verdict v) { return v <= Verdict::no_space; }

enum class Outcome : std::uint8_t { received = 0, mismatch = 1, disk_failed = 2, cancelled = 3 };
constexpr bool is_valid(Outcome v) { return v <= Outcome::cancelled; }

/// "May I send you this file?" Sent again with a higher `attempt` until answered, and again when
/// acknowledgements stop. All but `attempt` is the same in every repetition.
struct Offer {
  Constant<kVersion> version;
  Constant<kOffer> kind;
  std::uint32_t attempt = 0;  ///< rises with each repetition; the answer echoes it
  StreamId transfer;          ///< names the transfer and its data stream
  StreamId acks;              ///< the stream of acknowledgements
  WireKey key;                ///< seals the data stream
  std::uint64_t size = 0;     ///< bytes of the file
  std::uint16_t chunk = 0;    ///< bytes of every chunk but the last
  ContentHash hash;           ///< BLAKE3 of the file
  Tail name;                  ///< file name, see file_name.h

  static constexpr auto wire =
      std::tuple{field("version", &Offer::version), field("kind", &Offer::kind),
                 field("attempt", &Offer::attempt), field("transfer", &Offer::transfer),
                 field("acks", &Offer::acks),       field("key", &Offer::key),
                 field("size", &Offer::size),       field("chunk", &Offer::chunk),
                 field("hash", &Offer::hash),       field("name", &Offer::name)};
  [[nodiscard]] Status check() const;
  bool operator==(const Offer&) const = default;
};

/// The receiver's word on an offer. When not accepted, `next`, `window` and `key` are zero.
struct Answer {
  Constant<kVersion> version;
  Constant<kAnswer> kind;
  std::uint32_t attempt = 0;  ///< of the offer answered
  StreamId transfer;
  Verdict verdict = Verdict::refused;
  std::uint32_t next = 0;    ///< first chunk the receiver lacks
  std::uint16_t window = 0;  ///< chunks from `next` on that it has room for
  WireKey key;               ///< seals the stream of acknowledgements; new in a restarted receiver

  static constexpr auto wire =
      std::tuple{field("version", &Answer::version), field("kind", &Answer::kind),
                 field("attempt", &Answer::attempt), field("transfer", &Answer::transfer),
                 field("verdict", &Answer::verdict), field("next", &Answer::next),
                 field("window", &Answer::window),   field("key", &Answer::key)};
  [[nodiscard]] Status check() const;
  bool operator==(const Answer&) const = default;
};

/// The receiver's last word; also its answer to an offer or a cancel of a finished transfer.
struct Done {
  Constant<kVersion> version;
  Constant<kDone> kind;
  StreamId transfer;
  Outcome outcome = Outcome::cancelled;

  static constexpr auto wire =
      std::tuple{field("version", &Done::version), field("kind", &Done::kind),
                 field("transfer", &Done::transfer), field("outcome", &Done::outcome)};
  bool operator==(const Done&) const = default;
};

/// The sender gives up; the receiver forgets what it has and answers Done(cancelled).
struct Cancel {
  Constant<kVersion> version;
  Constant<kCancel> kind;
  StreamId transfer;

  static constexpr auto wire =
      std::tuple{field("version", &Cancel::version), field("kind", &Cancel::kind),
                 field("transfer", &Cancel::transfer)};
  bool operator==(const Cancel&) const = default;
};

/// Clear front of a data datagram; the sealed chunk follows.
struct DataHeader {
  std::uint32_t index = 0;   ///< which chunk
  std::uint32_t packet = 0;  ///< rises with every datagram of the stream, repetitions included
  static constexpr auto wire =
      std::tuple{field("index", &DataHeader::index), field("packet", &DataHeader::packet)};
  bool operator==(const DataHeader&) const = default;
};

/// Clear front of an acknowledgement; the sealed `Ack` follows.
struct AckHeader {
  std::uint32_t packet = 0;  ///< rises with every datagram of the stream
  static constexpr auto wire = std::tuple{field("packet", &AckHeader::packet)};
  bool operator==(const AckHeader&) const = default;
};

/// What has arrived.
struct Ack {
  std::uint32_t next = 0;    ///< every chunk below it is there
  std::uint32_t packet = 0;  ///< highest packet number of the data stream seen
  std::uint16_t held = 0;    ///< ms between its arrival and this message
  std::uint16_t window = 0;  ///< chunks from `next` on that may be sent, at least 1
  Tail bitmap;  ///< bit i (low bit first): chunk next + 1 + i is there; no zero byte last

  static constexpr auto wire = std::tuple{field("next", &Ack::next), field("packet", &Ack::packet),
                                          field("held", &Ack::held), field("window", &Ack::window),
                                          field("bitmap", &Ack::bitmap)};
  [[nodiscard]] Status check() const;
  bool operator==(const Ack&) const = default;
};

static_assert(wire_size<Offer> == 96 && wire_size<Answer> == 53 && wire_size<Done> == 11 &&
              wire_size<Cancel> == 10 && wire_size<DataHeader> == 8 && wire_size<AckHeader> == 4 &&
              wire_size<Ack> == 12);

/// Bytes of a data datagram after the stream id that are not file.
inline constexpr std::size_t kDataOverhead = wire_size<DataHeader> + crypto::Aead::kTagSize;

/// Chunks of a file; 0 for an empty one.
constexpr std::uint64_t chunk_count(std::uint64_t size, std::uint16_t chunk) {
  return size / chunk + (size % chunk != 0 ? 1 : 0);
}

/// The text of a `Tail`, borrowed.
[[nodiscard]] std::string_view text_of(const Tail& tail);

/// The nonce of a packet number, and the additional data: stream id then clear header.
[[nodiscard]] crypto::Nonce nonce_of(std::uint32_t packet);
template <class Header>
std::array<std::uint8_t, StreamId::kSize + wire_size<Header>> aad_of(const StreamId& stream,
                                                                     const Header& header) {
  std::array<std::uint8_t, StreamId::kSize + wire_size<Header>> out{};
  Writer w(out);
  w.put(stream);
  w.put(header);
  return out;
}

}  // namespace mehr::transfer

// The announce: a signed statement of a node that makes it routable. spec: L1/3, L1/4
//
// Place: L1's byte layout. An announce is the DATA of a packet of type 1 whose destination is the
// origin. The signature covers everything but the path cost, which every relay rewrites in place.
// Shapes: public key 32, emitted 8, signature 64, MehrExtension 9..317; DATA 113..421 bytes.
// Ownership: a decoded Announce borrows from the decoded bytes; nothing allocates.
// Failure: decoding refuses another magic, a short extension, one over 317 bytes and a TLV that
// runs past the end; `verify` answers bad_signature. Unknown TLVs are kept and skipped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/core/signer.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/path_cost.h"

namespace mehr::l1 {

inline constexpr std::uint8_t kExtensionMagic = 0x4E;
inline constexpr std::uint8_t kProtocolVersion = 0x10;  ///< major << 4 or minor. spec: L1/13.1
inline constexpr std::size_t kExtensionMin = 9;
inline constexpr std::size_t kExtensionMax = 317;
inline constexpr std::size_t kTlvsMax = kExtensionMax - kExtensionMin;
inline constexpr std::size_t kAnnounceFixed = 104;  ///< before the extension
inline constexpr std::size_t kAnnounceDataMax = kAnnounceFixed + kExtensionMax;
inline constexpr std::size_t kAnnouncePacketMin = l0::kHeaderSize + kAnnounceFixed + kExtensionMin;
inline constexpr std::size_t kAnnouncePacketMax = l0::kHeaderSize + kAnnounceDataMax;
static_assert(kAnnouncePacketMin == 132);

/// Types of extension fields. spec: L1/3
namespace tlv {
inline constexpr std::uint8_t kExtendedVersion = 0x01;
inline constexpr std::uint8_t kCryptoSupport = 0x02;
inline constexpr std::uint8_t kVersionSignal = 0x03;
inline constexpr std::uint8_t kPresence = 0x04;
inline constexpr std::uint8_t kSupportedVersions = 0x05;
}  // namespace tlv

/// One extension field, borrowed from the extension.
struct Tlv {
  std::uint8_t type = 0;
  ByteView data;
};

/// Walks a run of TLVs: type u8, length u8, data.
class TlvReader {
 public:
  /// @p tlvs is borrowed for the life of the reader.
  explicit TlvReader(ByteView tlvs) : rest_(tlvs) {}
  /// The next field; nothing at the end, or when a field runs past it (`malformed`).
  std::optional<Tlv> next();
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  ByteView rest_;
  bool malformed_ = false;
};

/// spec: L1/3. Borrowed: `tlvs` points into the decoded bytes.
struct MehrExtension {
  Constant<kExtensionMagic> magic;
  std::uint8_t version = kProtocolVersion;
  CompactPathCost path_cost;
  Tail tlvs;

  static constexpr auto wire = std::tuple{
      field("magic", &MehrExtension::magic), field("version", &MehrExtension::version),
      field("path_cost", &MehrExtension::path_cost), field("tlvs", &MehrExtension::tlvs)};
  /// TLVs of another major version are not ours to judge. spec: L1/13.3
  [[nodiscard]] Status check() const;
  [[nodiscard]] constexpr std::uint8_t major() const { return version >> 4; }
  /// Data of the first field of @p type; later ones do not count.
  [[nodiscard]] std::optional<ByteView> find(std::uint8_t type) const;
  constexpr bool operator==(const MehrExtension&) const = default;
};
static_assert(wire_size<MehrExtension> == kExtensionMin);

/// DATA of an announce packet. spec: L1/4
struct Announce {
  PublicKey public_key;
  std::uint64_t emitted = 0;  ///< strictly rising per origin
  Signature signature;
  MehrExtension extension;

  static constexpr auto wire = std::tuple{
      field("public_key", &Announce::public_key), field("emitted", &Announce::emitted),
      field("signature", &Announce::signature), field("extension", &Announce::extension)};
  constexpr bool operator==(const Announce&) const = default;
};
static_assert(wire_size<Announce> == kAnnounceFixed + kExtensionMin);

/// Who announces: B2/16 of the key.
[[nodiscard]] NodeId destination_of(const Announce& announce);
/// bad_signature unless @p announce was signed for @p destination by the key it carries. The caller
/// has compared @p destination with `destination_of`. Pure; may run on any thread.
[[nodiscard]] Status verify(const Announce& announce, const NodeId& destination);

/// An announce in one piece, without a heap.
class AnnounceBytes {
 public:
  [[nodiscard]] ByteView view() const { return ByteView(bytes_).first(size_); }
  [[nodiscard]] MutableBytes mutable_view() { return MutableBytes(bytes_).first(size_); }
  /// True when nothing was assigned yet.
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Keeps a copy of @p data, 421 bytes at most.
  void assign(ByteView data);

 private:
  std::array<std::uint8_t, kAnnounceDataMax> bytes_{};
  std::uint16_t size_ = 0;
};

/// Signs an announce with the neutral path cost and puts @p tlvs (308 bytes at most) behind it.
/// Errors: too_big, bad_value (a TLV runs past the end).
[[nodiscard]] Result<AnnounceBytes> build_announce(const Signer& signer, std::uint64_t emitted,
                                                   ByteView tlvs);
/// Replaces the path cost of encoded announce DATA; the signature stays good.
/// @p data must hold an extension.
void set_path_cost(MutableBytes data, const CompactPathCost& cost);
/// True when both hold the same announce, path cost aside: key, emitted, signature, TLVs.
[[nodiscard]] bool same_announce(ByteView a, ByteView b);

/// Puts the announce packet together in @p out: an origin's (flags 0x01) or a relay's (0x11).
/// spec: README/9 clarification 17. too_big when @p out is too small.
[[nodiscard]] Result<MutableBytes> write_announce_packet(const NodeId& destination, ByteView data,
                                                         std::uint8_t hops, bool relayed,
                                                         MutableBytes out);
/// Hops at which an origin starts so that at most @p max_hops (1..128) links are crossed.
[[nodiscard]] constexpr std::uint8_t first_hops(std::uint8_t max_hops) {
  return static_cast<std::uint8_t>(l0::kMaxHops - max_hops);
}

}  // namespace mehr::l1

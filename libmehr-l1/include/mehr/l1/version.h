// Protocol versions: what a node speaks, and what to do with those who speak another. spec: L1/13
//
// Place: pure decisions of L1. The facade asks before it stores an announce (spec: L1/4.2 step 5)
// and when a link with a neighbour of another major opens; what it is told it does.
// Shapes: a version byte is major << 4 | minor; major 15 means that TLV 0x01 says more. A node
// names the versions it speaks besides in TLV 0x05, one byte each.
// Bounds: `kMaxVersions` own versions; a foreign list is as long as its TLV. Nothing allocates but
// nothing grows either: `VersionHistogram` counts 16 versions apart and the rest together.
// Failure: nothing fails; what cannot be read is an unknown future version.
// The hash-chain lottery and suites other than 0x01 are neither sent nor accepted. spec: README/8
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <optional>
#include <tuple>

#include "mehr/core/bounded.h"
#include "mehr/core/codec.h"
#include "mehr/l1/announce.h"

namespace mehr::l1 {

// ---- Versions
// ------------------------------------------------------------------------------------

struct Version {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  constexpr auto operator<=>(const Version&) const = default;
};
/// What this code speaks.
inline constexpr Version kThisVersion{kProtocolVersion >> 4, kProtocolVersion & 15};
/// This major in a version byte: the version is in TLV 0x01. spec: L1/13.4
inline constexpr std::uint8_t kEscapedMajor = 15;

/// Data of TLV 0x01.
struct ExtendedVersion {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;

  static constexpr auto wire =
      std::tuple{field("major", &ExtendedVersion::major), field("minor", &ExtendedVersion::minor)};
  /// Majors that fit the byte are written there: each version has one form.
  [[nodiscard]] constexpr Status check() const {
    if (major < kEscapedMajor) return fail(Errc::bad_value, "this major fits the version byte");
    return {};
  }
  constexpr bool operator==(const ExtendedVersion&) const = default;
};
static_assert(wire_size<ExtendedVersion> == 4);

/// The version meant by @p version_byte, with the data of TLV 0x01 if there is one. Nothing: major
/// 15 without a readable TLV, an unknown future version.
[[nodiscard]] std::optional<Version> version_of(std::uint8_t version_byte,
                                                std::optional<ByteView> extended);
/// The same of an announce's extension.
[[nodiscard]] std::optional<Version> version_of(const MehrExtension& extension);

// ---- Compatibility
// -------------------------------------------------------------------------------

inline constexpr std::size_t kMaxVersions = 8;

/// What this node speaks. A gateway between majors lists several.
struct SpokenVersions {
  /// The one it prefers first; version bytes as in TLV 0x05, none with major 15.
  Bounded<std::uint8_t, kMaxVersions> versions = just_this();
  /// The transition to the first one's major is over: whoever comes with another major is refused,
  /// whatever else it speaks. An operator's setting, never set by the protocol. spec: L1/13.3
  bool refuse_other_majors = false;

  /// Version 1.0 alone.
  static constexpr Bounded<std::uint8_t, kMaxVersions> just_this() {
    Bounded<std::uint8_t, kMaxVersions> out;
    out.must_push(kProtocolVersion);
    return out;
  }
};

/// What to do with a neighbour or an announce. spec: L1/13.3
enum class Compatibility : std::uint8_t {
  full,    ///< same major: unknown parts are skipped, all else is understood
  common,  ///< another major, but both speak `Judgement::version`
  opaque,  ///< announces only: pass on unchanged, use the route last, leave TLVs unread
  refuse,  ///< a link: CLOSE 1. An announce: drop
};

struct Judgement {
  Compatibility compatibility = Compatibility::refuse;
  std::uint8_t version = 0;  ///< the version byte to use, for full and common
  constexpr bool operator==(const Judgement&) const = default;
};

/// The highest version that both lists hold: of the highest major in both the lower minor, as
/// minors only add. Entries of major 15 name no version and are skipped.
[[nodiscard]] std::optional<std::uint8_t> common_version(ByteView ours, ByteView theirs);

/// A neighbour's version byte from the handshake, and TLV 0x05 of its announce when one is held.
/// A link has no TLV 0x01: major 15 is another major.
[[nodiscard]] Judgement judge_link(const SpokenVersions& own, std::uint8_t version_byte,
                                   std::optional<ByteView> supported);
/// An announce whose v1 signature was found good; one whose signature fails is dropped whatever
/// its version.
[[nodiscard]] Judgement judge_announce(const SpokenVersions& own, const MehrExtension& extension);

// ---- Crypto migration
// ----------------------------------------------------------------------------

/// Suites of TLV 0x02. spec: L1/13.5; version 1 implements and sends none but the first.
namespace suite {
inline constexpr std::uint8_t kClassic = 0x01;  ///< Ed25519, X25519, ECVRF; implied
inline constexpr std::uint8_t kMlDsa44 = 0x02;
inline constexpr std::uint8_t kSlhDsa128s = 0x03;
inline constexpr std::uint8_t kMlKem512 = 0x04;
inline constexpr std::uint8_t kXvrf = 0x05;
inline constexpr std::uint8_t kHashChainLottery = 0x06;
}  // namespace suite

/// Suites by id.
using SuiteSet = std::bitset<256>;
/// What a node supports: the data of TLV 0x02, any bytes, and the implied suite. Ids not known here
/// are kept.
[[nodiscard]] SuiteSet suites_of(std::optional<ByteView> crypto_support);

/// How far a migration from an old suite to a new one has come. spec: L1/13.5
enum class CryptoPhase : std::uint8_t {
  dual,    ///< both accepted, the new one advertised, the old one used
  prefer,  ///< the new one for new channels and agreements
  drop,    ///< the old one refused; a new major
};

/// What a node has counted of a migration.
struct MigrationShares {
  std::uint64_t active_nodes = 0;
  std::uint64_t supporting_nodes = 0;  ///< of them, with the new suite in TLV 0x02
  std::uint64_t traffic = 0;           ///< in whatever unit
  std::uint64_t old_traffic = 0;       ///< of it, under the old suite
};
/// The phase after @p phase, if its condition holds: more than 80 % of active nodes support the new
/// suite, less than 5 % of traffic uses the old one. One step a call, never back; nothing counted
/// changes nothing. What follows is the operator's act.
[[nodiscard]] CryptoPhase next_phase(CryptoPhase phase, const MigrationShares& shares);

// ---- For people
// ----------------------------------------------------------------------------------

/// Versions of the announces that are held, made by one walk over them.
class VersionHistogram {
 public:
  struct Entry {
    Version version;
    std::uint64_t count = 0;
  };
  static constexpr std::size_t kEntries = 16;

  /// Counts one node; nothing stands for an unknown future version.
  void add(const std::optional<Version>& version);
  /// By version, rising.
  [[nodiscard]] const Bounded<Entry, kEntries>& entries() const { return entries_; }
  /// Nodes of versions that came when all entries were taken.
  [[nodiscard]] std::uint64_t others() const { return others_; }
  /// Nodes of unknown future versions.
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }

 private:
  Bounded<Entry, kEntries> entries_;
  std::uint64_t others_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace mehr::l1

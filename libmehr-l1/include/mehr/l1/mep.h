// Proposals to change the protocol (MEP), and how they come into force. spec: L1/13.6
//
// Place: L1's byte layout and rules; the object is stored and found by L5, the votes are TLVs of
// announces (version_signal.h), their weights are L3's trust flow. Nothing here upgrades anything:
// that is always the operator's act (spec: L1/13.3).
// Machine: `MepRecord` follows one proposal. Events: the author's object again (`republished`), and
// `step` with what has been counted. Draft -> Proposed -> Accepted -> Implemented -> Active, or
// Rejected, or Withdrawn. All shares are compared as integers.
// Bounds: an object is 134 to 421 bytes; a record keeps no title and no heap.
// Failure: decoding answers truncated, trailing or bad_value; a republication that the rules do not
// allow is refused with the reason and changes nothing.
// Known weakness: `created` is the author's word, and decides between equal numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mehr/core/codec.h"
#include "mehr/core/signer.h"
#include "mehr/l1/version_signal.h"

namespace mehr::l1 {

/// 0, 1 and 6 are signed by the author; the others are derived and never travel.
enum class MepStatus : std::uint8_t {
  draft = 0,
  proposed = 1,
  accepted = 2,
  implemented = 3,
  active = 4,
  rejected = 5,
  withdrawn = 6,
};
/// Whether an object may carry it.
constexpr bool is_valid(MepStatus s) {
  return s == MepStatus::draft || s == MepStatus::proposed || s == MepStatus::withdrawn;
}

/// What kind of change it is. spec: L1/13.2
enum class MepCategory : std::uint8_t { soft = 0, hard = 1, crypto = 2, process = 3 };
constexpr bool is_valid(MepCategory c) { return c <= MepCategory::process; }

// ---- The object
// ----------------------------------------------------------------------------------

inline constexpr std::size_t kMepTitleMax = 256;
inline constexpr std::size_t kMepMin = 134;
inline constexpr std::size_t kMepMax = 421;

/// One proposal as its author signed it. `title` borrows from the decoded bytes.
struct Mep {
  std::uint32_t number = 0;
  std::string_view title;  ///< 1..256 bytes of UTF-8
  NodeId author;
  MepStatus status = MepStatus::draft;
  MepCategory category = MepCategory::soft;
  std::uint16_t target_major = 0;
  std::uint16_t target_minor = 0;
  ContentHash spec_hash;
  std::optional<ContentHash> reference_impl_hash;
  std::uint64_t created = 0;  ///< epoch
  Signature signature;
  bool operator==(const Mep&) const = default;
};

/// The whole of @p object. Errors: truncated, trailing, bad_value.
[[nodiscard]] Result<Mep> decode_mep(ByteView object);
/// Writes @p mep to the front of @p out, `kMepMax` bytes at most. Errors: bad_value (title, a
/// derived status), too_big.
[[nodiscard]] Result<MutableBytes> encode_mep(const Mep& mep, MutableBytes out);
/// @p mep with @p author as its author and a signature by it. Errors as `encode_mep`.
[[nodiscard]] Result<Mep> sign_mep(Mep mep, const Signer& author);
/// bad_signature unless @p key is the author's and has signed @p mep. Pure; any thread.
[[nodiscard]] Status verify_mep(const Mep& mep, const PublicKey& key);

/// Of two proposals of one number by different authors: true when @p a is the one that counts.
/// Lowest `created`, then lowest `spec_hash`.
[[nodiscard]] bool precedes(const Mep& a, const Mep& b);

// ---- Votes
// ---------------------------------------------------------------------------------------

/// Trust flow of those who signalled, Q16.16, per choice. Sums saturate.
struct MepTally {
  std::uint64_t support = 0;
  std::uint64_t oppose = 0;
  std::uint64_t neutral = 0;

  /// Adds what @p signal, of a node of @p weight (Q16.16 from L3; 0 counts nothing), says about
  /// @p number. Once for each node.
  void add(const VersionSignal& signal, std::uint32_t number, std::uint32_t weight);
  /// All three.
  [[nodiscard]] std::uint64_t total() const;
  constexpr bool operator==(const MepTally&) const = default;
};

/// A fork whose trust-weighted signal fell from @p before to @p after has lost more than 90 % of
/// it and counts as abandoned.
[[nodiscard]] bool is_abandoned(std::uint64_t before, std::uint64_t after);

// ---- States
// --------------------------------------------------------------------------------------

inline constexpr std::uint32_t kMepAcceptPercent = 67;
inline constexpr std::uint32_t kMepRejectPercent = 34;
inline constexpr std::uint32_t kMepActivePercent = 80;
/// Epochs from `created` after which an undecided proposal is rejected.
inline constexpr std::uint64_t kMepSunset = 50'000;

/// What a node has counted, for one step.
struct MepFacts {
  MepTally tally;
  std::uint64_t active_nodes = 0;
  std::uint64_t nodes_on_target = 0;  ///< of them, at the target version or a later one
  std::uint64_t epoch = 0;            ///< now
  /// Since this node stored the proposal, by its own count: an epoch that never comes does not
  /// keep a proposal alive. spec: README/2.4 validity in epochs
  std::uint64_t elapsed_epochs = 0;
};

/// One proposal on its way. Give it verified objects only.
class MepRecord {
 public:
  explicit MepRecord(const Mep& first);
  /// A later object of the same author and number (the object store says which is later).
  /// Errors: wrong_peer (another author or number), wrong_state (a status or a change that is not
  /// allowed any more: from Proposed on, what was voted on stays; only the reference
  /// implementation may still be named).
  Status republished(const Mep& newer);
  /// Moves on as far as @p facts allow; the state it is in then.
  MepStatus step(const MepFacts& facts);
  [[nodiscard]] MepStatus status() const { return status_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const NodeId& author() const { return author_; }

 private:
  /// What people vote on.
  struct Terms {
    MepCategory category = MepCategory::soft;
    std::uint16_t target_major = 0;
    std::uint16_t target_minor = 0;
    ContentHash spec_hash;
    std::uint64_t created = 0;
    constexpr bool operator==(const Terms&) const = default;
  };
  static Terms terms_of(const Mep& mep);
  [[nodiscard]] MepStatus next(const MepFacts& facts) const;

  std::uint32_t number_;
  NodeId author_;
  MepStatus status_;
  Terms terms_;
  bool has_reference_;
};

}  // namespace mehr::l1

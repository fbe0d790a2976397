// Messages in segments: put together again. spec: README/3 Segment
//
// Place: L2, a machine that `SealedMessenger` feeds with what came as form 00. It is the same for
// packets (the join is an envelope) and for links (the join is a message of one hop).
// Shapes: after the form byte: msg_id 4, index 2, count 2, bytes. All segments but the last have
// one length; the join is at most 65,536 bytes.
// Machine: a set OPEN -(last missing segment)-> joined and gone, -(30 s, a segment that contradicts
// it, over 65,536 bytes, room for a newer one)-> gone. Deadline: the end of the oldest set.
// Bounds: 16 sets per link, `Limits::segment_sets` in all, their bytes together at most
// `Limits::segment_bytes` with what keeping a piece costs. Full: the oldest of the link that holds
// most goes, so that nobody's messages go for those of a neighbour who sends more.
// Failure: what does not fit is dropped and counted; equal segments are taken once.
// Threads: one at a time.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/units.h"

namespace mehr::l2 {

inline constexpr std::size_t kMostJoined = 65'536;    ///< bytes of a join. spec: L2/7
inline constexpr std::uint16_t kMostSegments = 1024;  ///< spec: L2/7
inline constexpr Millis kSegmentMemory = Millis::seconds(30);
inline constexpr std::size_t kSetsPerLink = 16;

/// One piece of a message, after its form byte.
struct Segment {
  std::uint32_t message = 0;  ///< random per message
  std::uint16_t index = 0;
  std::uint16_t count = 0;
  Tail bytes;
  static constexpr auto wire =
      std::tuple{field("msg_id", &Segment::message), field("index", &Segment::index),
                 field("count", &Segment::count), field("bytes", &Segment::bytes)};
  constexpr bool operator==(const Segment&) const = default;
  [[nodiscard]] constexpr Status check() const {
    if (count < 2 || count > kMostSegments || index >= count || bytes.bytes.empty()) {
      return fail(Errc::bad_value, "a segment is one of 2 to 1,024 and holds at least a byte");
    }
    return {};
  }
};
inline constexpr std::size_t kSegmentHead = wire_size<Segment>;
static_assert(kSegmentHead == 8);

class Reassembler {
 public:
  /// What belongs together.
  struct Source {
    std::uint32_t link = 0;  ///< by which it came; 0: none
    bool one_hop = false;    ///< by the link carrier
    std::uint8_t context = 0;
    constexpr bool operator==(const Source&) const = default;
  };
  /// What became of segments and sets since the start.
  struct Counters {
    std::uint64_t joined = 0;       ///< messages that came together
    std::uint64_t repeated = 0;     ///< equal segments that were there already
    std::uint64_t conflicting = 0;  ///< sets dropped for contradicting themselves
    std::uint64_t too_big = 0;      ///< sets dropped for their size
    std::uint64_t evicted = 0;      ///< sets that made room
    std::uint64_t expired = 0;      ///< sets whose 30 s were over
  };

  /// What a piece costs besides its bytes: a stranger may send a thousand of one byte each.
  static constexpr std::size_t kPieceCost = 128;

  Reassembler(std::size_t sets, std::size_t bytes) : most_sets_(sets), most_bytes_(bytes) {}

  /// Takes one segment; the whole when it was the last missing one, borrowed until the next call.
  [[nodiscard]] std::optional<MutableBytes> add(const Source& from, const Segment& segment,
                                                Millis now);
  /// Drops sets whose time is over.
  void expire(Millis now);
  /// When the oldest set ends.
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] std::size_t size() const { return sets_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Piece {
    std::uint16_t index = 0;
    Bytes bytes;
  };
  struct Set {
    Source from;
    std::uint32_t message = 0;
    std::uint16_t count = 0;
    std::size_t piece_size = 0;  // of all but the last; 0: not known yet
    std::size_t bytes = 0;
    Millis until;
    std::vector<Piece> pieces;  // by index
    [[nodiscard]] std::size_t cost() const { return bytes + pieces.size() * kPieceCost; }
  };
  using Sets = std::vector<Set>;  // oldest first
  enum class Fit : std::uint8_t { good, repeat, conflict, too_big };

  [[nodiscard]] static Fit fits(const Set& set, const Segment& segment);
  Sets::iterator find(const Source& from, const Segment& segment);
  Sets::iterator open(const Source& from, const Segment& segment, Millis now);
  Sets::iterator drop(Sets::iterator set);
  bool make_room(std::size_t cost, const Source& from, std::uint32_t message);
  /// The oldest set of the link with the greatest sum of @p weight, of those that may go.
  template <class Weight, class MayGo>
  Sets::iterator victim(Weight weight, MayGo may_go);
  MutableBytes join(Sets::iterator set);

  std::size_t most_sets_;
  std::size_t most_bytes_;
  std::size_t cost_ = 0;
  Sets sets_;
  Bytes joined_;
  std::vector<std::pair<std::uint32_t, std::size_t>> sums_;  // of links, while a victim is sought
  Counters counters_;
};

}  // namespace mehr::l2

// Passing probes on, and their answers back, without knowing who asks. spec: L1/7
//
// Place: L1, on the way of packets of context 0xF2.
// Machine: `on_request` notes (destination, probe id) -> ingress, egress for W; `on_response` takes
// the note out and says which link the answer goes to. Answers must come by the egress of the note.
// Rate: a token bucket per ingress link, one probe a second, eight at once; a relay and an
// answering node ask it alike. A second ingress with the same key is dropped: it would steal the
// answer. Bounds: `entries` notes and one bucket per link, made at construction. Full: the note
// nearest its end goes. Failure: what does not fit is dropped and counted by the caller. Time:
// notes end by `on_time`; `next_deadline` says when.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/request_bucket.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

class ProbeRelay {
 public:
  /// Probes that one neighbour may send on average, and at once.
  static constexpr std::uint32_t kPerSecond = 1;
  static constexpr std::uint32_t kBurst = 8;

  /// Room for @p entries notes (1 or more) and @p links buckets.
  ProbeRelay(std::size_t entries, std::size_t links, Random& random);

  /// Takes a token of @p ingress; false: drop the probe. Asked once for every probe that comes in,
  /// whether it is passed on or answered here.
  [[nodiscard]] bool allow(LinkSlot ingress, Millis now);
  /// A probe came by @p ingress and would leave by @p egress; @p wait is W of the way left. False:
  /// the key is taken by another ingress; drop it. The same one again renews its note.
  [[nodiscard]] bool on_request(const NodeId& destination, std::uint16_t probe_id, LinkSlot ingress,
                                LinkSlot egress, Millis wait, Millis now);
  /// An answer came by @p from: the link it goes to, its note is removed. None: drop it.
  [[nodiscard]] std::optional<LinkSlot> on_response(const NodeId& destination,
                                                    std::uint16_t probe_id, LinkSlot from,
                                                    Millis now);
  /// @p link is gone, and its slot may come to mean another neighbour: its notes end.
  void link_down(LinkSlot link);
  /// Ends the notes whose W is over.
  void on_time(Millis now);
  [[nodiscard]] Millis next_deadline() const { return deadlines_.next(); }
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    NodeId destination;
    std::uint16_t probe_id = 0;
    LinkSlot ingress = kNoLink;
    LinkSlot egress = kNoLink;
  };
  [[nodiscard]] NodeId key_of(const NodeId& destination, std::uint16_t probe_id) const;
  void remove(Slot slot);

  std::vector<Entry> entries_;
  std::vector<Slot> free_;
  std::vector<RequestBucket> buckets_;  // by link
  HashSalt salt_;
  SlotIndex index_;
  DeadlineHeap deadlines_;
};

}  // namespace mehr::l1

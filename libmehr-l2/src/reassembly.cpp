#include "mehr/l2/reassembly.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l2 {

namespace {

template <class Pieces>
auto place_of(Pieces& pieces, std::uint16_t index) {
  return std::lower_bound(pieces.begin(), pieces.end(), index,
                          [](const auto& piece, std::uint16_t i) { return piece.index < i; });
}

}  // namespace

Reassembler::Sets::iterator Reassembler::find(const Source& from, const Segment& segment) {
  return std::find_if(sets_.begin(), sets_.end(), [&](const Set& set) {
    return set.message == segment.message && set.from == from;
  });
}

Reassembler::Sets::iterator Reassembler::drop(Sets::iterator set) {
  cost_ -= set->cost();
  return sets_.erase(set);
}

template <class Weight, class MayGo>
Reassembler::Sets::iterator Reassembler::victim(Weight weight, MayGo may_go) {
  sums_.clear();
  for (const Set& set : sets_) sums_.emplace_back(set.from.link, weight(set));
  std::sort(sums_.begin(), sums_.end());
  // Each link's sum comes to stand in its last place.
  for (std::size_t i = 1; i < sums_.size(); ++i) {
    if (sums_[i].first == sums_[i - 1].first) sums_[i].second += sums_[i - 1].second;
  }
  auto found = sets_.end();
  std::size_t most = 0;
  for (auto set = sets_.begin(); set != sets_.end(); ++set) {
    if (!may_go(*set)) continue;
    const auto behind =
        std::upper_bound(sums_.begin(), sums_.end(), set->from.link,
                         [](std::uint32_t link, const auto& sum) { return link < sum.first; });
    const std::size_t sum = std::prev(behind)->second;
    if (found != sets_.end() && sum <= most)
      continue;  // of one link the first, which is its oldest
    found = set;
    most = sum;
  }
  return found;
}

// The oldest of the link goes when it has its share, of the link with most when the table is full.
Reassembler::Sets::iterator Reassembler::open(const Source& from, const Segment& segment,
                                              Millis now) {
  const auto same_link = [&](const Set& set) { return set.from.link == from.link; };
  const auto held = static_cast<std::size_t>(std::count_if(sets_.begin(), sets_.end(), same_link));
  if (held >= kSetsPerLink) {
    ++counters_.evicted;
    drop(std::find_if(sets_.begin(), sets_.end(), same_link));
  }
  if (sets_.size() >= most_sets_) {
    ++counters_.evicted;
    drop(victim([](const Set&) { return std::size_t{1}; }, [](const Set&) { return true; }));
  }
  sets_.push_back({from, segment.message, segment.count, 0, 0, now + kSegmentMemory, {}});
  return std::prev(sets_.end());
}

Reassembler::Fit Reassembler::fits(const Set& set, const Segment& segment) {
  if (segment.count != set.count) return Fit::conflict;
  const std::size_t size = segment.bytes.bytes.size();
  const bool last = segment.index + 1 == segment.count;
  if (!last && set.piece_size != 0 && size != set.piece_size) return Fit::conflict;
  const auto there = place_of(set.pieces, segment.index);
  if (there != set.pieces.end() && there->index == segment.index) {
    return same_bytes(there->bytes, segment.bytes.bytes) ? Fit::repeat : Fit::conflict;
  }
  // What all but the last will come to is known from any one of them.
  const std::size_t piece = last ? set.piece_size : size;
  const std::size_t whole =
      std::max(set.bytes + size, piece * (set.count - 1U) + (last ? size : 1));
  return whole > kMostJoined ? Fit::too_big : Fit::good;
}

// Never from the set that the room is for.
bool Reassembler::make_room(std::size_t cost, const Source& from, std::uint32_t message) {
  while (cost_ + cost > most_bytes_) {
    const auto gone =
        victim([](const Set& set) { return set.cost(); },
               [&](const Set& set) {
                 return (set.message != message || set.from != from) && set.bytes != 0;
               });
    if (gone == sets_.end()) return false;
    ++counters_.evicted;
    drop(gone);
  }
  return true;
}

std::optional<MutableBytes> Reassembler::add(const Source& from, const Segment& segment,
                                             Millis now) {
  expire(now);
  if (most_sets_ == 0) return std::nullopt;
  auto set = find(from, segment);
  if (set == sets_.end()) set = open(from, segment, now);
  const Fit fit = fits(*set, segment);
  if (fit == Fit::repeat) {
    ++counters_.repeated;
    return std::nullopt;
  }
  const ByteView bytes = segment.bytes.bytes;
  const bool room = fit == Fit::good && make_room(bytes.size() + kPieceCost, from, segment.message);
  set = find(from, segment);  // others may have gone
  if (!room) {
    ++(fit == Fit::conflict ? counters_.conflicting : counters_.too_big);
    drop(set);
    return std::nullopt;
  }
  set->pieces.insert(place_of(set->pieces, segment.index),
                     Piece{segment.index, Bytes(bytes.begin(), bytes.end())});
  set->bytes += bytes.size();
  cost_ += bytes.size() + kPieceCost;
  if (segment.index + 1 != segment.count) set->piece_size = bytes.size();
  if (set->pieces.size() < set->count) return std::nullopt;
  return join(set);
}

MutableBytes Reassembler::join(Sets::iterator set) {
  joined_.resize(set->bytes);
  MutableBytes rest(joined_);
  for (const Piece& piece : set->pieces) rest = copy_bytes(piece.bytes, rest);
  Ensures(rest.empty());
  ++counters_.joined;
  drop(set);
  return joined_;
}

void Reassembler::expire(Millis now) {
  while (!sets_.empty() && sets_.front().until <= now) {
    ++counters_.expired;
    drop(sets_.begin());
  }
}

Millis Reassembler::next_deadline() const {
  return sets_.empty() ? Millis::never() : sets_.front().until;
}

}  // namespace mehr::l2

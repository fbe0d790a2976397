// Frames of the links' own machines that found their medium full. See core/medium.h, `send`.
//
// Place: L0, owned by Links. A link may wait with two frames, in order; few links wait at a time,
// so their frames share the places of the node. Machine: put keeps a frame and notes its place in
// the link's list; take gives it back out. Bounds: half as many places as links, at least 4, made
// at construction; a frame is some 170 bytes. Full, or two of one link already: the frame is
// refused, and the machine's own timers send it again. Failure: a place taken twice is a defect of
// the caller. Threads: the node's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <gsl/assert>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/l0/link.h"

namespace mehr::l0 {

class HeldFrames {
 public:
  using Place = std::uint16_t;
  /// What one link waits with, oldest first.
  using List = Bounded<Place, 2>;

  /// Places for a node of @p links links.
  explicit HeldFrames(std::size_t links) : frames_(std::max<std::size_t>(4, links / 2)) {
    free_.reserve(frames_.size());
    while (free_.size() < frames_.size()) free_.push_back(static_cast<Place>(free_.size()));
  }
  /// Keeps @p frame at the end of @p list; false when there is no room.
  [[nodiscard]] bool put(List& list, const Link::SendFrame& frame) {
    if (free_.empty() || !list.push(free_.back())) return false;
    frames_[free_.back()] = frame;
    free_.pop_back();
    return true;
  }
  /// The frame at @p place, which is free afterwards; whoever takes it takes it off its list.
  [[nodiscard]] Link::SendFrame take(Place place) {
    give_back(place);
    return frames_[place];
  }
  /// Frees @p place; its frame is not wanted any more.
  void give_back(Place place) {
    Expects(place < frames_.size() && free_.size() < frames_.size());
    free_.push_back(place);
  }
  /// Frames that wait.
  [[nodiscard]] std::size_t size() const { return frames_.size() - free_.size(); }

 private:
  std::vector<Link::SendFrame> frames_;
  std::vector<Place> free_;
};

}  // namespace mehr::l0

// What a port tells about its media besides their frames: the seam from ports/linux towards L0.
//
// Place: declared by the port, implemented by the composition root, which hands the calls on to
// l0::Links. A host is a MediumReceiver that also hears of new point-to-point media.
// Order per medium: `opened` first; then, if it answered success, frames and `on_writable` in any
// number; then `on_closed` exactly once, also after `Medium::close`. After `Medium::close` there
// are no more frames. A medium whose `opened` was refused is never mentioned again.
// Threads: the loop's. Never from within `Medium::send` or `Medium::close`; the host may call both
// from within any of these calls.
#pragma once

#include <optional>

#include "mehr/core/medium.h"

namespace mehr::linux_port {

class MediumHost : public MediumReceiver {
 public:
  /// A connection is up. @p source is the peer's host; @p dialled says that we connected, so that
  /// we speak first; @p expected is who a dialled target is configured to be. A failure closes it.
  virtual Status opened(Medium& medium, const SourceKey& source, bool dialled,
                        std::optional<NodeId> expected) = 0;
  /// Asked before a target is dialled: false when a link to @p peer (as configured, or as learned
  /// from the last connection to that target) exists already. Asked again after the first redial
  /// interval.
  virtual bool wants_dial(const std::optional<NodeId>& peer) {
    static_cast<void>(peer);
    return true;
  }
};

}  // namespace mehr::linux_port

// What the interfaces of this port have in common: how they show themselves, and how they end.
//
// Place: ports/linux, above the media. An interface brings media to its `MediumHost`; this is the
// composition root's view of it. Shapes: counters only rise, over the life of the interface, media
// that are gone included; times and rates are nominal unless they say otherwise.
// Failure: `state` is a sentence for people when the interface is down.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mehr/core/medium.h"

namespace mehr::linux_port {

struct InterfaceStatus {
  MediumInfo info;
  bool up = false;
  std::string state;      ///< empty while it is up and all is well, else a sentence
  std::size_t media = 0;  ///< connections, or one line or socket
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;  ///< as on the medium, framing included
  std::uint64_t bytes_out = 0;
  std::uint64_t full = 0;               ///< sends refused with Errc::full
  std::uint64_t bad_frames = 0;         ///< dropped for their framing
  std::uint64_t lost = 0;               ///< times that it went down
  std::optional<double> airtime_used;   ///< share of the last hour on the air
  std::optional<double> airtime_limit;  ///< the share that it keeps to
  std::optional<int> rssi_dbm;          ///< of the last frame
  std::optional<int> snr_db;
};

class Interface {
 public:
  virtual ~Interface() = default;
  /// Opens it. What is not there is no failure: it is down, and tried again.
  virtual void start() = 0;
  [[nodiscard]] virtual InterfaceStatus status() const = 0;
  /// Ends every medium after what is queued; the host hears of each one's end.
  virtual void shut_down() = 0;
  /// Nothing is left to do after `shut_down`.
  [[nodiscard]] virtual bool is_idle() const = 0;
};

}  // namespace mehr::linux_port

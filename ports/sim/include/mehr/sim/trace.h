// A run as JSON lines: the capture of a simulated network.
//
// Place: ports/sim; an Observer that turns happenings into text. One object per line: {"at_ns",
// "what", "node", "peer", "channel", "size", "bytes" (hex), "text"}; absent fields are left out,
// nodes and channels go by number. The first line is {"format":"mehr-trace", "version", "seed",
// "nodes":
// [{"name", "id"}], "channels": [{"media", "kind"}]}. `mehr inspect FILE` reads it and decodes the
// bytes. Equal runs have equal traces, byte for byte.
// Bounds: bytes over 4,096 are cut and say so ("cut": true). Ownership: must not outlive its Sim.
// Failure: none of its own; what @p write does about a full disk is its business. Threads: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mehr/sim/recorder.h"

namespace mehr::sim {

class Sim;

class Trace final : public Observer {
 public:
  /// @p write gets whole lines, each with its end.
  Trace(Sim& sim, std::function<void(std::string_view)> write);
  ~Trace() override;
  void on_happening(const Happening& happening) override;

 private:
  Sim& sim_;
  std::function<void(std::string_view)> write_;
  std::string line_;
};

}  // namespace mehr::sim

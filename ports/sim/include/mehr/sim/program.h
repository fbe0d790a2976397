// A program on a simulated node: what an application developer brings along.
//
// Place: ports/sim seam. It is installed once and outlives crashes; what it builds in `start` over
// the node's doors dies in `stop`. What should survive it puts on the node's disk.
// Threads: one. All calls come from the event queue; a program asks for time through the node's
// Timers like everything else. It reports what it sends and gets with Node::sent / Node::delivered,
// which invariants and reports are made of.
#pragma once

#include <memory>
#include <string>

namespace mehr::sim {

class Node;

class Program {
 public:
  virtual ~Program() = default;
  /// The node booted; `node.stack()` is there.
  virtual void start(Node& node) = 0;
  /// The node is about to die; let go of everything that `start` built.
  virtual void stop(Node& node) = 0;
  /// Whether what this program set out to do is done: the liveness phase waits for it.
  [[nodiscard]] virtual bool is_done() const { return true; }
  /// One line for people, while it is not done.
  [[nodiscard]] virtual std::string state() const { return {}; }
};

}  // namespace mehr::sim

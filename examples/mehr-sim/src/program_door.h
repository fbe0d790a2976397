// The doors of a node for a program whose memory is not the stack's.
//
// Place: examples/mehr-sim, between an application and the node it runs on. What the application
// allocates in its handlers and wakes is charged to the node's programs, what the stack allocates
// in calls downwards to the stack: so a node's memory is what its Limits promise, whatever runs on
// it. Seams: Messenger, StreamMessenger and Timers upwards, one Wakeable client; the node's below.
// Threads: the node's. It must not outlive the node's stack.
#pragma once

#include "mehr/core/messenger.h"
#include "mehr/core/timers.h"
#include "mehr/sim/node.h"

namespace mehr::sim_programs {

class ProgramDoor final : public Messenger,
                          public StreamMessenger,
                          public Timers,
                          private Wakeable {
 public:
  explicit ProgramDoor(sim::Node& node) : node_(node), below_(node.stack().messages()) {}
  ~ProgramDoor() override;
  ProgramDoor(const ProgramDoor&) = delete;
  ProgramDoor& operator=(const ProgramDoor&) = delete;

  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override;
  void on(Protocol protocol, MessageHandler handler) override;
  [[nodiscard]] std::size_t max_body(const NodeId& to) const override;
  void on_writable(std::function<void()> handler) override;

  Status accept_stream(const StreamId& id, MessageHandler handler) override;
  void drop_stream(const StreamId& id) override;
  Status send_stream(const NodeId& to, std::uint8_t context, const StreamId& id,
                     ByteView sealed) override;
  [[nodiscard]] std::size_t max_sealed(const NodeId& to) const override;

  /// One client: another one is a defect of the caller.
  void wake_at(Wakeable& who, Millis at) override;

 private:
  void on_wake(Millis now) override;
  [[nodiscard]] MessageHandler charged(MessageHandler handler);

  sim::Node& node_;
  l2::SealedMessenger& below_;
  Wakeable* client_ = nullptr;
};

}  // namespace mehr::sim_programs

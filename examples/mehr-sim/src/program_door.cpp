#include "program_door.h"

#include <gsl/assert>
#include <utility>

namespace mehr::sim_programs {

using sim::AccountScope;

ProgramDoor::~ProgramDoor() { node_.wake_at(*this, Millis::never()); }

Status ProgramDoor::send(const NodeId& to, Protocol protocol, ByteView body,
                         const SendOptions& options) {
  const AccountScope stack(node_.memory());
  return below_.send(to, protocol, body, options);
}

void ProgramDoor::on(Protocol protocol, MessageHandler handler) {
  MessageHandler mine = charged(std::move(handler));
  const AccountScope stack(node_.memory());
  below_.on(protocol, std::move(mine));
}

std::size_t ProgramDoor::max_body(const NodeId& to) const { return below_.max_body(to); }

void ProgramDoor::on_writable(std::function<void()> handler) {
  if (!handler) return below_.on_writable({});
  below_.on_writable([this, handler = std::move(handler)] {
    const AccountScope program(node_.program_memory());
    handler();
  });
}

Status ProgramDoor::accept_stream(const StreamId& id, MessageHandler handler) {
  MessageHandler mine = charged(std::move(handler));
  const AccountScope stack(node_.memory());
  return below_.accept_stream(id, std::move(mine));
}

void ProgramDoor::drop_stream(const StreamId& id) { below_.drop_stream(id); }

Status ProgramDoor::send_stream(const NodeId& to, std::uint8_t context, const StreamId& id,
                                ByteView sealed) {
  const AccountScope stack(node_.memory());
  return below_.send_stream(to, context, id, sealed);
}

std::size_t ProgramDoor::max_sealed(const NodeId& to) const { return below_.max_sealed(to); }

void ProgramDoor::wake_at(Wakeable& who, Millis at) {
  Expects(client_ == nullptr || client_ == &who);
  client_ = &who;
  const AccountScope stack(node_.memory());
  node_.wake_at(*this, at);
}

void ProgramDoor::on_wake(Millis now) {
  const AccountScope program(node_.program_memory());
  client_->on_wake(now);
}

MessageHandler ProgramDoor::charged(MessageHandler handler) {
  if (!handler) return handler;
  return [this, handler = std::move(handler)](const Message& message) {
    const AccountScope program(node_.program_memory());
    handler(message);
  };
}

}  // namespace mehr::sim_programs

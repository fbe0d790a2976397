// Carries files between nodes over a mesh that loses, doubles and reorders datagrams.
//
// Place: examples/transfer, an application over the door of L2: `Messenger` for control messages
// with a proven sender, `StreamMessenger` for chunks sealed here (spec: L6/2 S8). Nothing of the
// world but its seams: a daemon and the simulator run the same code.
// Seams: Messenger, StreamMessenger, Clock, Timers, Random, FileStore; TransferEvents upwards.
// Machines: SendWindow (chunks in flight, loss, rate) and ReceiveWindow (what came, what to
// acknowledge) decide and call nothing; Outgoing and Incoming are one transfer each and spend their
// decisions; this facade owns them, asks the clock and arms the one timer.
//   out: hashing -> offering -> sending <-> waiting_for_route -> verifying -> done | failed
//   in:  receiving -> verifying -> done | failed
// Deadlines: offer repetition, retransmission, acknowledgement, give up. All in TransferLimits.
// Bounds: TransferLimits; no allocation per chunk. A stranger can hold `incoming_per_peer` slots
// for `give_up_after` at most per chunk it cares to send.
// Failure: what does not decode, open or fit is dropped and counted. A lost route is waited for. A
// disk that fails ends one transfer. A file is under its final name whole and verified, or not at
// all, and once: offers of finished transfers are answered from memory.
// Threads: the node's. The service must live no longer than its seams; it takes the messenger's
// writable handler and the protocol `kControl`. TransferEvents are called from `on_wake` only, so a
// handler may call anything here.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/messenger.h"
#include "mehr/core/random.h"
#include "mehr/core/timers.h"
#include "mehr/transfer/file_store.h"
#include "mehr/transfer/limits.h"
#include "mehr/transfer/status.h"

namespace mehr::transfer {

/// What the owner of a service decides and is told. Every function may be empty.
struct TransferEvents {
  /// May @p sender give us this file? Empty: everybody may. Asked from the message handler: it must
  /// not call the service.
  std::function<bool(const NodeId& sender, std::string_view name, std::uint64_t size)> accept;
  /// A transfer came to another state; `done` and `failed` are the last and come exactly once.
  std::function<void(const TransferStatus&)> changed;
};

class TransferService final : public Wakeable {
 public:
  /// Errc never: a limit outside its range is a broken contract.
  TransferService(Messenger& messenger, StreamMessenger& streams, Clock& clock, Timers& timers,
                  Random& random, FileStore& files, const TransferLimits& limits);
  ~TransferService() override;
  TransferService(const TransferService&) = delete;
  TransferService& operator=(const TransferService&) = delete;

  /// Replaces the handlers.
  void on_events(TransferEvents events);

  /// Begins to send the file that the store knows as @p token, to appear as @p name.
  /// Errors: those of `check_file_name` and `FileStore::open`; too_big over `file_size`; full.
  Result<TransferId> send(const NodeId& to, std::string_view token, std::string_view name);
  /// Ends a transfer of either direction. Errc::not_found when none of that id is under way.
  Status cancel(TransferId id);
  /// Transfers under way, then the last finished ones, each in the order they began or ended.
  [[nodiscard]] std::vector<TransferStatus> list() const;
  [[nodiscard]] const TransferCounters& counters() const;

  void on_wake(Millis now) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace mehr::transfer

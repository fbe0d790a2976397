// The file service of a node: mehr-transfer as mehrd runs it, over the simulated disk.
//
// Place: examples/mehr-sim; a sim::Program, one per node, installed on both ends of a transfer when
// the first "file" program needs it. It accepts every offer, keeps what was received whole, and
// tells senders what becomes of theirs. Machine: start builds DiskFileStore and TransferService
// over the node's doors, stop lets go of both: transfers under way die with the process, files that
// were committed stay on the disk. Bounds: those of TransferLimits. Failure: as TransferService; a
// received file that reads back differently is noted and not counted as received.
#pragma once

#include <memory>
#include <vector>

#include "disk_file_store.h"
#include "mehr/sim/node.h"
#include "mehr/sim/program.h"
#include "mehr/transfer/transfer_service.h"
#include "program_door.h"

namespace mehr::sim_programs {

/// Who hears of the transfers it began.
class TransferSink {
 public:
  virtual ~TransferSink() = default;
  virtual void changed(const transfer::TransferStatus& status) = 0;
};

class FilePost final : public sim::Program {
 public:
  /// The node's post, installed when there is none; @p slow: patient enough for LoRa. It becomes
  /// slow when any of its users is, and must be so before the node boots.
  static FilePost& of(sim::Node& node, bool slow);

  void start(sim::Node& node) override;
  void stop(sim::Node& node) override;

  /// As TransferService::send; @p sink hears of it until the node stops.
  Result<transfer::TransferId> send(const NodeId& to, std::string_view token, std::string_view name,
                                    TransferSink& sink);
  /// Whether a whole file of that content has come from @p sender.
  [[nodiscard]] bool has(const NodeId& sender, const ContentHash& content) const;

 private:
  struct Received {
    NodeId sender;
    ContentHash content;
    bool operator==(const Received&) const = default;
  };
  struct Sending {
    transfer::TransferId id;
    TransferSink* sink = nullptr;
  };
  void changed(sim::Node& node, const transfer::TransferStatus& status);
  void keep(sim::Node& node, const transfer::TransferStatus& status);

  bool slow_ = false;
  std::vector<Received> received_;
  std::unique_ptr<DiskFileStore> store_;
  std::unique_ptr<ProgramDoor> door_;
  std::unique_ptr<transfer::TransferService> service_;
  std::vector<Sending> sending_;
};

}  // namespace mehr::sim_programs

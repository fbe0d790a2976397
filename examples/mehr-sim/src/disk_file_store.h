// Files to send and files received, on a simulated disk.
//
// Place: examples/mehr-sim; implements the seam transfer::FileStore as mehrd does over directories.
// Shapes: a token is the name of a file on the disk. An incoming file grows as "incoming/N" and is
// given its name in "inbox/" when it is whole and synced; an existing file is never replaced:
// "a.txt" becomes "a (2).txt". Machine: none. What a crash left in "incoming/" is removed at
// construction. Bounds: a file is begun only when the disk has room for it beside what the others
// under way lack. Failure: what the disk answers; a writer that goes without commit removes its
// file, and one that a failing disk does not remove goes at the next start. Threads: one. Readers
// and writers do not outlive the store.
#pragma once

#include "mehr/sim/disk.h"
#include "mehr/transfer/file_store.h"

namespace mehr::sim_programs {

class DiskFileStore final : public transfer::FileStore {
 public:
  explicit DiskFileStore(sim::Disk& disk);

  Result<std::unique_ptr<transfer::FileReader>> open(std::string_view token) override;
  /// Errc::full when the disk has no room for it.
  Result<std::unique_ptr<transfer::FileWriter>> create(const NodeId& sender, std::string_view name,
                                                       std::uint64_t size) override;

 private:
  class Reader;
  class Writer;

  sim::Disk& disk_;
  std::uint64_t begun_ = 0;     // files, ever
  std::uint64_t promised_ = 0;  // bytes that files under way still lack
};

}  // namespace mehr::sim_programs

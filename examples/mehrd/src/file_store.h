// Files to send and files received, on the disk.
//
// Place: examples/mehrd; implements the seam transfer::FileStore.
// Shapes: an outgoing token is an absolute path. An incoming file grows as
// `<staging>/<random>.part` (mode 0600) and is given its name in the inbox when it is whole and on
// the disk; an existing file is never replaced: "a.txt" becomes "a (2).txt".
// Bounds: staging files are those of transfers under way; what a crash left is removed at the next
// start. A file is begun only when the disk has room for it and a reserve.
// Failure: Errc::io / not_found / denied with static text, a writer that
// goes without commit removes its file.
// Threads: the loop's. Disk time is spent there: written data is handed to the disk early, so that
// the last sync is short.
#pragma once

#include <functional>
#include <string>

#include "mehr/core/random.h"
#include "mehr/linux/log.h"
#include "mehr/transfer/file_store.h"

namespace mehr::daemon {

/// A file that has come in whole.
struct ReceivedFile {
  NodeId from;
  std::string name;  ///< as the sender called it
  std::string path;  ///< where it is
  std::uint64_t size = 0;
  ContentHash hash;               ///< BLAKE3
  std::uint64_t received_ms = 0;  ///< Unix time
};

class DiskFileStore final : public transfer::FileStore {
 public:
  using Received = std::function<void(const ReceivedFile&)>;

  /// Makes @p inbox and a staging directory beside it when missing, on the file system of the
  /// inbox: in @p data_dir if that is there too. @p tag tells nodes apart that share an inbox.
  static linux_port::OrMessage<std::unique_ptr<DiskFileStore>> open(const std::string& data_dir,
                                                                    const std::string& inbox,
                                                                    const std::string& tag,
                                                                    Random& random);
  /// Called right after a file got its name.
  void on_received(Received handler) { received_ = std::move(handler); }

  Result<std::unique_ptr<transfer::FileReader>> open(std::string_view token) override;
  Result<std::unique_ptr<transfer::FileWriter>> create(const NodeId& sender, std::string_view name,
                                                       std::uint64_t size) override;

 private:
  class Writer;
  DiskFileStore(std::string inbox, std::string staging, Random& random)
      : inbox_(std::move(inbox)), staging_(std::move(staging)), random_(random) {}

  std::string inbox_;
  std::string staging_;
  std::uint64_t promised_ = 0;  ///< bytes that accepted files still lack
  Random& random_;
  Received received_;
};

}  // namespace mehr::daemon

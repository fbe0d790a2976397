// Where files come from and go to: the seam between the protocol and a disk.
//
// Place: examples/transfer. A daemon implements it over directories, the simulator in memory.
// Ownership: readers and writers belong to the transfer that opened them; destroying a writer that
// was not committed is an abort. Threads: the node's. Calls may take disk time: the protocol asks
// for large blocks and never for one chunk on the steady path.
// Failure: Errc::io for a disk that failed or is full; the transfer fails, the service goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"

namespace mehr::transfer {

/// A file to send, open for reading.
class FileReader {
 public:
  virtual ~FileReader() = default;
  /// Bytes of the file when it was opened.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills all of @p out from @p offset, or fails: a file that became shorter is a failure.
  virtual Status read_at(std::uint64_t offset, MutableBytes out) = 0;
};

/// A file being received, invisible under its final name until `commit`.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  /// Writes all of @p bytes at @p offset. Runs come in any order and never overlap.
  virtual Status write_at(std::uint64_t offset, ByteView bytes) = 0;
  /// Reads back what was written.
  virtual Status read_at(std::uint64_t offset, MutableBytes out) = 0;
  /// Makes the file durable and visible in one step, never over an existing one: the store picks a
  /// free name. @p hash is the verified content. The answer says where it is.
  virtual Result<std::string> commit(const ContentHash& hash) = 0;
  /// Forgets everything written. Nothing else is called afterwards.
  virtual void abort() = 0;
};

class FileStore {
 public:
  virtual ~FileStore() = default;
  /// Opens the file that the caller of `TransferService::send` named by @p token.
  virtual Result<std::unique_ptr<FileReader>> open(std::string_view token) = 0;
  /// Begins a file of @p size bytes from @p sender. @p name is a checked file name (file_name.h),
  /// still a stranger's choice.
  virtual Result<std::unique_ptr<FileWriter>> create(const NodeId& sender, std::string_view name,
                                                     std::uint64_t size) = 0;
};

}  // namespace mehr::transfer

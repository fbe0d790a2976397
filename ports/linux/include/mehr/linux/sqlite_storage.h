// Node state in one SQLite file.
//
// Place: ports/linux; implements the core seam `Storage`.
// Shapes: `<directory>/state.sqlite`, mode 0600, one table of key and value, WAL journal with
// synchronous=FULL: a `put` that answers success has reached the disk, wholly.
// Bounds: none of its own; callers keep few and small keys. One process at a time per file: the
// lock is held while it is open.
// Failure: `open` answers a sentence; `get` and `put` answer Errc::io and leave the old state
// readable, `last_error` then says more.
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "mehr/core/storage.h"
#include "mehr/linux/log.h"

namespace mehr::linux_port {

class SqliteStorage final : public Storage {
 public:
  /// Opens or makes the state file in @p directory, which must exist.
  static OrMessage<std::unique_ptr<SqliteStorage>> open(const std::string& directory);
  ~SqliteStorage() override;
  SqliteStorage(const SqliteStorage&) = delete;
  SqliteStorage& operator=(const SqliteStorage&) = delete;

  Result<Bytes> get(std::string_view key) override;
  Status put(std::span<const Put> batch) override;
  /// SQLite's words for the last failure; empty when there was none.
  [[nodiscard]] const std::string& last_error() const;

 private:
  struct Impl;
  explicit SqliteStorage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mehr::linux_port

// Which files came in, from whom and when; kept across restarts.
//
// Place: examples/mehrd. Shapes: `<data directory>/received.jsonl`, one JSON object per line: from,
// name, path, size, blake3, received_ms (Unix). Bounds: the newest 10,000; the file is written anew
// when it holds many more. Failure: lines that cannot be read are passed over; a record that
// cannot be written stays in memory and is told. Threads: the loop's.
#pragma once

#include <deque>
#include <string>

#include "file_store.h"

namespace mehr::daemon {

class ReceivedLog {
 public:
  static constexpr std::size_t kMost = 10'000;

  /// Reads what is there.
  explicit ReceivedLog(std::string path);
  /// Keeps @p file; false when it could not be written to the disk.
  bool add(const ReceivedFile& file);
  /// Oldest first.
  [[nodiscard]] const std::deque<ReceivedFile>& files() const { return files_; }

 private:
  void rewrite();

  std::string path_;
  std::deque<ReceivedFile> files_;
  std::size_t lines_ = 0;  ///< in the file
};

}  // namespace mehr::daemon

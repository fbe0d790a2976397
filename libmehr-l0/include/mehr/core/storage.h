// What survives a restart.
//
// Place: core seam; the simulator implements it in memory with torn writes, a port on disk.
// Shapes: keys are short texts ("l1/emitted"), values byte strings. A batch is all or nothing.
// Failure: Errc::io leaves the old state readable. Threads: the node's; calls may take disk time,
// so nothing on the packet path uses it.
#pragma once

#include <span>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/result.h"

namespace mehr {

class Storage {
 public:
  struct Put {
    std::string_view key;
    ByteView value;
  };
  virtual ~Storage() = default;
  /// The value under @p key, or Errc::not_found.
  virtual Result<Bytes> get(std::string_view key) = 0;
  /// Replaces all keys of the batch or none; durable when it returns success.
  virtual Status put(std::span<const Put> batch) = 0;
};

}  // namespace mehr

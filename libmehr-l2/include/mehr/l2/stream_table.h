// Registered caller-sealed streams: which handler takes datagrams that start with an id.
// spec: L6/2 S8
//
// Place: L2, asked once per datagram of contexts 0xE0-0xE3.
// Shapes: an array sorted by id, searched by halves: ten comparisons at 1,024 streams, whatever ids
// were chosen, and no allocation.
// Machine: none. Bounds: `Limits::streams`; full: the newcomer is refused.
// A handler may accept and drop streams, its own too: the one that runs lives until it returns.
// Threads: one at a time.
#pragma once

#include <memory>
#include <vector>

#include "mehr/core/messenger.h"

namespace mehr::l2 {

class StreamTable {
 public:
  using Handler = std::shared_ptr<const MessageHandler>;

  explicit StreamTable(std::size_t capacity) : capacity_(capacity) { streams_.reserve(capacity); }

  /// Sets the handler of @p id, replacing an earlier one. Errc::full at the capacity.
  [[nodiscard]] Status accept(const StreamId& id, MessageHandler handler);
  void drop(const StreamId& id);
  /// The handler of the stream whose id @p data starts with, or null.
  [[nodiscard]] Handler find(ByteView data) const;
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  struct Stream {
    std::uint64_t id = 0;
    Handler handler;
  };
  std::vector<Stream> streams_;
  std::size_t capacity_;
};

}  // namespace mehr::l2

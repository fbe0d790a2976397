// Bytes on their way into a socket, in blocks that are used again and again.
//
// Place: private to the TCP medium. A frame is escaped straight into the last block; what the
// socket has taken is freed block by block.
// Bounds: the owner's high water; the pool keeps at most `keep` idle blocks.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "mehr/core/bytes.h"

namespace mehr::linux_port {

struct Block {
  static constexpr std::size_t kSize = 64 * 1024;
  std::unique_ptr<Block> next;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::array<std::uint8_t, kSize> data;
};

class BlockPool {
 public:
  explicit BlockPool(std::size_t keep) : keep_(keep) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  std::unique_ptr<Block> take();
  void give(std::unique_ptr<Block> block);

 private:
  std::size_t keep_;
  std::size_t idle_count_ = 0;
  std::unique_ptr<Block> idle_;
};

class SendQueue {
 public:
  explicit SendQueue(BlockPool& pool) : pool_(&pool) {}
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// At least @p need (at most Block::kSize) writable bytes behind what is queued.
  MutableBytes room(std::size_t need);
  /// Queues the first @p n bytes of the last `room`.
  void commit(std::size_t n);
  /// Views of the queued bytes from the front, at most out.size() of them; how many.
  std::size_t gather(std::span<ByteView> out) const;
  /// Frees @p n bytes from the front. Bytes behind them stay where they are.
  void consume(std::size_t n);
  void clear();

 private:
  BlockPool* pool_;
  std::unique_ptr<Block> head_;
  Block* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mehr::linux_port

#include "send_queue.h"

#include <algorithm>
#include <gsl/gsl>
#include <utility>

namespace mehr::linux_port {
namespace {

// One by one: a chain of blocks must not be freed recursively.
void free_chain(std::unique_ptr<Block> head) {
  while (head) head = std::move(head->next);
}

}  // namespace

BlockPool::~BlockPool() { free_chain(std::move(idle_)); }

std::unique_ptr<Block> BlockPool::take() {
  if (!idle_) return std::make_unique_for_overwrite<Block>();
  std::unique_ptr<Block> block = std::move(idle_);
  idle_ = std::move(block->next);
  --idle_count_;
  block->begin = block->end = 0;
  return block;
}

void BlockPool::give(std::unique_ptr<Block> block) {
  if (idle_count_ >= keep_) return;
  block->next = std::move(idle_);
  idle_ = std::move(block);
  ++idle_count_;
}

SendQueue::~SendQueue() { clear(); }

MutableBytes SendQueue::room(std::size_t need) {
  Expects(need <= Block::kSize);
  if (tail_ == nullptr || Block::kSize - tail_->end < need) {
    std::unique_ptr<Block>& place = tail_ == nullptr ? head_ : tail_->next;
    place = pool_->take();
    tail_ = place.get();
  }
  return MutableBytes(tail_->data).subspan(tail_->end);
}

void SendQueue::commit(std::size_t n) {
  Expects(tail_ != nullptr && n <= Block::kSize - tail_->end);
  tail_->end += n;
  size_ += n;
}

std::size_t SendQueue::gather(std::span<ByteView> out) const {
  std::size_t n = 0;
  for (const Block* b = head_.get(); b != nullptr && n < out.size(); b = b->next.get()) {
    if (b->end > b->begin) out[n++] = ByteView(b->data).subspan(b->begin, b->end - b->begin);
  }
  return n;
}

void SendQueue::consume(std::size_t n) {
  Expects(n <= size_);
  size_ -= n;
  while (head_) {
    const std::size_t here = std::min(n, head_->end - head_->begin);
    head_->begin += here;
    n -= here;
    if (head_->begin < head_->end) return;
    std::unique_ptr<Block> done = std::move(head_);
    head_ = std::move(done->next);
    if (!head_) tail_ = nullptr;
    pool_->give(std::move(done));
  }
}

void SendQueue::clear() { consume(size_); }

}  // namespace mehr::linux_port

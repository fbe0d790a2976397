#include "mehr/l1/message_pool.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l1 {

MessagePool::MessagePool(std::size_t bytes, std::size_t block_bytes) : block_bytes_(block_bytes) {
  Expects(block_bytes >= 64);
  const std::size_t blocks = std::max<std::size_t>(16, bytes / block_bytes);
  Expects(blocks < kNoTicket);
  bytes_.resize(blocks * block_bytes);
  records_.resize(blocks);
  for (std::size_t b = blocks; b-- > 0;) {
    records_[b].next_block = free_;
    free_ = static_cast<Ticket>(b);
  }
  free_count_ = static_cast<std::uint32_t>(blocks);
  kept_ = free_count_ / 8;
}

Ticket MessagePool::put(ByteView head, ByteView body, bool is_packet) {
  const std::size_t size = head.size() + body.size();
  Expects(size <= 0xFFFF);
  const std::uint32_t wanted = blocks_for(size);
  if (wanted > (is_packet ? free_for_packets() : free_count_)) return kNoTicket;
  const Ticket first = free_;
  Ticket last = first;
  for (std::uint32_t n = 0; n < wanted; ++n) {
    last = free_;
    free_ = records_[last].next_block;
    MutableBytes room = block(last);
    for (ByteView* part : {&head, &body}) {
      const std::size_t fits = std::min(part->size(), room.size());
      room = copy_bytes(part->first(fits), room);
      *part = part->subspan(fits);
    }
  }
  free_count_ -= wanted;
  const Ticket chain = records_[first].next_block;
  records_[first] = MessageRecord{};
  records_[first].size = static_cast<std::uint16_t>(size);
  records_[first].next_block = chain;
  records_[last].next_block = kNoTicket;
  return first;
}

void MessagePool::drop(Ticket ticket) {
  for (Ticket b = ticket; b != kNoTicket;) {
    const Ticket next = records_[b].next_block;
    records_[b].next_block = free_;
    free_ = b;
    ++free_count_;
    b = next;
  }
}

MutableBytes MessagePool::copy(Ticket ticket, std::size_t skip, MutableBytes out) const {
  const std::size_t size = records_[ticket].size;
  Expects(skip <= size && size - skip <= out.size());
  std::size_t left = size;
  MutableBytes room = out;
  for (Ticket b = ticket; left > 0; b = records_[b].next_block) {
    const ByteView held = block(b).first(std::min(left, block_bytes_));
    left -= held.size();
    const std::size_t skipped = std::min(skip, held.size());
    skip -= skipped;
    room = copy_bytes(held.subspan(skipped), room);
  }
  return out.first(out.size() - room.size());
}

bool MessagePool::starts_with(Ticket ticket, ByteView head) const {
  Expects(head.size() <= block_bytes_);
  return records_[ticket].size >= head.size() && same_bytes(block(ticket).first(head.size()), head);
}

}  // namespace mehr::l1

#include "mehr/l1/item_source.h"

namespace mehr::l1 {

std::size_t ReplicatedSource::write(std::size_t place, LinkSlot, MutableBytes out) const {
  const ByteView body = owner_.body(place);
  if (body.size() > out.size()) return 0;
  copy_bytes(body, out);
  return body.size();
}

}  // namespace mehr::l1

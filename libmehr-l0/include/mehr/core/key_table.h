// Public keys of other nodes. spec: README/2.2 rule 3, L2/4.1
//
// Place: core seam. A key belongs to a NodeId only when `node_id_of(key)` equals it, so any source
// will do: handshake, announce, signed body.
#pragma once

#include <optional>

#include "mehr/core/ids.h"

namespace mehr {

class KeyTable {
 public:
  virtual ~KeyTable() = default;
  /// The key of @p node, when known.
  [[nodiscard]] virtual std::optional<PublicKey> key_of(const NodeId& node) const = 0;
};

}  // namespace mehr

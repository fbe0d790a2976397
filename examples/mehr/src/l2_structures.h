// Structures of L2 that have no plain list of fields, or hold secrets under a seal, for people.
//
// Place: examples/mehr, beside kinds.cpp. Failure: as decoding.
#pragma once

#include "client.h"
#include "mehr/core/bytes.h"
#include "mehr/core/result.h"

namespace mehr::cli {

[[nodiscard]] Result<Json> show_key_advisory(ByteView bytes);
[[nodiscard]] Result<Json> show_commitment(ByteView bytes);
/// What the file says of itself; the seed stays sealed.
[[nodiscard]] Result<Json> show_key_file(ByteView bytes);
/// KEY_GET or KEY.
[[nodiscard]] Result<Json> show_key_message(ByteView bytes);

}  // namespace mehr::cli

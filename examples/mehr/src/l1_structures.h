// Structures of L1 without a field list of their own: lengths inside, padding, lists.
//
// Place: examples/mehr, beside kinds.cpp. Each answers "fields" and "meaning", or why the bytes
// cannot be that.
#pragma once

#include "kinds.h"

namespace mehr::cli {

Result<Json> show_peer_exchange(ByteView bytes);
Result<Json> show_probe_request(ByteView bytes);
Result<Json> show_mep(ByteView bytes);
/// A run of extension fields, each with what it means.
Result<Json> show_tlvs(ByteView bytes);
/// Data of the extension field of @p type.
Result<Json> show_tlv_data(std::uint8_t type, ByteView bytes);
template <std::uint8_t kType>
Result<Json> show_tlv(ByteView bytes) {
  return show_tlv_data(kType, bytes);
}

/// What stands in the extension field of @p type; null for types that nobody knows.
[[nodiscard]] Result<Json> meaning_of_tlv(std::uint8_t type, ByteView data);
[[nodiscard]] const char* name_of_tlv(std::uint8_t type);
/// The fields of a run of TLVs that is known to be sound.
[[nodiscard]] Json tlv_list(ByteView tlvs);
/// One item of a gossip Delta.
[[nodiscard]] Json gossip_item(std::uint8_t kind, ByteView body);

}  // namespace mehr::cli

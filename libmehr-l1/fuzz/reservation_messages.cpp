// The four reservation messages: what decodes encodes to the same bytes. spec: L1/8
#include "mehr/l1/reservation_messages.h"

#include <cstddef>
#include <cstdint>

namespace {

template <class T>
void try_one(mehr::ByteView in) {
  const auto value = mehr::decode<T>(in);
  if (!value) return;
  if (!mehr::same_bytes(mehr::encode_fixed(*value), in)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr::l1;
  const mehr::ByteView in(data, size);
  try_one<ReservationRequest>(in);
  try_one<ReservationCommitment>(in);
  try_one<ReservationRelease>(in);
  try_one<DeliveryReceipt>(in);
  return 0;
}

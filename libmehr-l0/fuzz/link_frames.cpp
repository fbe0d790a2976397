// Every frame and control message of the link layer: what decodes encodes to the same bytes.
// spec: L0/5.2 to 5.6, L0/6
#include "mehr/l0/link_frames.h"

#include <cstdlib>

namespace {

template <class T>
void try_one(mehr::ByteView in) {
  const auto value = mehr::decode<T>(in);
  if (!value) return;
  const auto out = mehr::encode_fixed(*value);
  if (!mehr::same_bytes(out, in)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr::l0;
  const mehr::ByteView in(data, size);
  try_one<Init>(in);
  try_one<RespHead>(in);
  try_one<Resp>(in);
  try_one<Auth>(in);
  try_one<AuthBody>(in);
  try_one<AuthTail>(in);
  try_one<DataHead>(in);
  try_one<RekeyRequest>(in);
  try_one<RekeyAck>(in);
  try_one<Close>(in);
  try_one<Ping>(in);
  try_one<Pong>(in);
  try_one<PacketTooBig>(in);
  return 0;
}

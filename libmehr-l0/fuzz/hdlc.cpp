// HDLC: the chunking never matters, and what is encoded is decoded. spec: L0/4
// Input: limit byte, chunk byte, then the stream, which is also used as a body.
#include "mehr/l0/hdlc.h"

#include "stuffing_chunks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  using fuzzing::bodies_of;
  using fuzzing::require;
  if (size < 2) return 0;
  const std::size_t limit = 1 + std::size_t{data[0]};
  const std::size_t chunk = 1 + std::size_t{data[1]};
  const ByteView stream(data + 2, size - 2);

  HdlcDecoder whole(limit);
  HdlcDecoder parts(limit);
  const auto bodies = bodies_of(whole, stream, stream.size() + 1);
  require(bodies == bodies_of(parts, stream, chunk));
  require(whole.counters() == parts.counters());
  for (const Bytes& body : bodies) require(!body.empty() && body.size() <= limit);

  Bytes frame(hdlc_max_encoded(stream.size()));
  frame.resize(hdlc_encode(stream, frame));
  HdlcDecoder fresh(stream.size() + 1);
  const auto back = bodies_of(fresh, frame, chunk);
  require(stream.empty() ? back.empty() : back.size() == 1 && same_bytes(back[0], stream));
  return 0;
}

// The decoders of control messages and acknowledgements: whatever decodes, encodes to the same.
#include <cstdint>
#include <cstdlib>

#include "mehr/transfer/file_name.h"
#include "mehr/transfer/messages.h"

namespace {

using namespace mehr;
using namespace mehr::transfer;

void demand(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void round(ByteView in) {
  const auto v = decode<T>(in);
  if (!v) return;
  Bytes out(in.size());
  const auto again = encode(*v, out);
  demand(again.has_value() && same_bytes(*again, in));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  round<Offer>(in);
  round<Answer>(in);
  round<Done>(in);
  round<Cancel>(in);
  round<Ack>(in);
  if (const auto offer = decode<Offer>(in)) {
    demand(text_of(offer->name).find('/') == std::string_view::npos);
    demand(chunk_count(offer->size, offer->chunk) < 0xFFFFFFFFu);
  }
  return 0;
}

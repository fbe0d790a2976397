// What the fuzz targets of the stuffed framings share.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "mehr/core/bytes.h"

namespace mehr::l0::fuzzing {

inline void require(bool held) {
  if (!held) std::abort();
}

/// All bodies of @p stream in chunks of @p chunk bytes, each a heap block of its own.
template <class Decoder>
std::vector<Bytes> bodies_of(Decoder& decoder, ByteView stream, std::size_t chunk) {
  std::vector<Bytes> bodies;
  while (!stream.empty()) {
    const ByteView part = stream.first(std::min(chunk, stream.size()));
    stream = stream.subspan(part.size());
    Bytes received(part.begin(), part.end());
    MutableBytes in = received;
    while (!in.empty()) {
      const MutableBytes body = decoder.next(in);
      if (!body.empty()) bodies.emplace_back(body.begin(), body.end());
    }
  }
  return bodies;
}

}  // namespace mehr::l0::fuzzing

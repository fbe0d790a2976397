#include "mehr/l0/kiss.h"

#include <gsl/assert>

namespace mehr::l0 {

std::size_t kiss_encode(ByteView body, MutableBytes out) {
  Expects(out.size() >= kiss_max_encoded(body.size()));
  out[0] = kKissAlphabet.flag;
  out[1] = kKissData;
  const std::size_t size = stuff(kKissAlphabet, body, out.subspan(2));
  out[size + 2] = kKissAlphabet.flag;
  return size + 3;
}

MutableBytes KissDecoder::next(MutableBytes& in) {
  while (!in.empty()) {
    const MutableBytes frame = unstuffer_.next(in);
    if (frame.empty()) continue;
    if (frame.front() != kKissData) {
      ++other_command_;
    } else if (frame.size() > 1) {
      ++frames_;
      return frame.subspan(1);
    }
  }
  return {};
}

KissDecoder::Counters KissDecoder::counters() const {
  const StuffingCounters& below = unstuffer_.counters();
  return {.frames = frames_,
          .other_command = other_command_,
          .bad_escape = below.bad_escape,
          .oversize = below.oversize,
          .cleared = below.cleared};
}

}  // namespace mehr::l0

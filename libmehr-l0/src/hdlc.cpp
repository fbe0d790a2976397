#include "mehr/l0/hdlc.h"

#include <gsl/assert>

namespace mehr::l0 {

std::size_t hdlc_encode(ByteView body, MutableBytes out) {
  Expects(out.size() >= hdlc_max_encoded(body.size()));
  out[0] = kHdlcAlphabet.flag;
  const std::size_t size = stuff(kHdlcAlphabet, body, out.subspan(1));
  out[size + 1] = kHdlcAlphabet.flag;
  return size + 2;
}

}  // namespace mehr::l0

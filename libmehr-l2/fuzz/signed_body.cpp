// Arbitrary bytes against the signed structures of L2: SignedBody and PrekeyBundle. What decodes
// encodes to the same bytes; what verifies was signed by the key it names.
#include "mehr/l2/signed_body.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mehr/l2/envelope.h"
#include "mehr/l2/prekey.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView all(data, size);
  decodes_to_itself<SignedBody>(all);
  decodes_to_itself<PrekeyBundle>(all);
  decodes_to_itself<EnvelopeE1>(all);
  decodes_to_itself<EnvelopeE2>(all);
  if (const auto bundle = decode<PrekeyBundle>(all)) {
    if (verify(*bundle) && supersedes(*bundle, *bundle)) std::abort();
  }
  Bytes plain(all.begin(), all.end());
  if (const auto proven = verify_signed_body({}, plain)) {
    if (proven->body.size() + kProofSize != size) std::abort();
  }
  return 0;
}

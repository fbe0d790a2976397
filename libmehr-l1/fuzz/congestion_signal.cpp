// The decoder of CongestionSignal.
#include "mehr/l1/congestion_signal.h"

#include <cstddef>
#include <cstdint>

using namespace mehr;
using namespace mehr::l1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  const auto signal = decode<CongestionSignal>(in);
  if (!signal) return 0;
  // What is accepted has a meaning, and that meaning gives the same bytes.
  if (signal->severity() > Severity::saturated) __builtin_trap();
  if (signal->scope() > SignalScope::all_outbound) __builtin_trap();
  const auto same =
      CongestionSignal::of(signal->severity(), signal->scope(), Millis{signal->drain_ms});
  if (!same_bytes(encode_fixed(same), in)) __builtin_trap();
  return 0;
}

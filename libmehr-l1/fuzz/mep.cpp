// The decoder of proposals, and the life of a record under objects by one author.
#include "mehr/l1/mep.h"

#include <array>
#include <cstddef>
#include <cstdint>

using namespace mehr;
using namespace mehr::l1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  const auto mep = decode_mep(in);
  if (!mep) return 0;
  if (size < kMepMin || size > kMepMax) __builtin_trap();
  // Encoding gives the same bytes back.
  std::array<std::uint8_t, kMepMax> out{};
  const auto encoded = encode_mep(*mep, out);
  if (!encoded || !same_bytes(*encoded, in)) __builtin_trap();
  if (precedes(*mep, *mep)) __builtin_trap();
  // Withdrawing ends a record for good, unless it was decided before.
  MepFacts facts;
  facts.tally = {mep->target_major, mep->target_minor, mep->number};
  facts.epoch = mep->created ^ mep->number;
  facts.active_nodes = mep->target_minor;
  facts.nodes_on_target = mep->target_major;
  MepRecord record(*mep);
  const MepStatus before = record.step(facts);
  Mep last = *mep;
  last.status = MepStatus::withdrawn;
  const bool open = before == MepStatus::draft || before == MepStatus::proposed;
  if (record.republished(last).has_value() != open) __builtin_trap();
  const MepStatus after = record.step(facts);
  if (after != (open ? MepStatus::withdrawn : before)) __builtin_trap();
  return 0;
}

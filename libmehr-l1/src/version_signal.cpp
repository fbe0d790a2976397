#include "mehr/l1/version_signal.h"

#include <algorithm>

namespace mehr::l1 {

Result<VersionSignal> decode_version_signal(ByteView data) {
  Reader r(data);
  std::uint8_t count = 0;
  r.get(count);
  if (count > kMaxVotes) return fail(Errc::bad_value, "at most eight proposals are signalled");
  VersionSignal out;
  for (std::size_t i = 0; i < count; ++i) {
    MepVote vote;
    r.get(vote);
    const auto same = [&](const MepVote& v) { return v.mep_number == vote.mep_number; };
    if (std::none_of(out.begin(), out.end(), same)) out.must_push(vote);
  }
  if (auto end = r.finish(); !end) return fail(end);
  return out;
}

Result<MutableBytes> encode_version_signal(const VersionSignal& signal, MutableBytes out) {
  Writer w(out);
  w.put(static_cast<std::uint8_t>(signal.size()));
  for (const MepVote& vote : signal) w.put(vote);
  if (!w.ok()) return fail(Errc::too_big, "the votes do not fit the buffer");
  return w.written();
}

}  // namespace mehr::l1

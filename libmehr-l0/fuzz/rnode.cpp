// An RNode's line and its machine under whatever comes: the chunking never matters to frames,
// states only go forward, and frames come out only while the radio is up. spec: L0/4 Input: a chunk
// byte, then the stream.
#include "mehr/l0/rnode.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  const auto require = [](bool held) {
    if (!held) std::abort();
  };
  if (size < 1) return 0;
  const std::size_t chunk = 1 + std::size_t{data[0]};
  rnode::Decoder whole;
  rnode::Decoder parts;
  Bytes all(data + 1, data + size);
  std::vector<std::pair<std::uint8_t, Bytes>> frames;
  for (MutableBytes in(all); !in.empty();) {
    if (const auto frame = whole.next(in)) {
      frames.emplace_back(frame->type, Bytes(frame->body.begin(), frame->body.end()));
    }
  }
  Bytes again(data + 1, data + size);
  std::size_t seen = 0;
  for (std::size_t at = 0; at < again.size(); at += chunk) {
    MutableBytes in = MutableBytes(again).subspan(at, std::min(chunk, again.size() - at));
    while (!in.empty()) {
      const auto frame = parts.next(in);
      if (!frame) continue;
      require(seen < frames.size() && frames[seen].first == frame->type &&
              same_bytes(frames[seen].second, frame->body));
      ++seen;
    }
  }
  require(seen == frames.size());

  rnode::Radio radio({868'000'000, 125'000, 7, 5, 7});
  Millis now{1000};
  (void)radio.start(now);
  for (auto& [type, body] : frames) {
    const bool was_up = radio.is_up();
    const bool had_failed = radio.has_failed();
    for (const auto& action : radio.on_received({type, body}, now)) {
      const auto* frame = std::get_if<rnode::Radio::Frame>(&action);
      if (frame != nullptr) require(was_up && frame->bytes.size() <= rnode::kMostFrame);
      require(!had_failed);
    }
    now = now + Millis{100};
    (void)radio.on_time(now);
  }
  return 0;
}

// HDLC framing beside a plain copy of the same length. spec: L0/4
//
// Rates count bytes of body. Random bodies stand for sealed ones: about one byte in 128 is escaped.
// 256 different bodies take turns, so that the branch predictor cannot learn them. Decoding spoils
// its input, so a fresh copy is made inside the timed loop; the copy alone is `copy`.
#include "mehr/l0/hdlc.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>

namespace {

using namespace mehr;
using namespace mehr::l0;

constexpr std::size_t kBodies = 256;

std::vector<Bytes> random_bodies(std::size_t size) {
  std::mt19937_64 engine(size);
  std::vector<Bytes> bodies(kBodies, Bytes(size));
  for (Bytes& body : bodies) {
    for (std::uint8_t& byte : body) byte = static_cast<std::uint8_t>(engine());
  }
  return bodies;
}

std::vector<Bytes> worst_bodies(std::size_t size) {
  return std::vector<Bytes>(kBodies, Bytes(size, 0x7E));
}

Bytes framed(const Bytes& body) {
  Bytes frame(hdlc_max_encoded(body.size()));
  frame.resize(hdlc_encode(body, frame));
  return frame;
}

using MakeBodies = std::vector<Bytes> (*)(std::size_t);

void count(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
  state.SetItemsProcessed(state.iterations());
}

void copy(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto bodies = random_bodies(size);
  Bytes out(size);
  std::size_t turn = 0;
  for (auto _ : state) {
    copy_bytes(bodies[turn++ % kBodies], out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, size);
}

void encode(benchmark::State& state, MakeBodies make) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto bodies = make(size);
  Bytes out(hdlc_max_encoded(size));
  std::size_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(hdlc_encode(bodies[turn++ % kBodies], out));
    benchmark::ClobberMemory();
  }
  count(state, size);
}

/// One whole frame a chunk: undone in place.
void decode(benchmark::State& state, MakeBodies make) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<Bytes> frames;
  for (const Bytes& body : make(size)) frames.push_back(framed(body));
  Bytes received(hdlc_max_encoded(size));
  HdlcDecoder decoder;
  std::size_t turn = 0;
  for (auto _ : state) {
    const Bytes& frame = frames[turn++ % kBodies];
    copy_bytes(frame, received);
    MutableBytes in = MutableBytes(received).first(frame.size());
    if (decoder.next(in).size() != size) std::abort();
    benchmark::ClobberMemory();
  }
  count(state, size);
}

/// Reads of 64 KiB of frames back to back, as from a socket: most whole, some straddling.
void decode_stream(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Bytes stream;
  for (const Bytes& body : random_bodies(size)) {
    const Bytes frame = framed(body);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  constexpr std::size_t kRead = 65'536;
  Bytes received(kRead);
  HdlcDecoder decoder;
  for (auto _ : state) {
    for (ByteView left = stream; !left.empty();) {
      const ByteView read = left.first(std::min(kRead, left.size()));
      left = left.subspan(read.size());
      copy_bytes(read, received);
      MutableBytes in = MutableBytes(received).first(read.size());
      while (!in.empty()) benchmark::DoNotOptimize(decoder.next(in).data());
    }
  }
  count(state, size * kBodies);
  if (decoder.counters().frames != static_cast<std::uint64_t>(state.iterations()) * kBodies) {
    std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBodies));
}

#define SIZES Arg(484)->Arg(1500)->Arg(4096)
BENCHMARK(copy)->SIZES;
BENCHMARK_CAPTURE(encode, random, random_bodies)->SIZES;
BENCHMARK_CAPTURE(decode, random, random_bodies)->SIZES;
BENCHMARK(decode_stream)->SIZES;
BENCHMARK_CAPTURE(encode, worst, worst_bodies)->Arg(4096);
BENCHMARK_CAPTURE(decode, worst, worst_bodies)->Arg(4096);

}  // namespace

BENCHMARK_MAIN();

// What the framing tests share: feeding a decoder in chunks, and a decoder so simple that its
// agreement with the rules of L0/4 can be read off.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/l0/stuffing.h"

namespace mehr::l0::testing {

/// Everything @p decoder hands out for @p stream cut into chunks of the given sizes (the last size
/// repeats; zero counts as one). Each chunk is a heap block of its own, freed before the next.
template <class Decoder>
std::vector<Bytes> bodies_of(Decoder& decoder, const Bytes& stream,
                             const std::vector<std::size_t>& chunks = {~std::size_t{0}}) {
  std::vector<Bytes> bodies;
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size(); ++i) {
    const std::size_t wanted = std::max<std::size_t>(1, chunks[std::min(i, chunks.size() - 1)]);
    const std::size_t size = std::min(wanted, stream.size() - at);
    Bytes chunk(stream.begin() + static_cast<std::ptrdiff_t>(at),
                stream.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
    MutableBytes in = chunk;
    while (!in.empty()) {
      const MutableBytes body = decoder.next(in);
      if (body.empty()) continue;
      bodies.emplace_back(body.begin(), body.end());
      std::fill(body.begin(), body.end(), std::uint8_t{0x7E});  // the caller may overwrite it
    }
  }
  return bodies;
}

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// One byte at a time, one rule after the other.
class ModelDecoder {
 public:
  ModelDecoder(const Alphabet& alphabet, std::size_t limit) : a_(alphabet), limit_(limit) {}

  std::vector<Bytes> feed(const Bytes& stream) {
    std::vector<Bytes> bodies;
    for (const std::uint8_t byte : stream) {
      if (byte == a_.flag) {
        if (escaped_) ++counters.bad_escape;
        if (body_ && !escaped_ && !body_->empty()) bodies.push_back(*body_);
        body_ = Bytes{};
        escaped_ = false;
        since_flag_ = 0;
        continue;
      }
      if (body_) take(byte);
      if (++since_flag_ > 2 * limit_) {
        ++counters.cleared;
        since_flag_ = 0;
        drop();
      }
    }
    counters.frames += bodies.size();
    return bodies;
  }

  StuffingCounters counters;

 private:
  void take(std::uint8_t byte) {
    if (!escaped_ && byte == a_.escape) {
      escaped_ = true;
      return;
    }
    if (escaped_ && byte != a_.flag_stand_in && byte != a_.escape_stand_in) {
      ++counters.bad_escape;
      return drop();
    }
    if (escaped_) byte = byte == a_.flag_stand_in ? a_.flag : a_.escape;
    escaped_ = false;
    body_->push_back(byte);
    if (body_->size() <= limit_) return;
    ++counters.oversize;
    drop();
  }
  void drop() {
    body_.reset();
    escaped_ = false;
  }

  Alphabet a_;
  std::size_t limit_;
  std::optional<Bytes> body_;  // none: waiting for a flag
  bool escaped_ = false;
  std::size_t since_flag_ = 0;
};

}  // namespace mehr::l0::testing

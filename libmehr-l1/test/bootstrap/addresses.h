// Addresses and messages for the tests of bootstrap.
#pragma once

#include "fake_world.h"
#include "mehr/l1/bootstrap.h"

namespace mehr::test {

inline l1::Host v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  const std::array<std::uint8_t, 4> four{a, b, c, d};
  return l1::host_of_v4(four);
}
inline l1::Host v6(std::initializer_list<std::uint8_t> first, std::uint8_t last = 1) {
  l1::Host out;
  std::copy(first.begin(), first.end(), out.bytes.begin());
  out.bytes[15] = last;
  return out;
}
/// A public address, another for each number.
inline l1::PeerAddress address(std::uint32_t n, std::uint16_t port = 4247) {
  return {v4(203, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
             static_cast<std::uint8_t>(n)),
          port};
}
/// One on this machine.
inline l1::PeerAddress local(std::uint16_t port) { return {v4(127, 0, 0, 1), port}; }

inline Bytes message(const std::vector<l1::PeerEntry>& entries, bool please_reply = false) {
  Bytes out(4096);
  l1::PeerExchangeWriter writer(out);
  for (const auto& entry : entries) Expects(writer.add(entry));
  const ByteView done = writer.finish(please_reply);
  return {done.begin(), done.end()};
}

inline std::vector<l1::PeerEntry> entries_of(ByteView bytes) {
  auto reader = l1::PeerExchangeReader::open(bytes);
  Expects(reader.has_value());
  std::vector<l1::PeerEntry> out;
  while (const auto entry = reader->next()) out.push_back(*entry);
  return out;
}

}  // namespace mehr::test

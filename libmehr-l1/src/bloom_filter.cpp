#include "mehr/l1/bloom_filter.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/l0/packet.h"

namespace mehr::l1 {

namespace {

/// What is hashed for one bit.
struct Draw {
  ItemId id;
  std::uint32_t salt = 0;
  std::uint8_t i = 0;

  static constexpr auto wire =
      std::tuple{field("id", &Draw::id), field("salt", &Draw::salt), field("i", &Draw::i)};
};

std::uint32_t first_u32(ByteView bytes) {
  std::uint32_t v = 0;
  Reader(bytes).get(v);
  return v;
}

std::uint8_t mask_of(std::uint32_t bit) { return static_cast<std::uint8_t>(1U << (bit % 8)); }

}  // namespace

std::size_t FilterSize::bytes_for(std::size_t items) const {
  const std::size_t ideal = (items * 6 + 4) / 5;  // ceil(1.2 n)
  return std::clamp(ideal, kBloomMin, std::size_t{cap});
}

std::uint16_t FilterSize::parts_for(std::size_t items) const {
  const std::size_t each = items_per_part();
  const std::size_t parts = (items + each - 1) / each;
  return static_cast<std::uint16_t>(std::clamp<std::size_t>(parts, 1, 0xFFFF));
}

FilterSize filter_size(Mtu mtu, BitsPerSecond rate) {
  if (is_slow(rate)) return {256, true};
  switch (l0::class_of(mtu)) {
    case l0::MtuClass::bulk:
      return {kBloomMax, false};
    case l0::MtuClass::standard:
      return {1440, false};
    case l0::MtuClass::constrained:
      break;
  }
  return {440, false};
}

std::uint32_t bloom_position(const ItemId& id, std::uint32_t salt, std::uint8_t i,
                             std::size_t bytes) {
  Expects(bytes > 0);
  std::array<std::uint8_t, 4> hash{};
  crypto::Blake3().update(encode_fixed(Draw{id, salt, i})).finish(hash);
  return first_u32(hash) % static_cast<std::uint32_t>(bytes * 8);
}

void bloom_insert(MutableBytes bits, const ItemId& id, std::uint32_t salt) {
  for (std::uint8_t i = 0; i < kBloomHashes; ++i) {
    const std::uint32_t bit = bloom_position(id, salt, i, bits.size());
    bits[bit / 8] |= mask_of(bit);
  }
}

bool bloom_holds(ByteView bits, const ItemId& id, std::uint32_t salt, std::uint8_t hashes) {
  for (std::uint8_t i = 0; i < hashes; ++i) {
    const std::uint32_t bit = bloom_position(id, salt, i, bits.size());
    if ((bits[bit / 8] & mask_of(bit)) == 0) return false;
  }
  return true;
}

std::uint16_t part_of(const ItemId& id, std::uint16_t parts) {
  Expects(parts > 0);
  return static_cast<std::uint16_t>(first_u32(id.view()) % parts);
}

}  // namespace mehr::l1

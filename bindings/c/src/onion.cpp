// Onions of mehr/l2.h.
#include "mehr/l2/onion.h"

#include <memory>
#include <vector>

#include "handles.h"
#include "mehr/l2.h"
#include "random_source.h"

namespace mehr::capi {
namespace {

constexpr std::uint32_t kMostContext = 255;
constexpr std::size_t kDefaultLayers = 4'096;
constexpr std::size_t kMostLayers = 1'000'000;

std::optional<l2::OnionClass> class_of(std::uint32_t size) {
  if (size > MEHR_ONION_BULK) return std::nullopt;
  return static_cast<l2::OnionClass>(size);
}

}  // namespace
}  // namespace mehr::capi

struct mehr_onion_relay {
  std::shared_ptr<const mehr::Signer> identity;
  mehr::l2::ReplayCache seen;
};

using namespace mehr;
using namespace mehr::capi;

std::size_t mehr_onion_capacity(std::uint32_t size, std::size_t hops) noexcept {
  const auto c = class_of(size);
  if (!c || hops < 1 || hops > l2::kMostOnionHops) return 0;
  return l2::onion_capacity(*c, hops);
}

mehr_status mehr_onion_build(std::uint32_t size, const mehr_public_key* relays, std::size_t hops,
                             const mehr_id* destination, std::uint32_t context, mehr_bytes data,
                             const mehr_random* random, mehr_buf out,
                             std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    const auto c = class_of(size);
    if (!c || relays == nullptr || destination == nullptr || written == nullptr ||
        context > kMostContext || !is_valid(data) || !is_valid(out)) {
      return MEHR_E_INVALID;
    }
    if (hops < 1 || hops > l2::kMostOnionHops) return MEHR_E_BAD_VALUE;
    RandomSource source;
    if (auto good = source.open(random); good < 0) return good;
    std::vector<l2::Recipient> way;
    for (std::size_t i = 0; i < hops; ++i) {
      const auto relay = l2::Recipient::of(PublicKey::from(relays[i].bytes));
      if (!relay) return MEHR_E_BAD_VALUE;
      way.push_back(*relay);
    }
    if (data.size > l2::onion_capacity(*c, hops)) return MEHR_E_TOO_BIG;
    *written = l2::onion_size(*c);
    if (is_size_query(out)) return MEHR_OK;
    if (out.size < *written) return MEHR_E_TOO_BIG;
    if (auto good = source.refill(); good < 0) return good;
    Bytes onion(*written);
    const l2::OnionExit exit{NodeId::from(destination->bytes), static_cast<std::uint8_t>(context),
                             view_of(data)};
    const auto built = l2::build_onion(*c, way, exit, l2::Ephemeral::draw(source.random()), onion);
    if (!built) return status_of(built.error());
    return deliver(*built, out, written);
  });
}

mehr_status mehr_onion_relay_new(const mehr_identity* identity, std::size_t layers,
                                 const mehr_random* random, mehr_onion_relay** out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || out == nullptr || layers > kMostLayers) return MEHR_E_INVALID;
    RandomSource source;
    if (auto good = source.open(random); good < 0) return good;
    if (auto good = source.refill(); good < 0) return good;
    const std::size_t capacity = layers == 0 ? kDefaultLayers : layers;
    *out = std::make_unique<mehr_onion_relay>(
               mehr_onion_relay{identity->signer,
                                l2::ReplayCache(capacity, source.random(), l2::kOnionMemory)})
               .release();
    return MEHR_OK;
  });
}

void mehr_onion_relay_free(mehr_onion_relay* relay) noexcept { delete relay; }

mehr_status mehr_onion_peel(mehr_onion_relay* relay, mehr_bytes onion, const mehr_now* now,
                            mehr_buf out, std::size_t* written, mehr_peeled* what) noexcept {
  return guard([&]() -> mehr_status {
    if (relay == nullptr || written == nullptr || !is_valid(onion) || !is_valid(out)) {
      return MEHR_E_INVALID;
    }
    if (auto good = check_struct(what, MEHR_COVERS(mehr_peeled, kind)); good < 0) return good;
    mehr_now time;
    if (auto good = read_now(now, time); good < 0) return good;
    if (out.size < onion.size) return MEHR_E_TOO_BIG;  // before the layer counts as seen
    Bytes packet(onion.data, onion.data + onion.size);
    const auto peeled =
        l2::peel_onion(*relay->identity, packet, relay->seen, Millis{time.steady_ms});
    if (!peeled) return status_of(peeled.error());
    mehr_peeled told = MEHR_PEELED_INIT;
    told.kind = static_cast<std::uint32_t>(peeled->kind);
    copy_bytes(peeled->to.view(), told.to.bytes);
    told.context = peeled->context;
    write_struct(told, what);
    return deliver(peeled->data, out, written);
  });
}

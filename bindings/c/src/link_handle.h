// What stands behind a mehr_link: the machine, its entropy, its waiting actions, one frame of room.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "handles.h"
#include "mehr/l0/link.h"
#include "mehr/l0/packet.h"

namespace mehr::capi {

/// Actions in the order they came, until the caller polls them.
class ActionQueue {
 public:
  static constexpr std::size_t kCapacity = 8;
  static_assert(kCapacity >= 2 * l0::Link::Actions::capacity());

  /// True when everything that one step can want fits.
  [[nodiscard]] bool has_room() const {
    return kCapacity - count_ >= l0::Link::Actions::capacity();
  }
  void push(const l0::Link::Actions& actions) {
    for (const l0::Link::Action& action : actions) {
      items_[(first_ + count_) % kCapacity] = action;
      ++count_;
    }
  }
  /// The next action, which stays valid until the next call; nullptr when there is none.
  [[nodiscard]] const l0::Link::Action* pop() {
    if (count_ == 0) return nullptr;
    taken_ = items_[first_];
    first_ = (first_ + 1) % kCapacity;
    --count_;
    return &taken_;
  }

 private:
  std::array<l0::Link::Action, kCapacity> items_{};
  l0::Link::Action taken_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace mehr::capi

struct mehr_link {
  mehr_link(std::shared_ptr<const mehr::Signer> own, const mehr_random& source,
            const mehr_link_opts& given)
      : identity(std::move(own)),
        random(source),
        opts(given),
        scratch(std::min<std::size_t>(given.mtu, mehr::l0::kBulkMtu.bytes) +
                mehr::l0::kLinkOverhead) {}
  mehr_link(const mehr_link&) = delete;
  mehr_link& operator=(const mehr_link&) = delete;

  /// Draws the link id where the caller left it open; never 0.
  void settle_id() {
    if (opts.link_id == 0) opts.link_id = 1U + random.draw<std::uint16_t>() % 0xFFFFU;
  }
  [[nodiscard]] mehr::l0::Link::Config config() {
    return {*identity,
            random,
            {mehr::Mtu{static_cast<std::uint16_t>(opts.mtu)}, opts.features},
            mehr::l0::LinkId{static_cast<std::uint16_t>(opts.link_id)},
            opts.medium == MEHR_MEDIUM_STREAM,
            mehr::BitsPerSecond{opts.bandwidth_bps}};
  }

  std::shared_ptr<const mehr::Signer> identity;
  mehr::capi::PooledRandom random;
  mehr_link_opts opts;  // with every default filled in
  std::vector<std::uint8_t> scratch;
  mehr::capi::ActionQueue actions;
  bool rekey_due = false;              // sealing used up the key; the next timer replaces it
  std::optional<mehr::l0::Link> link;  // refers to identity and random above, so it goes first
};

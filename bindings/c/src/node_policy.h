// The policy that a message and a question for a path are given, and what else a message is.
#pragma once

#include <cstdint>

#include "guard.h"
#include "mehr/core/messenger.h"
#include "mehr/core/path_policy.h"
#include "mehr/l1.h"
#include "mehr/l2.h"

namespace mehr::capi {

/// @p in may be null; @p given is what it says, defaults filled in, @p policy what that comes to;
/// @p flags are those the call knows.
inline mehr_status read_policy(const mehr_send_opts* in, mehr_send_opts& given, PathPolicy& policy,
                               std::uint32_t flags = MEHR_SEND_PAD_TO_MTU) {
  given = MEHR_SEND_OPTS_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(given.struct_size), given); good < 0) return good;
  }
  const bool weighed =
      given.cost_weight != 0 || given.latency_weight != 0 || given.reliability_weight != 0;
  if (weighed && given.policy != MEHR_POLICY_BALANCED) return MEHR_E_INVALID;
  if (given.min_mtu > 0xFFFF || given.reserved != 0) return MEHR_E_INVALID;
  if ((given.flags & ~flags) != 0) return MEHR_E_UNSUPPORTED;
  switch (given.policy) {
    case MEHR_POLICY_BALANCED:
      if (weighed) {
        policy = *PathPolicy::balanced(given.cost_weight, given.latency_weight,
                                       given.reliability_weight);
      }
      return MEHR_OK;
    case MEHR_POLICY_CHEAPEST:
      policy = PathPolicy::cheapest();
      return MEHR_OK;
    case MEHR_POLICY_FASTEST:
      policy = PathPolicy::fastest();
      return MEHR_OK;
    case MEHR_POLICY_MOST_RELIABLE:
      policy = PathPolicy::most_reliable();
      return MEHR_OK;
    case MEHR_POLICY_LARGEST_MTU:
      policy = PathPolicy::largest_mtu();
      return MEHR_OK;
    default:
      return MEHR_E_INVALID;
  }
}

/// How a message is to travel, as a call says that knows @p flags.
inline mehr_status read_send_opts(const mehr_send_opts* in, SendOptions& out, std::uint32_t flags) {
  mehr_send_opts given;
  if (auto good = read_policy(in, given, out.policy, flags); good < 0) return good;
  out.min_mtu = static_cast<std::uint16_t>(given.min_mtu);
  out.pad_to_mtu = (given.flags & MEHR_SEND_PAD_TO_MTU) != 0;
  out.proven = (given.flags & MEHR_SEND_PROVEN) != 0;
  out.one_hop = (given.flags & MEHR_SEND_ONE_HOP) != 0;
  out.onion_route = (given.flags & MEHR_SEND_ONION) != 0;
  return MEHR_OK;
}

}  // namespace mehr::capi

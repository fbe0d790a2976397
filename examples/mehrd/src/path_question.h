// What somebody wants to know of a way: to whom, and by what it is chosen.
//
// Place: examples/mehrd. A policy is written as people write it: a name, or "balanced=1,2,0.5" with
// the weights of cost, latency and reliability. Failure: one sentence for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "mehr/core/ids.h"
#include "mehr/core/path_policy.h"

namespace mehr::daemon {

struct PathQuestion {
  NodeId node;
  PathPolicy policy;
  std::uint16_t min_mtu = 0;  ///< 0: any
};

[[nodiscard]] tl::expected<PathPolicy, std::string> parse_policy(std::string_view text);
/// The name that `parse_policy` knows it by.
[[nodiscard]] const char* name_of(PathPolicy::Kind kind);

}  // namespace mehr::daemon

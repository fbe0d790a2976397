// Names that files use for Limits and faults. Private to ports/sim.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "input_value.h"
#include "mehr/core/limits.h"
#include "mehr/sim/faults.h"

namespace mehr::sim {

/// "small", "minimal", "standard", or a table of members over a "base".
[[nodiscard]] Limits read_limits(const InputValue& value, std::string_view key);
/// All members: read_limits reads it back.
[[nodiscard]] nlohmann::ordered_json to_json(const Limits& limits);

/// What the kinds of faults are made of, by FaultKind.
struct FaultForm {
  FaultKind kind;
  bool has_node = true;
  bool has_peer = false;
  bool has_group = false;
  bool has_span = true;
  bool has_behaviour = false;
  /// Of `amount`, where it has one; most = 0: it has none.
  std::int64_t least = 0;
  std::int64_t most = 0;
};
[[nodiscard]] std::span<const FaultForm> fault_forms();

}  // namespace mehr::sim

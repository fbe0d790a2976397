// Finding what a node already runs.
#pragma once

#include "mehr/sim/node.h"

namespace mehr::sim_programs {

/// The first program of that type on @p node, null when there is none.
template <class P>
P* installed(const sim::Node& node) {
  for (const auto& program : node.programs()) {
    if (auto* found = dynamic_cast<P*>(program.get())) return found;
  }
  return nullptr;
}

}  // namespace mehr::sim_programs

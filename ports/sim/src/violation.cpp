#include "mehr/sim/invariant.h"
#include "words.h"

namespace mehr::sim {

std::string Violation::message() const {
  std::string out = "violated: " + invariant + "\n  " + text + "\n  seed " + std::to_string(seed) +
                    ", at " + clock_text(at);
  if (node != kNoNode) {
    out += ", node " + (node_name.empty() ? std::to_string(node) : node_name);
  }
  out += "\n";
  if (last.empty()) return out;
  out += "  what happened before:\n";
  for (const std::string& line : last) out += "    " + line + "\n";
  return out;
}

}  // namespace mehr::sim

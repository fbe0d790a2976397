#include "mehr/sim/input_error.h"

namespace mehr::sim {

std::string InputError::message() const {
  return line == 0 ? file + ": " + text : file + ":" + std::to_string(line) + ": " + text;
}

}  // namespace mehr::sim

// What a loader says about a text.
#pragma once

#include <string>

#include "mehr/sim/input_error.h"

namespace mehr::sim {

/// "FILE:LINE: text" of the mistake, or "" when the text was accepted.
template <class T>
std::string mistake_in(const Loaded<T>& loaded) {
  return loaded ? std::string() : loaded.error().message();
}

}  // namespace mehr::sim

// A serial device, opened for bytes: 8 data bits, no parity, one stop bit, raw, at any speed.
//
// Place: private to the line interfaces. Failure: a sentence that says what to do.
#pragma once

#include <string>

#include "mehr/linux/log.h"

namespace mehr::linux_port {

/// The descriptor, the caller's to close. Nobody else may open the device meanwhile.
OrMessage<int> open_serial(const std::string& device, std::uint32_t speed);

}  // namespace mehr::linux_port

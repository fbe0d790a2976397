// An RNode on a serial line as a LoRa medium. spec: L0/2, L0/4, L0/7
//
// Place: ports/linux, below L0; the commands are l0/rnode.h's, the line that of line.h.
// Machine: line down -> bring-up -> up -> down; a radio that does not come up as configured, fails,
// or is pulled out is brought up again every 5 s.
// Sending: a frame goes to the radio at once; the radio listens before it speaks. What the radio
// holds is estimated by airtime: beyond two full frames `send` answers Errc::full, with flow
// control until the radio says that it is ready.
// Duty cycle: no hour holds more speaking than its share, counted by the minute, so that a little
// less is used; beyond it Errc::full until the next minute.
// Bounds: 508-byte frames. Failure: a sentence in the interface's state. Threads: the loop's.
#pragma once

#include <memory>
#include <string>

#include "mehr/l0/rnode.h"
#include "mehr/linux/interface.h"
#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"

namespace mehr::linux_port {

struct RnodeConfig {
  std::string name;  ///< for logs
  InterfaceId interface;
  InterfaceMode mode = InterfaceMode::native;
  Millis latency = Millis::seconds(1);
  std::uint64_t cost = 0;  ///< uMHR per byte
  std::string device;
  std::uint32_t speed = 115'200;  ///< baud
  l0::rnode::Settings radio;
  bool flow_control = false;
  double duty_cycle = 0.01;  ///< share of each hour, 1: no limit
};

/// All borrowed for the life of the interface. Nothing is open before `start`. The settings must
/// pass l0::rnode::check (a contract).
std::unique_ptr<Interface> make_rnode(Loop& loop, MediumHost& host, const RnodeConfig& config,
                                      LogSink log = {});

}  // namespace mehr::linux_port

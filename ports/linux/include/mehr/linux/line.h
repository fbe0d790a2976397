// Media over a line of bytes: a serial device, or a program of whatever sort. spec: L0/4, L0/7
//
// Place: ports/linux, below L0; each interface is one datagram medium, since a line may lose bytes.
// Seam: `MediumHost`, which has the medium while the line is there. Frames are cut by HDLC or KISS.
// Machine: down -> up -> down ..., each time with a sentence; what is not there, or vanishes, is
// tried again every 5 s for ever. A program that ends is started again likewise.
// Bounds: 16 KiB queued for the line; then Errc::full and, at 4 KiB, `on_writable`.
// Failure: never more than an interface that is down. Threads: the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/linux/interface.h"
#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"

namespace mehr::linux_port {

/// How frames are told apart. spec: L0/4
enum class LineFraming : std::uint8_t { hdlc, kiss };

/// What every line has. `info` is what L0 is told; it is no stream.
struct LineConfig {
  std::string name;  ///< for logs
  MediumInfo info;
  LineFraming framing = LineFraming::hdlc;
};

struct SerialConfig {
  LineConfig line;
  std::string device;
  std::uint32_t speed = 115'200;  ///< baud, any that the device has
};

struct PipeConfig {
  LineConfig line;
  /// The program and its arguments; no shell is asked. Frames go to its standard input and come
  /// from its standard output; what it says on standard error goes to the log, line by line.
  std::vector<std::string> command;
};

/// All borrowed for the life of the interface. Nothing is open before `start`.
std::unique_ptr<Interface> make_serial(Loop& loop, MediumHost& host, const SerialConfig& config,
                                       LogSink log = {});
std::unique_ptr<Interface> make_pipe(Loop& loop, MediumHost& host, const PipeConfig& config,
                                     LogSink log = {});

}  // namespace mehr::linux_port

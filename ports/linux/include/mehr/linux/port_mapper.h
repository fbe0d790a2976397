// Asks the router in front of this machine to let connections in: NAT-PMP, then UPnP.
//
// Place: ports/linux, optional: each method is there when its library was there at build time
// (`built_in`). spec: README/8 row 13
// Machine, on a thread of its own since the libraries block: asking -> mapped (asked again at half
// of the granted time) or refused (again after 60 s doubling to 1,800 s) -> removing -> ended. The
// methods are tried in order; the one that granted is asked first from then on.
// Bounds: one port, one thread; NAT-PMP waits 3 s, UPnP looks for 2 s and then as long as the
// library waits for the router's web server. Failure: the first refusal and every change are told;
// the node goes on without.
// Threads: construction, destruction and every call out on the loop's. Destruction removes the
// mapping and waits for that 5 s at most; a router that hangs keeps the thread, which then touches
// nothing but its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"

namespace mehr::linux_port {

/// One way to ask a router. Called from the mapper's thread alone.
class PortMethod {
 public:
  struct Granted {
    std::uint16_t external_port = 0;
    std::uint32_t seconds = 0;  ///< until it ends; 0: never
  };
  virtual ~PortMethod() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Asks for TCP connections to @p wished of the router to come to @p port of this machine.
  virtual std::optional<Granted> map(std::uint16_t port, std::uint16_t wished) = 0;
  /// Ends what `map` was granted last.
  virtual void unmap() = 0;
};

class PortMapper {
 public:
  /// The methods that were built in, in the order in which they are tried.
  static std::vector<std::unique_ptr<PortMethod>> methods();
  /// Their names, such as "NAT-PMP, UPnP"; "none" without any.
  static std::string built_in();

  /// The router's port that leads to ours; none when there is none any more.
  using Changed = std::function<void(std::optional<std::uint16_t> external_port)>;
  PortMapper(Loop& loop, std::uint16_t port, Changed changed, LogSink log,
             std::vector<std::unique_ptr<PortMethod>> methods = PortMapper::methods());
  ~PortMapper();
  PortMapper(const PortMapper&) = delete;
  PortMapper& operator=(const PortMapper&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // the thread's too
};

}  // namespace mehr::linux_port

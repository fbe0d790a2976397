#include <utility>

#include "framed_line.h"
#include "serial_device.h"

namespace mehr::linux_port {
namespace {

class SerialInterface final : public FramedLine {
 public:
  SerialInterface(Loop& loop, MediumHost& host, const SerialConfig& config, LogSink log)
      : FramedLine(loop, host, config.line, config.device, std::move(log)),
        device_(config.device),
        speed_(config.speed) {}

 private:
  OrMessage<Opened> open_line() override {
    const auto fd = open_serial(device_, speed_);
    if (!fd) return tl::unexpected(fd.error());
    return Opened{*fd, *fd};
  }

  std::string device_;
  std::uint32_t speed_;
};

}  // namespace

std::unique_ptr<Interface> make_serial(Loop& loop, MediumHost& host, const SerialConfig& config,
                                       LogSink log) {
  return std::make_unique<SerialInterface>(loop, host, config, std::move(log));
}

}  // namespace mehr::linux_port

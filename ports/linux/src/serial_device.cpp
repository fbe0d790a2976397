#include "serial_device.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mehr::linux_port {
namespace {

std::string cannot_open(const std::string& device, int error) {
  const char* advice = "check the device";
  if (error == ENOENT) {
    advice = "plug the device in, or check its name under /dev";
  } else if (error == EACCES || error == EPERM) {
    advice = "add the user to the group that owns it, usually dialout";
  } else if (error == EBUSY) {
    advice = "stop the other program that uses it";
  }
  return fmt::format("cannot open {}: {}; {}", device, std::strerror(error), advice);
}

// Raw bytes both ways; the modem's lines are left alone.
bool set_up(int fd, std::uint32_t speed) {
  struct termios2 line {};
  if (::ioctl(fd, TCGETS2, &line) != 0) return false;
  line.c_iflag = 0;
  line.c_oflag = 0;
  line.c_lflag = 0;
  line.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
  line.c_ispeed = line.c_ospeed = speed;
  line.c_cc[VMIN] = 1;
  line.c_cc[VTIME] = 0;
  return ::ioctl(fd, TCSETS2, &line) == 0;
}

}  // namespace

OrMessage<int> open_serial(const std::string& device, std::uint32_t speed) {
  const int fd = ::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(cannot_open(device, errno));
  if (::ioctl(fd, TIOCEXCL) != 0 && errno == ENOTTY) {
    ::close(fd);
    return tl::unexpected(fmt::format("{} is no serial device", device));
  }
  if (!set_up(fd, speed)) {
    const int error = errno;
    ::close(fd);
    return tl::unexpected(
        fmt::format("{} cannot be set to {} baud: {}", device, speed, std::strerror(error)));
  }
  return fd;
}

}  // namespace mehr::linux_port

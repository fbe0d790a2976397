// NAT-PMP (RFC 6886) by libnatpmp.
#include "port_methods.h"

#ifdef MEHR_NATPMP

#include <natpmp.h>
#include <poll.h>
#include <sys/time.h>

#include <chrono>

namespace mehr::linux_port {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLimit = std::chrono::seconds(3);  // the library itself would try for two minutes

class Session {
 public:
  Session() : open_(initnatpmp(&natpmp_, 0, 0) == 0) {}
  ~Session() {
    if (open_) closenatpmp(&natpmp_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::optional<natpmpresp_t> ask(std::uint16_t port, std::uint16_t wished, std::uint32_t seconds) {
    if (!open_) return std::nullopt;
    if (sendnewportmappingrequest(&natpmp_, NATPMP_PROTOCOL_TCP, port, wished, seconds) < 0) {
      return std::nullopt;
    }
    const auto end = Clock::now() + kLimit;
    natpmpresp_t response{};
    int got = NATPMP_TRYAGAIN;
    while (got == NATPMP_TRYAGAIN && Clock::now() < end) {
      wait();
      got = readnatpmpresponseorretry(&natpmp_, &response);
    }
    if (got != 0) return std::nullopt;
    return response;
  }

 private:
  void wait() {
    timeval next{};
    if (getnatpmprequesttimeout(&natpmp_, &next) != 0) return;
    pollfd descriptor{natpmp_.s, POLLIN, 0};
    const auto ms = next.tv_sec * 1000 + next.tv_usec / 1000 + 1;
    ::poll(&descriptor, 1, static_cast<int>(ms));
  }

  natpmp_t natpmp_{};
  bool open_ = false;
};

class NatPmp final : public PortMethod {
 public:
  [[nodiscard]] std::string_view name() const override { return "NAT-PMP"; }

  std::optional<Granted> map(std::uint16_t port, std::uint16_t wished) override {
    const auto response = Session().ask(port, wished, kMappingSeconds);
    if (!response || response->type != NATPMP_RESPTYPE_TCPPORTMAPPING) return std::nullopt;
    const auto& granted = response->pnu.newportmapping;
    if (granted.mappedpublicport == 0 || granted.lifetime == 0) return std::nullopt;
    port_ = port;
    return Granted{granted.mappedpublicport, granted.lifetime};
  }

  void unmap() override { Session().ask(port_, 0, 0); }

 private:
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<PortMethod> make_nat_pmp() { return std::make_unique<NatPmp>(); }

}  // namespace mehr::linux_port

#else

namespace mehr::linux_port {
std::unique_ptr<PortMethod> make_nat_pmp() { return nullptr; }
}  // namespace mehr::linux_port

#endif

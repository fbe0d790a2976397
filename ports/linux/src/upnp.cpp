// UPnP Internet Gateway Device by libminiupnpc.
#include "port_methods.h"

#ifdef MEHR_MINIUPNPC

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

#include <array>
#include <string>

namespace mehr::linux_port {
namespace {

constexpr int kDiscoverMs = 2'000;
constexpr unsigned char kTtl = 2;
constexpr int kPermanentOnly = 725;  // OnlyPermanentLeasesSupported

// A router that was found, and what frees its addresses.
class Gateway {
 public:
  Gateway() {
    int error = 0;
    devices_ = upnpDiscover(kDiscoverMs, nullptr, nullptr, UPNP_LOCAL_PORT_ANY, 0, kTtl, &error);
    if (devices_ == nullptr) return;
#if MINIUPNPC_API_VERSION >= 18
    std::array<char, 64> wan{};
    kind_ = UPNP_GetValidIGD(devices_, &urls_, &data_, lan_.data(), static_cast<int>(lan_.size()),
                             wan.data(), static_cast<int>(wan.size()));
#else
    kind_ = UPNP_GetValidIGD(devices_, &urls_, &data_, lan_.data(), static_cast<int>(lan_.size()));
#endif
  }
  ~Gateway() {
    if (kind_ != 0) FreeUPNPUrls(&urls_);
    freeUPNPDevlist(devices_);
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// A gateway that is connected to the outside.
  [[nodiscard]] bool usable() const { return kind_ == 1; }
  int add(const std::string& outside, const std::string& inside, const char* seconds) {
    return UPNP_AddPortMapping(urls_.controlURL, data_.first.servicetype, outside.c_str(),
                               inside.c_str(), lan_.data(), "mehr", "TCP", nullptr, seconds);
  }
  void remove(const std::string& outside) {
    UPNP_DeletePortMapping(urls_.controlURL, data_.first.servicetype, outside.c_str(), "TCP",
                           nullptr);
  }

 private:
  UPNPDev* devices_ = nullptr;
  UPNPUrls urls_{};
  IGDdatas data_{};
  std::array<char, 64> lan_{};
  int kind_ = 0;
};

class Upnp final : public PortMethod {
 public:
  [[nodiscard]] std::string_view name() const override { return "UPnP"; }

  std::optional<Granted> map(std::uint16_t port, std::uint16_t wished) override {
    Gateway gateway;
    if (!gateway.usable()) return std::nullopt;
    const std::string outside = std::to_string(wished);
    const std::string inside = std::to_string(port);
    std::uint32_t granted = kMappingSeconds;
    int error = gateway.add(outside, inside, std::to_string(granted).c_str());
    if (error == kPermanentOnly) {
      granted = 0;
      error = gateway.add(outside, inside, "0");
    }
    if (error != UPNPCOMMAND_SUCCESS) return std::nullopt;
    outside_ = outside;
    return Granted{wished, granted};
  }

  void unmap() override {
    Gateway gateway;
    if (gateway.usable()) gateway.remove(outside_);
  }

 private:
  std::string outside_;
};

}  // namespace

std::unique_ptr<PortMethod> make_upnp() { return std::make_unique<Upnp>(); }

}  // namespace mehr::linux_port

#else

namespace mehr::linux_port {
std::unique_ptr<PortMethod> make_upnp() { return nullptr; }
}  // namespace mehr::linux_port

#endif

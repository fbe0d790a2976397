#include <algorithm>
#include <gsl/assert>
#include <optional>
#include <utility>

#include "airtime_account.h"
#include "line_port.h"
#include "mehr/l0/air_split.h"
#include "mehr/l0/lora_airtime.h"
#include "mehr/linux/rnode.h"
#include "serial_device.h"

namespace mehr::linux_port {
namespace {

namespace rnode = l0::rnode;

constexpr std::uint64_t kMs = 1'000'000;
constexpr Mtu kMtu{484};
constexpr std::uint64_t kHeldFrames = 2;  // what the radio may hold, in full frames
constexpr Millis kReadyAtMost = Millis::seconds(30);

l0::LoraModulation modulation(const rnode::Settings& s) {
  return {s.bandwidth, s.spreading_factor, s.coding_rate, 8};
}

MediumInfo info_of(const RnodeConfig& config) {
  MediumInfo out;
  out.interface = config.interface;
  out.mode = config.mode;
  out.stream = false;
  out.half_duplex = true;
  out.bandwidth = l0::lora_rate(modulation(config.radio));
  out.latency = config.latency;
  out.mtu = kMtu;
  out.cost = config.cost;
  return out;
}

class RnodeInterface final : public LinePort {
 public:
  RnodeInterface(Loop& loop, MediumHost& host, const RnodeConfig& config, LogSink log)
      : LinePort({loop, host, std::move(log), config.name, config.device, info_of(config),
                  rnode::kMostFrame}),
        config_(config),
        radio_settings_(modulation(config.radio)),
        full_frame_ms_(l0::lora_body_airtime_ns(radio_settings_, rnode::kMostFrame) / kMs + 1),
        account_(config.duty_cycle) {}

 private:
  OrMessage<Opened> open_line() override {
    const auto fd = open_serial(config_.device, config_.speed);
    if (!fd) return tl::unexpected(fd.error());
    return Opened{*fd, *fd};
  }
  void on_open() override {
    bad_ += decoder_.counters().bad_escape + decoder_.counters().oversize;
    decoder_ = rnode::Decoder();
    radio_.emplace(config_.radio);
    quiet_at_ = loop().now();
    ready_by_ = Millis::never();
    spend(radio_->start(loop().now()));
  }
  void on_line_bytes(MutableBytes bytes) override {
    while (!bytes.empty() && radio_ && !radio_->has_failed()) {
      if (const auto received = decoder_.next(bytes)) {
        spend(radio_->on_received(*received, loop().now()));
      }
    }
    rearm();
  }
  void on_gone() override { radio_.reset(); }
  [[nodiscard]] std::size_t most_encoded(std::size_t frame) const override {
    return rnode::max_encoded(frame);
  }
  std::size_t encode(ByteView frame, MutableBytes out) override {
    return rnode::encode(rnode::command::kData, frame, out);
  }

  Status may_send(ByteView frame) override;
  void on_sent(ByteView frame) override;
  void on_time(Millis now) override;
  [[nodiscard]] Millis next_deadline() const override;
  void add_to(InterfaceStatus& status) const override;
  void spend(const rnode::Radio::Actions& actions);
  [[nodiscard]] std::uint64_t airtime_ns(ByteView frame) const {
    return l0::lora_body_airtime_ns(radio_settings_, std::max<std::size_t>(1, frame.size()));
  }

  RnodeConfig config_;
  l0::LoraModulation radio_settings_;
  std::uint64_t full_frame_ms_;
  AirtimeAccount account_;
  rnode::Decoder decoder_;
  std::optional<rnode::Radio> radio_;
  Millis quiet_at_;                    // when what the radio holds will have been said
  Millis ready_by_ = Millis::never();  // flow control: the radio has not said ready yet
  Millis writable_at_ = Millis::never();
  std::uint64_t bad_ = 0;
};

void RnodeInterface::spend(const rnode::Radio::Actions& actions) {
  for (const rnode::Radio::Action& action : actions) {
    if (const auto* send = std::get_if<rnode::Radio::Send>(&action)) {
      std::array<std::uint8_t, rnode::max_encoded(4)> bytes{};
      write(ByteView(bytes).first(rnode::encode(send->type, send->body(), bytes)));
    } else if (std::holds_alternative<rnode::Radio::Up>(action)) {
      raise();
    } else if (const auto* failed = std::get_if<rnode::Radio::Failed>(&action)) {
      fail_line(failed->why.text);
    } else if (const auto* frame = std::get_if<rnode::Radio::Frame>(&action)) {
      FrameInfo info;
      info.rssi_dbm = frame->rssi_dbm;
      info.snr_db = frame->snr_db;
      give(info, frame->bytes);
    } else if (std::holds_alternative<rnode::Radio::Ready>(action)) {
      ready_by_ = Millis::never();
      tell_writable();
    }
  }
}

Status RnodeInterface::may_send(ByteView frame) {
  const Millis now = loop().now();
  const Millis held = quiet_at_ - now;
  const std::uint64_t most = kHeldFrames * full_frame_ms_;
  if (!account_.fits(airtime_ns(frame), now)) {
    writable_at_ = account_.next_room(now);
  } else if (ready_by_ != Millis::never()) {
    writable_at_ = ready_by_;
  } else if (held.count > most) {
    writable_at_ = quiet_at_ - Millis{most};
  } else {
    return {};
  }
  return fail(Errc::full, "the radio has no room, or has used up its airtime");
}

void RnodeInterface::on_sent(ByteView frame) {
  const Millis now = loop().now();
  const std::uint64_t span = airtime_ns(frame);
  quiet_at_ = std::max(quiet_at_, now) + Millis{span / kMs + 1};
  account_.book(span, now);
  if (config_.flow_control)
    ready_by_ = std::min(quiet_at_ + Millis{full_frame_ms_}, now + kReadyAtMost);
}

void RnodeInterface::on_time(Millis now) {
  if (radio_ && radio_->next_deadline() <= now) spend(radio_->on_time(now));
  if (ready_by_ <= now) ready_by_ = Millis::never();
  if (writable_at_ > now) return;
  writable_at_ = Millis::never();
  tell_writable();
}

Millis RnodeInterface::next_deadline() const {
  const Millis radio = radio_ ? radio_->next_deadline() : Millis::never();
  return std::min({radio, writable_at_, ready_by_});
}

void RnodeInterface::add_to(InterfaceStatus& status) const {
  status.bad_frames = bad_ + decoder_.counters().bad_escape + decoder_.counters().oversize;
  status.airtime_used = account_.used_share(loop().now());
  if (config_.duty_cycle < 1) status.airtime_limit = config_.duty_cycle;
}

}  // namespace

std::unique_ptr<Interface> make_rnode(Loop& loop, MediumHost& host, const RnodeConfig& config,
                                      LogSink log) {
  Expects(rnode::check(config.radio).has_value());
  return std::make_unique<RnodeInterface>(loop, host, config, std::move(log));
}

}  // namespace mehr::linux_port

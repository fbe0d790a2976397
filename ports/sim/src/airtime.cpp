#include "airtime.h"

#include <gsl/gsl>

#include "exact_math.h"
#include "mehr/l0/lora_airtime.h"
#include "mehr/sim/lora.h"

namespace mehr::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr Duration kUs915Dwell = std::chrono::milliseconds(400);
constexpr double kEu868Share = 0.01;
constexpr double kComfortDb = 6;

l0::LoraModulation modulation(const LoraRadio& radio) {
  return {radio.bandwidth_hz, static_cast<std::uint8_t>(radio.spreading_factor),
          static_cast<std::uint8_t>(radio.coding_rate),
          static_cast<std::uint16_t>(radio.preamble_symbols)};
}

Duration quarter_symbols(const LoraRadio& radio, std::uint64_t quarters) {
  return Duration(l0::lora_quarters_ns(modulation(radio), quarters));
}

double distance_of_loss(const LoraRadio& radio, double loss_db) {
  const double decades = (loss_db - radio.reference_loss_db) / (10 * radio.path_loss_exponent);
  return decades <= 0 ? 1 : exact_exp10(decades < 12 ? decades : 12);
}

bool is_between(double least, double value, double most) { return value >= least && value <= most; }

}  // namespace

// ---- Settings

Status lora_check(const LoraRadio& radio) {
  if (radio.spreading_factor < 7 || radio.spreading_factor > 12) {
    return fail(Errc::bad_value, "a LoRa spreading factor is 7 to 12");
  }
  if (radio.bandwidth_hz != 125'000 && radio.bandwidth_hz != 250'000 &&
      radio.bandwidth_hz != 500'000) {
    return fail(Errc::bad_value, "a LoRa bandwidth is 125000, 250000 or 500000 Hz");
  }
  if (radio.coding_rate < 5 || radio.coding_rate > 8) {
    return fail(Errc::bad_value, "a LoRa coding rate is 5 to 8, for 4/5 to 4/8");
  }
  if (radio.preamble_symbols < 6 || radio.preamble_symbols > 65'535) {
    return fail(Errc::bad_value, "a LoRa preamble has 6 to 65535 symbols");
  }
  if (!is_between(-50, radio.tx_power_dbm, 50)) {
    return fail(Errc::bad_value, "a LoRa transmitter has -50 to 50 dBm");
  }
  if (!is_between(1, radio.path_loss_exponent, 10)) {
    return fail(Errc::bad_value,
                "a path loss exponent is 1 to 10: 2 in free space, 2.7 to 4 in towns");
  }
  if (!is_between(0, radio.reference_loss_db, 200)) {
    return fail(Errc::bad_value, "the path loss at 1 m is 0 to 200 dB");
  }
  if (!is_between(0, radio.capture_db, 100)) {
    return fail(Errc::bad_value, "the capture threshold is 0 to 100 dB");
  }
  if (!(radio.duty_cycle > 0 && radio.duty_cycle <= 1)) {
    return fail(Errc::bad_value, "a duty cycle is a share above 0, 1 at most: 0.01 is 1 %");
  }
  return {};
}

// ---- Airtime

Duration lora_symbol(const LoraRadio& radio) { return quarter_symbols(radio, 4); }

Duration lora_preamble(const LoraRadio& radio) {
  return quarter_symbols(radio, 4 * std::uint64_t{radio.preamble_symbols} + 17);
}

Duration lora_airtime(const LoraRadio& radio, std::size_t frame_bytes) {
  return Duration(l0::lora_airtime_ns(modulation(radio), frame_bytes));
}

Duration lora_link_airtime(const LoraRadio& radio, std::size_t frame_bytes) {
  return Duration(l0::lora_body_airtime_ns(modulation(radio), frame_bytes));
}

BitsPerSecond lora_rate(const LoraRadio& radio) { return l0::lora_rate(modulation(radio)); }

Duration lora_hourly_budget(const LoraRadio& radio) {
  double share = radio.duty_cycle;
  if (radio.region == Region::eu868 && share > kEu868Share) share = kEu868Share;
  // In whole billionths, so that 1 % is 36 s and not one nanosecond less.
  return Duration{AirtimeLedger::kWindow.count() / kSecond * exact_round(share * 1e9)};
}

Duration lora_dwell_limit(const LoraRadio& radio) {
  return radio.region == Region::us915 ? kUs915Dwell : Duration::max();
}

// ---- Signals

double lora_received_dbm(const LoraRadio& radio, double metres) {
  const double far = metres <= 1 ? 0 : 10 * radio.path_loss_exponent * exact_log10(metres);
  return radio.tx_power_dbm - radio.reference_loss_db - far;
}

double lora_sensitivity_dbm(const LoraRadio& radio) {
  static constexpr std::array<std::array<double, 6>, 3> kBySpreadingFactor{{
      {-123, -126, -129, -132, -133, -136},  // 125 kHz
      {-120, -123, -125, -128, -130, -133},  // 250 kHz
      {-116, -119, -122, -125, -128, -130},  // 500 kHz
  }};
  const std::size_t row = radio.bandwidth_hz <= 125'000 ? 0 : radio.bandwidth_hz <= 250'000 ? 1 : 2;
  return gsl::at(kBySpreadingFactor[row], gsl::narrow<gsl::index>(radio.spreading_factor) - 7);
}

double lora_noise_dbm(const LoraRadio& radio) {
  return -174 + 10 * exact_log10(radio.bandwidth_hz) + 6;
}

double lora_range_m(const LoraRadio& radio) {
  return distance_of_loss(radio, radio.tx_power_dbm - lora_sensitivity_dbm(radio));
}

double lora_comfortable_range_m(const LoraRadio& radio) {
  return distance_of_loss(radio, radio.tx_power_dbm - lora_sensitivity_dbm(radio) - kComfortDb);
}

// ---- The hour

Instant AirtimeLedger::earliest(Instant now, Duration span) {
  Expects(span <= budget_);
  if (budget_ >= kWindow) return now;
  while (!spoken_.empty() && spoken_.front().begin + spoken_.front().span + kWindow <= now) {
    total_ -= spoken_.front().span;
    spoken_.pop_front();
  }
  // A window is fullest when it ends with the new transmission. So much of the oldest must have
  // left it by then:
  Duration excess = total_ - (budget_ - span);
  if (excess <= Duration{0}) return now;
  for (const Spoken& old : spoken_) {
    if (excess <= old.span) return std::max(now, old.begin + excess + kWindow - span);
    excess -= old.span;
  }
  Ensures(false);  // all of it together is no more than total_
  return now;
}

void AirtimeLedger::add(Instant begin, Duration span) {
  if (budget_ >= kWindow) return;
  Expects(spoken_.empty() || spoken_.back().begin + spoken_.back().span <= begin);
  spoken_.push_back({begin, span});
  total_ += span;
}

void AirtimeLedger::cut_short(Instant end) {
  if (spoken_.empty()) return;
  Spoken& last = spoken_.back();
  const Duration unused = last.begin + last.span - end;
  Expects(unused >= Duration{0} && unused <= last.span);
  last.span -= unused;
  total_ -= unused;
}

}  // namespace mehr::sim

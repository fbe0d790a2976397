#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "mehr/sim/lora.h"

namespace {

using namespace std::chrono_literals;
using mehr::BitsPerSecond;
using mehr::Errc;
using mehr::sim::Duration;
using mehr::sim::lora_airtime;
using mehr::sim::lora_check;
using mehr::sim::lora_link_airtime;
using mehr::sim::LoraRadio;
using mehr::sim::Region;

LoraRadio radio(unsigned factor, std::uint32_t bandwidth = 125'000, unsigned coding = 5,
                unsigned preamble = 8) {
  LoraRadio out;
  out.spreading_factor = factor;
  out.bandwidth_hz = bandwidth;
  out.coding_rate = coding;
  out.preamble_symbols = preamble;
  return out;
}

// AN1200.13 as it is printed, in floating point.
double printed_formula_ms(const LoraRadio& r, std::size_t bytes) {
  const double factor = r.spreading_factor;
  const double symbol = std::pow(2, factor) / r.bandwidth_hz * 1000;
  const double optimised = symbol > 16 ? 1 : 0;
  const double blocks = std::ceil((8 * static_cast<double>(bytes) - 4 * factor + 28 + 16) /
                                  (4 * (factor - 2 * optimised)));
  const double payload = 8 + std::max(blocks * r.coding_rate, 0.0);
  return (r.preamble_symbols + 4.25 + payload) * symbol;
}

}  // namespace

TEST_CASE("sim lora: airtime is what Semtech's calculator says", "[sim][lora]") {
  // Ten bytes, 125 kHz, 4/5, eight symbols of preamble: the row of every published table.
  CHECK(lora_airtime(radio(7), 10) == 41'216us);
  CHECK(lora_airtime(radio(8), 10) == 72'192us);
  CHECK(lora_airtime(radio(9), 10) == 144'384us);
  CHECK(lora_airtime(radio(10), 10) == 288'768us);
  CHECK(lora_airtime(radio(11), 10) == 577'536us);
  CHECK(lora_airtime(radio(12), 10) == 991'232us);
  CHECK(lora_airtime(radio(12), 51) == 2'465'792us);
  CHECK(lora_airtime(radio(7), 255) == 399'616us);
  CHECK(lora_airtime(radio(8), 255) == 707'072us);
  CHECK(lora_airtime(radio(7, 500'000, 8), 10) == 13'376us);
  CHECK(lora_airtime(radio(7, 125'000, 5, 12), 10) == 45'312us);
  // 16.384 ms a symbol is optimised, 8.192 ms is not.
  CHECK(lora_airtime(radio(12, 250'000), 10) == 495'616us);
  CHECK(lora_airtime(radio(11, 250'000), 10) == 247'808us);
  CHECK(lora_airtime(radio(12, 500'000), 10) == 247'808us);
}

TEST_CASE("sim lora: airtime is the printed formula for every setting", "[sim][lora]") {
  for (unsigned factor = 7; factor <= 12; ++factor) {
    for (const std::uint32_t bandwidth : {125'000U, 250'000U, 500'000U}) {
      for (unsigned coding = 5; coding <= 8; ++coding) {
        const LoraRadio r = radio(factor, bandwidth, coding, 6 + coding);
        for (std::size_t bytes = 1; bytes <= 255; ++bytes) {
          const double ms = static_cast<double>(lora_airtime(r, bytes).count()) / 1e6;
          if (std::abs(ms - printed_formula_ms(r, bytes)) > 1e-6) {
            FAIL("SF" << factor << " " << bandwidth << " Hz 4/" << coding << ", " << bytes
                      << " bytes: " << ms << " ms");
          }
        }
      }
    }
  }
  CHECK(mehr::sim::lora_symbol(radio(8)) == 2'048us);
  CHECK(mehr::sim::lora_preamble(radio(8)) == 25'088us);
}

TEST_CASE("sim lora: a link frame is one radio frame, or two", "[sim][lora]") {
  CHECK(lora_link_airtime(radio(8), 1) == lora_airtime(radio(8), 2));
  CHECK(lora_link_airtime(radio(8), 254) == 707'072us);
  CHECK(lora_link_airtime(radio(8), 255) == 707'072us + 51'712us);
  CHECK(lora_link_airtime(radio(8), 508) == 1'414'144us);
  // 4,064 bits in 1.414144 s.
  CHECK(mehr::sim::lora_rate(radio(8)) == BitsPerSecond{2'873});
}

TEST_CASE("sim lora: the rules of the air in figures", "[sim][lora]") {
  LoraRadio r = radio(8);
  CHECK(mehr::sim::lora_hourly_budget(r) == 36s);
  r.duty_cycle = 1;
  CHECK(mehr::sim::lora_hourly_budget(r) == 36s);
  r.duty_cycle = 0.001;
  CHECK(mehr::sim::lora_hourly_budget(r) == 3'600ms);
  r.region = Region::unlimited;
  r.duty_cycle = 0.1;
  CHECK(mehr::sim::lora_hourly_budget(r) == 360s);
  CHECK(mehr::sim::lora_dwell_limit(r) == Duration::max());
  r.region = Region::us915;
  CHECK(mehr::sim::lora_dwell_limit(r) == 400ms);
}

TEST_CASE("sim lora: signals, sensitivity and range", "[sim][lora]") {
  const LoraRadio r = radio(8);
  CHECK(mehr::sim::lora_received_dbm(r, 0) == -26);
  CHECK(mehr::sim::lora_received_dbm(r, 1) == -26);
  CHECK(mehr::sim::lora_received_dbm(r, 10) == Approx(-55).epsilon(1e-12));
  CHECK(mehr::sim::lora_received_dbm(r, 1000) == Approx(-113).epsilon(1e-12));
  CHECK(mehr::sim::lora_sensitivity_dbm(radio(7)) == -123);
  CHECK(mehr::sim::lora_sensitivity_dbm(r) == -126);
  CHECK(mehr::sim::lora_sensitivity_dbm(radio(12)) == -136);
  CHECK(mehr::sim::lora_sensitivity_dbm(radio(10, 250'000)) == -128);
  CHECK(mehr::sim::lora_sensitivity_dbm(radio(12, 500'000)) == -130);
  CHECK(mehr::sim::lora_noise_dbm(r) == Approx(-117.0309).epsilon(1e-6));
  // 100 dB of path at 29 dB a decade, and 94 dB.
  CHECK(mehr::sim::lora_range_m(r) == Approx(2'807.2).epsilon(1e-4));
  CHECK(mehr::sim::lora_comfortable_range_m(r) == Approx(1'743.3).epsilon(1e-4));
  CHECK(2 * mehr::sim::lora_comfortable_range_m(r) > mehr::sim::lora_range_m(r));
}

TEST_CASE("sim lora: a radio that cannot be is told why", "[sim][lora]") {
  const auto said = [](const LoraRadio& r) {
    const mehr::Status checked = lora_check(r);
    return checked ? std::string{} : std::string{checked.error().text};
  };
  const auto with = [](auto change) {
    LoraRadio r;
    change(r);
    return r;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(said(LoraRadio{}).empty());
  CHECK(said(radio(6)).find("7 to 12") != std::string::npos);
  CHECK(said(radio(13)).find("7 to 12") != std::string::npos);
  CHECK(said(radio(8, 62'500)).find("125000, 250000 or 500000") != std::string::npos);
  CHECK(said(radio(8, 125'000, 4)).find("5 to 8") != std::string::npos);
  CHECK(said(radio(8, 125'000, 5, 5)).find("6 to 65535") != std::string::npos);
  CHECK(said(with([&](LoraRadio& r) { r.tx_power_dbm = nan; })).find("dBm") != std::string::npos);
  CHECK(said(with([](LoraRadio& r) { r.path_loss_exponent = 0; })).find("exponent") !=
        std::string::npos);
  CHECK(said(with([](LoraRadio& r) { r.reference_loss_db = -1; })).find("at 1 m") !=
        std::string::npos);
  CHECK(said(with([](LoraRadio& r) { r.capture_db = -1; })).find("capture") != std::string::npos);
  CHECK(said(with([](LoraRadio& r) { r.duty_cycle = 0; })).find("duty") != std::string::npos);
  CHECK(said(with([&](LoraRadio& r) { r.duty_cycle = nan; })).find("duty") != std::string::npos);
  CHECK(lora_check(radio(6)).error().code == Errc::bad_value);
}
